//! The running simulator: one listener for every host of Genesys, the org behind its lock, and
//! what is on its way out.

use std::collections::BTreeMap;
use std::io;
use std::mem::take;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use crate::channels::{self, Channels};
use crate::configuration::{Configuration, OauthClient};
use crate::delivery::{RETRIES, Sender};
use crate::emissions::WebhookTarget;
use crate::event_posts::EventPoster;
use crate::faults::FaultPlan;
use crate::locked::Locked;
use crate::oauth::{self, Tokens};
use crate::org::{Integration, Org, OrgRefusal, OrgSeed, OrgSettings};
use crate::pace::Pace;
use crate::pictures::{self, Pictures};
use crate::platform::counters::Counters;
use crate::platform::request_log::RequestLog;
use crate::sending::Ledger;
use crate::webhook_lanes::WebhookLanes;
use crate::{control, fault_control, platform};

/// Below this a life cannot fall at any pace: who asked has to have time to use what it got.
const LIFE_FLOOR: Duration = Duration::from_secs(1);
/// How often is looked for what has expired, at Genesys' pace.
const EXPIRY_CHECK: Duration = Duration::from_secs(10);
/// The bounds of the real time between two such looks.
const EXPIRY_CHECK_BOUNDS: (Duration, Duration) =
    (Duration::from_millis(20), Duration::from_secs(1));
/// Genesys takes no secret of 15 characters or fewer (Genesys reference 2.1).
pub(crate) const LONGEST_REFUSED_SECRET: usize = 15;

/// Why the simulator did not start, or stopped.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The webhook URL, or the URL of an event target, cannot be used.
    #[error(
        "the URL {url:?} cannot be posted to: {reason}; \
         give one such as http://127.0.0.1:8080/webhooks/genesys/account/project/live/events"
    )]
    WebhookUrl {
        /// The URL as configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Genesys would not take the signature secret.
    #[error(
        "the signature secret has {length} characters; \
         Genesys takes none below 16, so give a longer one"
    )]
    SecretTooShort {
        /// The number of characters.
        length: usize,
    },
    /// The time scale gives no length of time.
    #[error(
        "the time scale {time_scale} cannot be used; \
         give 1.0 for Genesys' pace, or a smaller number from 0.0 for a faster one"
    )]
    TimeScale {
        /// The scale as configured.
        time_scale: f64,
    },
    /// One of the extra headers, or the header of an API key, cannot be sent.
    #[error("the header {name:?} cannot be sent: {reason}; change or remove it")]
    WebhookHeader {
        /// The header's name. Its value may be a credential and is not shown.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Receivers at `https` could not be told from anybody else.
    #[error("webhooks cannot be sent over https")]
    Tls(#[from] baton_tls::TlsError),
    /// The address of the control API cannot be had.
    #[error("the control API cannot listen on {address}; is another simulator running there?")]
    Bind {
        /// The address as configured.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The listener of the control API failed.
    #[error("the control API stopped because its listener failed")]
    Serve(#[source] io::Error),
}

/// Serves everything on `listener` until `shutdown` is done, then stops: open requests are
/// answered, sockets are closed, deliveries under way are dropped and stay `pending`, and no task
/// is left behind.
///
/// # Errors
///
/// [`SimulatorError`] if the configuration cannot be used or the listener fails.
pub async fn serve(
    listener: TcpListener,
    configuration: Configuration,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SimulatorError> {
    let stop = Arc::new(watch::Sender::new(false));
    let address = listener.local_addr().map_err(SimulatorError::Serve)?;
    let simulator = Simulator::new(configuration, address, stop.clone())?;
    if !address.ip().is_loopback() && simulator.configuration.control_token.is_none() {
        warn!(%address, "the control API asks for no credential and is not on loopback");
    }
    info!(%address, configuration = ?simulator.configuration, "the simulator is ready");
    simulator.clone().spawn(async |simulator| simulator.run_org_clock().await);
    simulator.clone().spawn(async |simulator| simulator.run_expiry().await);

    let stopping = stop.clone();
    axum::serve(listener, routes(simulator))
        .with_graceful_shutdown(async move {
            shutdown.await;
            stopping.send_replace(true);
        })
        .await
        .map_err(SimulatorError::Serve)?;
    // Each task holds a receiver: when the last one is gone, so are the tasks.
    stop.closed().await;
    Ok(())
}

/// What Genesys spreads over several hosts, and the control API.
fn routes(simulator: Simulator) -> Router {
    Router::new()
        .merge(oauth::router(simulator.clone()))
        .merge(platform::router(simulator.clone()))
        .merge(channels::socket::router(simulator.clone()))
        .merge(fault_control::router(simulator.clone()))
        .merge(pictures::router())
        .merge(control::router(simulator))
}

/// What every request shares.
#[derive(Clone)]
pub(crate) struct Simulator {
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) oauth_clients: Arc<[Arc<OauthClient>]>,
    pub(crate) event_posters: Arc<[EventPoster]>,
    pub(crate) pace: Pace,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) tokens: Locked<Tokens>,
    pub(crate) channels: Locked<Channels>,
    pub(crate) faults: Locked<FaultPlan>,
    pub(crate) counters: Locked<Counters>,
    pub(crate) requests: Locked<RequestLog>,
    pub(crate) webhook_targets: Locked<BTreeMap<String, WebhookTarget>>,
    pub(crate) webhook_lanes: Locked<WebhookLanes>,
    org: Locked<Org>,
    pub(crate) pictures: Pictures,
    org_changed: Arc<Notify>,
    pub(crate) sender: Sender,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// How many requests were told of.
    pub(crate) last_request: Arc<AtomicU64>,
    pub(crate) stop: Arc<watch::Sender<bool>>,
}

impl Simulator {
    fn new(
        configuration: Configuration,
        address: SocketAddr,
        stop: Arc<watch::Sender<bool>>,
    ) -> Result<Self, SimulatorError> {
        let length = configuration.signature_secret.chars().count();
        if length <= LONGEST_REFUSED_SECRET {
            return Err(SimulatorError::SecretTooShort { length });
        }
        let pace = Pace::new(configuration.time_scale)?;
        let sender = Sender::new(&configuration)?;
        let event_posters = configuration
            .event_targets
            .iter()
            .map(|target| EventPoster::new(target, pace, configuration.authorities.as_ref()))
            .collect::<Result<_, _>>()?;
        let webhook_target = WebhookTarget {
            sender: sender.clone(),
            headers: configuration.webhook_headers.clone(),
            secret: configuration.signature_secret.clone(),
        };
        let webhook_targets =
            BTreeMap::from([(configuration.integration_id.clone(), webhook_target)]);
        let life = |life| pace.scaled_above(LIFE_FLOOR, life);
        let pictures = match configuration.serves_pictures {
            true => Pictures::Here(address),
            false => Pictures::Nowhere,
        };
        Ok(Self {
            oauth_clients: configuration.oauth_clients.iter().cloned().map(Arc::new).collect(),
            event_posters,
            pace,
            ledger: Arc::default(),
            tokens: Locked::new(Tokens::new(life(oauth::LIFE))),
            channels: Locked::new(Channels::new(life(channels::LIFE))),
            faults: Locked::new(FaultPlan::default()),
            counters: Locked::new(Counters::default()),
            requests: Locked::new(RequestLog::default()),
            webhook_targets: Locked::new(webhook_targets),
            webhook_lanes: Locked::new(WebhookLanes::default()),
            org: Locked::new(org(&configuration, pictures)),
            pictures,
            org_changed: Arc::default(),
            sender,
            address,
            last_request: Arc::default(),
            stop,
            configuration: Arc::new(configuration),
        })
    }

    /// A sender of webhooks to this URL, with these headers too.
    ///
    /// # Errors
    ///
    /// [`SimulatorError`] if the URL or a header cannot be used.
    pub(crate) fn sender_to(
        &self,
        url: &str,
        headers: &BTreeMap<String, String>,
    ) -> Result<Sender, SimulatorError> {
        Sender::to(url, headers, RETRIES, self.pace, self.configuration.authorities.as_ref())
    }

    /// Lets `change` change the org, and sends what comes of it its ways, in order.
    ///
    /// It never waits. `change` must not call the simulator.
    pub(crate) fn with_org<T>(&self, change: impl FnOnce(&mut Org, Timestamp) -> T) -> T {
        let changed = self.org.with(|org| self.change(org, change));
        self.org_changed.notify_one();
        changed
    }

    /// Asks the org something that changes nothing.
    pub(crate) fn ask_org<T>(&self, question: impl FnOnce(&Org) -> T) -> T {
        self.org.with(|org| question(org))
    }

    fn change<T>(&self, org: &mut Org, change: impl FnOnce(&mut Org, Timestamp) -> T) -> T {
        let changed = change(org, Timestamp::now());
        for emission in org.take_emissions() {
            self.emit(org.organization_id(), emission);
        }
        changed
    }

    /// Adds an integration to the org, or replaces it: its webhooks go to `target`.
    pub(crate) fn put_integration(
        &self,
        integration: Integration,
        target: WebhookTarget,
    ) -> Result<Value, OrgRefusal> {
        let id = integration.id.clone();
        self.webhook_targets.with(|targets| targets.insert(id.clone(), target));
        self.with_org(|org, _now| {
            org.put_integration(integration);
            org.integration(&id)
        })
    }

    /// Revokes the tokens of one OAuth client, or of all, and ends their channels: how many
    /// tokens there were.
    pub(crate) fn revoke_tokens(&self, client_id: Option<&str>) -> usize {
        let revoked = self.tokens.with(|tokens| tokens.revoke(client_id));
        self.channels.with(|channels| channels.revoke(&revoked));
        revoked.len()
    }

    /// Waits this long, or until the simulator stops.
    pub(crate) async fn sleep(&self, duration: Duration) {
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = self.stopped() => {}
        }
    }

    /// Waits until the simulator stops.
    pub(crate) async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as the simulator: an error cannot come.
        let _stopped = stop.wait_for(|stopped| *stopped).await;
    }

    /// Runs `task` until it ends or the simulator stops.
    fn spawn<F>(self, task: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut stop = self.stop.subscribe();
        let task = task(self);
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    /// Lets happen by itself in the org what is due.
    async fn run_org_clock(self) {
        loop {
            let due = self.ask_org(Org::next_due);
            match due {
                Some(due) => {
                    let wait = Timestamp::now().duration_until(due);
                    let wait = Duration::try_from(wait).unwrap_or(Duration::ZERO);
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {
                            self.org.with(|org| self.change(org, Org::advance));
                        }
                        () = self.org_changed.notified() => {}
                    }
                }
                None => self.org_changed.notified().await,
            }
        }
    }

    /// Ends tokens and channels when their time has come.
    async fn run_expiry(self) {
        let (shortest, longest) = EXPIRY_CHECK_BOUNDS;
        let period = self.pace.scaled(EXPIRY_CHECK).clamp(shortest, longest);
        loop {
            tokio::time::sleep(period).await;
            let now = Timestamp::now();
            let expired = self.tokens.with(|tokens| tokens.expire(now));
            self.channels.with(|channels| {
                channels.close_for_expired_tokens(&expired);
                channels.expire(now);
            });
        }
    }
}

/// The org of this configuration, before the first message.
fn org(configuration: &Configuration, pictures: Pictures) -> Org {
    let Configuration { integration_id, integration_name, webhook_url, .. } = configuration;
    let integration = Integration {
        webhook_header_names: configuration.webhook_headers.keys().cloned().collect(),
        ..Integration::new(integration_id, integration_name, webhook_url, Timestamp::now())
    };
    let settings = OrgSettings::at_pace(configuration.time_scale);
    let mut seed = OrgSeed::with_integration(integration);
    for address in seed.users.iter_mut().flat_map(|user| user.pictures.values_mut()) {
        *address = pictures.told_in(take(address));
    }
    Org::new(seed, settings)
}
