//! The assembly: what runs, what it shares, and how it stops.

use std::{error::Error, io, sync::Arc, time::Duration};

use axum::Router;
use baton_chat::{AccessTokens, Chat, Connector, Limits};
use baton_genesys::{Pace, TlsError};
use baton_handoff::Rules;
use baton_process::{Clock, Random, RandomError, Shutdown, shutdown};
use baton_store::{Store, StoreError};
use tokio::{net::TcpListener, sync::Notify, task::JoinError, time::timeout};

use crate::{
    actor::ActorMessage,
    cause::Chain,
    configuration::{Configuration, Tenant},
    descriptors,
    directory::Directory,
    dispatcher::Dispatcher,
    internal::{Internal, intakes},
    link::Links,
    links::Making,
    listener::BoundedListener,
    live_sessions::LiveSessions,
    receipts::Receipts,
    registry::{Registry, Surroundings, places},
    server::{Terms, serve},
    tenant_check,
};

/// How long an actor without connections and messages stays.
const ACTOR_IDLE: Duration = Duration::from_secs(30);

/// How long the edge may leave a connection unused: longer than Envoy does by itself (1 h), so
/// that no delivery is sent into a connection that is just being closed.
const INTERNAL_IDLE: Duration = Duration::from_secs(65 * 60);

/// How long each of the two steps of stopping may take: a process is usually killed after 10 s.
const STOPPING: Duration = Duration::from_secs(4);

/// How many sessions are read at a time when the process starts.
const RESUMED_AT_ONCE: usize = 64;

/// When to read them again after a failure.
const RESUME_AGAIN: Duration = Duration::from_secs(1);

/// Why a sidecar stopped that was not told to, or did not stop well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No key for access tokens could be made.
    #[error("the sidecar cannot make a key for access tokens")]
    Random(#[from] RandomError),
    /// The store failed while starting or while closing.
    #[error("the sidecar cannot {doing} its store")]
    Store {
        /// What was tried, such as `close`.
        doing: &'static str,
        /// The store's reason.
        source: StoreError,
    },
    /// Nobody brings deliveries to their sessions any more.
    #[error("the dispatcher of deliveries stopped; start the sidecar again")]
    Dispatcher {
        /// The reason.
        source: io::Error,
    },
    /// This machine cannot speak with Genesys at all.
    #[error("the sidecar cannot speak with Genesys from this machine")]
    Genesys(#[from] TlsError),
    /// A listener failed.
    #[error("the {listener} listener stopped; start the sidecar again")]
    Listener {
        /// Which one: `chat` or `internal`.
        listener: &'static str,
        /// The reason.
        source: io::Error,
    },
}

/// A sidecar that is not running yet.
#[derive(Debug)]
pub struct Sidecar {
    configuration: Configuration,
    store: Store,
    clock: Clock,
    random: Random,
    limits: Limits,
    pacing: Pacing,
}

/// How long things take in what the sidecar does with Genesys. The default is the real one; a
/// simulator whose time runs faster is met with [`Pacing::scaled`].
#[derive(Clone, Debug)]
pub struct Pacing {
    pub(crate) pace: Pace,
    pub(crate) rules: Rules,
    /// What lies between two words to the agent that the user types.
    pub(crate) typing: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { pace: Pace::default(), rules: Rules::default(), typing: Duration::from_secs(5) }
    }
}

impl Pacing {
    /// Every duration multiplied by `factor`, which is more than 0.
    pub fn scaled(factor: f64) -> Self {
        let Self { rules, typing, .. } = Self::default();
        let typing = Duration::try_from_secs_f64(typing.as_secs_f64() * factor).unwrap_or(typing);
        Self { pace: Pace::scaled(factor), rules: rules.scaled(factor), typing }
    }
}

impl Sidecar {
    /// A sidecar with this configuration and this store, on the system's clock and randomness.
    pub fn new(configuration: Configuration, store: Store) -> Self {
        let (clock, random) = (Clock::system(), Random::system());
        let (limits, pacing) = (Limits::default(), Pacing::default());
        Self { configuration, store, clock, random, limits, pacing }
    }

    /// Takes the time from this clock.
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Takes chance from this source.
    pub fn with_random(self, random: Random) -> Self {
        Self { random, ..self }
    }

    /// Takes these limits for how long things may take.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Takes these durations in what it does with Genesys.
    pub fn with_pacing(self, pacing: Pacing) -> Self {
        Self { pacing, ..self }
    }

    /// Serves until `stop` returns, then stops: sockets are closed with 1012, so that clients
    /// come again, deliveries on their way in are finished, and the store is closed.
    ///
    /// # Errors
    ///
    /// If the store cannot be used, or a listener or the dispatcher ends by itself.
    pub async fn run(
        self,
        chat: TcpListener,
        internal: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let (trigger, shutdown) = shutdown();
        let (store, limits) = (self.store.clone(), self.limits);
        let most = descriptors::most_connections();
        let parts = self.assemble(&shutdown).await?;
        let mut dispatcher = tokio::spawn(parts.dispatcher.run());
        tokio::spawn(parts.receipts.run());
        tokio::spawn(tenant_check::check(parts.links, shutdown.clone()));
        tokio::spawn(resume(store.clone(), parts.registry));
        let terms = Terms { head: limits.request, farewell: limits.farewell, reuse: false };
        let chat = BoundedListener::new(chat, most.chat);
        let mut chat = tokio::spawn(serve(chat, parts.chat, terms, shutdown.clone()));
        let terms = Terms { head: INTERNAL_IDLE, farewell: limits.farewell, reuse: true };
        let internal = BoundedListener::new(internal, most.internal);
        let mut internal = tokio::spawn(serve(internal, parts.internal, terms, shutdown));

        let failed = tokio::select! {
            () = stop => None,
            ended = &mut chat => Some(listener_failure("chat", ended)),
            ended = &mut internal => Some(listener_failure("internal", ended)),
            ended = &mut dispatcher => Some(RunError::Dispatcher { source: reason(ended) }),
        };
        trigger.begin();
        // Every task holds a part of the shutdown until it is done.
        if timeout(STOPPING, trigger.finished()).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut off");
            dispatcher.abort();
        }
        let closed = timeout(STOPPING, store.close()).await.unwrap_or_else(|_| {
            tracing::warn!("the store did not close in time and is left");
            Ok(())
        });
        if let Some(failed) = failed {
            return Err(failed);
        }
        closed.map_err(|source| RunError::Store { doing: "close", source })
    }

    async fn assemble(self, shutdown: &Shutdown) -> Result<Parts, RunError> {
        let Self { configuration, store, clock, random, limits, pacing } = self;
        let key = store
            .key("access-token", random.bytes()?)
            .await
            .map_err(|source| RunError::Store { doing: "read the token key from", source })?;
        let making = Making {
            store: &store,
            random: &random,
            shutdown,
            pacing: &pacing,
            most_channels: configuration.channels_per_client,
        };
        let links = making.links(&configuration.tenants)?;
        let directory =
            Arc::new(Directory::new(store.clone(), &configuration.tenants, links.clone()));
        let queued = Arc::new(Notify::new());
        let surroundings = Arc::new(Surroundings {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            links: links.clone(),
            receipts: Arc::clone(&queued),
            typing_pause: pacing.typing,
            limits,
            idle: ACTOR_IDLE,
            places: places(),
        });
        let registry = Registry::new(Arc::clone(&surroundings), shutdown.clone());
        let arrived = Arc::new(Notify::new());
        let dispatcher = Dispatcher {
            directory: Arc::clone(&directory),
            registry: registry.clone(),
            arrived: Arc::clone(&arrived),
            links: links.clone(),
            receipts: Arc::clone(&queued),
            shutdown: shutdown.clone(),
        };
        let receipts = Receipts {
            store: store.clone(),
            links: links.clone(),
            clock: clock.clone(),
            queued,
            shutdown: shutdown.clone(),
        };
        let internal = Internal {
            directory: Arc::clone(&directory),
            registry: registry.clone(),
            clock: clock.clone(),
            limits,
            delivery_credentials: configuration.delivery_credentials,
            admin_credentials: configuration.admin_credentials,
            arrived,
            intakes: intakes(),
            links: links.clone(),
        };
        let chat = Chat {
            connectors: configuration.tenants.into_iter().map(connector).collect(),
            access_tokens: AccessTokens::new(&key),
            sessions: LiveSessions { registry: registry.clone(), surroundings, directory },
            store,
            clock,
            random,
            limits,
            shutdown: shutdown.clone(),
        };
        let (chat, internal) = (chat.router(), internal.router());
        Ok(Parts { dispatcher, receipts, links, registry, chat, internal })
    }
}

/// What runs.
struct Parts {
    dispatcher: Dispatcher,
    receipts: Receipts,
    links: Links,
    registry: Registry,
    chat: Router,
    internal: Router,
}

/// Starts the actors of the sessions in which a handoff goes on, or something waits for Genesys.
async fn resume(store: Store, registry: Registry) {
    let mut after = None;
    loop {
        let page = match store.sessions_with_work(after.clone(), RESUMED_AT_ONCE).await {
            Ok(page) => page,
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(error = %Chain(&error), "open handoffs have to wait");
                tokio::time::sleep(RESUME_AGAIN).await;
                continue;
            }
        };
        for session_id in &page {
            let Some(actor) = registry.actor(session_id) else { return };
            // One that is gone already had nothing left to do.
            let _ = actor.send(ActorMessage::Resume).await;
        }
        match page.into_iter().last() {
            Some(last) => after = Some(last),
            None => return,
        }
    }
}

fn connector(tenant: Tenant) -> Connector {
    Connector { tenant: tenant.key, tokens: tenant.connector_tokens, hosts: tenant.hosts }
}

fn listener_failure(listener: &'static str, ended: Result<(), JoinError>) -> RunError {
    RunError::Listener { listener, source: reason(ended.map(Ok::<(), io::Error>)) }
}

/// Why a task ended that never ends by itself.
fn reason<E: Error + Send + Sync + 'static>(ended: Result<Result<(), E>, JoinError>) -> io::Error {
    match ended {
        Ok(Err(error)) => io::Error::other(error),
        Ok(Ok(())) => io::Error::other("it ended by itself"),
        Err(error) => io::Error::other(error),
    }
}
