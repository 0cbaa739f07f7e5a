//! The assembly: what runs, what it shares, and how it stops.

use std::{sync::Arc, time::Duration};

use axum::Router;
use baton_application::{Application, ContextLinks, WebhookSender};
use baton_chat::{AccessTokens, Admission, Allowance, Chat, Connector, Limits, Passing};
use baton_process::{Clock, Random, Shutdown, shutdown};
use baton_store::{Store, StoreError};
use futures_util::future::OptionFuture;
use tokio::{net::TcpListener, sync::Notify, time::timeout};

use crate::{
    actor::ActorMessage,
    application_sessions::{destinations, doors},
    bots::bots,
    cause::Chain,
    configuration::{Configuration, Tenant},
    descriptors::{MostConnections, most_connections},
    directory::Directory,
    dispatcher::Dispatcher,
    edge::{Edge, edges},
    internal::{Internal, intakes},
    link::Links,
    links::Making,
    listener::BoundedListener,
    live_sessions::LiveSessions,
    pacing::Pacing,
    receipts::Receipts,
    registry::{Registry, Surroundings, places},
    run_error::{RunError, listener_failure, reason},
    server::{Terms, serve},
    signing_keys::{ACCESS_TOKEN, CONTEXT_LINK, SigningKeyError, SigningKeys},
    sweeper::Sweeper,
    tenant_check,
    webhooks::{Sending, Webhooks},
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

/// A sidecar that is not running yet.
#[derive(Debug)]
pub struct Sidecar {
    configuration: Configuration,
    store: Store,
    clock: Clock,
    random: Random,
    limits: Limits,
    pacing: Pacing,
    application: Option<TcpListener>,
    edge: Option<TcpListener>,
    passing: Passing,
}

impl Sidecar {
    /// A sidecar with this configuration and this store, on the system's clock and randomness.
    pub fn new(configuration: Configuration, store: Store) -> Self {
        let (clock, random) = (Clock::system(), Random::system());
        let (limits, pacing) = (Limits::default(), Pacing::default());
        let (application, edge) = (None, None);
        let passing = Passing::new();
        Self { configuration, store, clock, random, limits, pacing, application, edge, passing }
    }

    /// What passes through its chats and stands in no log, for whoever wants to watch: listen
    /// before it runs.
    pub fn passing(&self) -> &Passing {
        &self.passing
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

    /// Serves the API for applications on this listener too.
    pub fn with_application(self, listener: TcpListener) -> Self {
        Self { application: Some(listener), ..self }
    }

    /// Takes webhooks on this listener too: the edge in this process.
    pub fn with_edge(self, listener: TcpListener) -> Self {
        Self { edge: Some(listener), ..self }
    }

    /// Serves until `stop` returns, then stops: sockets are closed with 1012, so that clients
    /// come again, deliveries on their way in are finished, and the store is closed.
    ///
    /// # Errors
    ///
    /// If the store cannot be used, or a listener or the dispatcher ends by itself.
    pub async fn run(
        mut self,
        chat: TcpListener,
        internal: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let (trigger, shutdown) = shutdown();
        let (application, edge) = (self.application.take(), self.edge.take());
        let (store, limits) = (self.store.clone(), self.limits);
        let most = most_connections(self.configuration.chat_allowance.most_sockets);
        let parts = self.assemble(&most, &shutdown).await?;
        let mut dispatcher = tokio::spawn(parts.dispatcher.run());
        tokio::spawn(parts.receipts.run());
        tokio::spawn(parts.sweeper.run());
        tokio::spawn(tenant_check::check(parts.links, shutdown.clone()));
        tokio::spawn(resume(store.clone(), parts.registry));
        let tokens = parts.access_tokens;
        let change = move |newest: &_, older: &[_]| tokens.change_keys(newest, older);
        tokio::spawn(parts.token_keys.keep(change, shutdown.clone()));
        if let Some((keys, links)) = parts.context_links {
            let change = move |newest: &_, older: &[_]| links.change_keys(newest, older);
            tokio::spawn(keys.keep(change, shutdown.clone()));
        }
        for sender in parts.senders {
            tokio::spawn(sender.run());
        }
        let terms = Terms { head: limits.request, farewell: limits.farewell, reuse: false };
        let chat = BoundedListener::new(chat, most.chat, limits.write);
        let mut chat = tokio::spawn(serve(chat, parts.chat, terms, shutdown.clone()));
        let terms = Terms { head: limits.request, farewell: limits.farewell, reuse: true };
        let mut application = application.map(|listener| {
            let listener = BoundedListener::new(listener, most.application, limits.write);
            tokio::spawn(serve(listener, parts.application, terms, shutdown.clone()))
        });
        let mut edge = edge.map(|listener| {
            let listener = BoundedListener::new(listener, most.edge, limits.write);
            tokio::spawn(serve(listener, parts.edge, terms, shutdown.clone()))
        });
        let terms = Terms { head: INTERNAL_IDLE, farewell: limits.farewell, reuse: true };
        let internal = BoundedListener::new(internal, most.internal, limits.write);
        let mut internal = tokio::spawn(serve(internal, parts.internal, terms, shutdown));

        let failed = tokio::select! {
            () = stop => None,
            ended = &mut chat => Some(listener_failure("chat", ended)),
            ended = &mut internal => Some(listener_failure("internal", ended)),
            Some(ended) = OptionFuture::from(application.as_mut()) => {
                Some(listener_failure("application", ended))
            }
            Some(ended) = OptionFuture::from(edge.as_mut()) => {
                Some(listener_failure("edge", ended))
            }
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

    async fn assemble(
        self,
        most: &MostConnections,
        shutdown: &Shutdown,
    ) -> Result<Parts, RunError> {
        let Self { configuration, store, clock, random, limits, pacing, passing, .. } = self;
        let keys = |name| SigningKeys {
            name,
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let token_keys = keys(ACCESS_TOKEN);
        let (newest, older) = token_keys.current().await?;
        let access_tokens = AccessTokens::new(&newest, &older);
        let context_links = match &configuration.application.public_url {
            Some(url) => Some(context_links(keys(CONTEXT_LINK), url, &configuration).await?),
            None => None,
        };
        let frame_ancestors = configuration.frame_ancestors();
        let webhooks = Webhooks::new(&configuration.tenants);
        let senders = webhooks.senders(&Sending {
            store: &store,
            clock: &clock,
            pace: &pacing.webhooks,
            shutdown,
        })?;
        let making = Making {
            store: &store,
            random: &random,
            shutdown,
            pacing: &pacing,
            most_channels: configuration.channels_per_client,
        };
        let links = making.links(&configuration.tenants)?;
        let bots = bots(&configuration.tenants, &pacing.bot, &random)?;
        let directory =
            Arc::new(Directory::new(store.clone(), &configuration.tenants, links.clone()));
        let queued = Arc::new(Notify::new());
        let surroundings = Arc::new(Surroundings {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            links: links.clone(),
            bots,
            webhooks,
            context_links: context_links.as_ref().map(|(_, links)| links.clone()),
            receipts: Arc::clone(&queued),
            passing,
            typing_pause: pacing.typing,
            thinking_pause: pacing.thinking,
            limits,
            sessions: configuration.sessions.clone(),
            started_at: clock.now(),
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
        let sweeper = Sweeper {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            options: configuration.sessions,
            every: pacing.sweeps,
            shutdown: shutdown.clone(),
        };
        let internal = Internal {
            directory: Arc::clone(&directory),
            registry: registry.clone(),
            clock: clock.clone(),
            limits,
            delivery_credentials: configuration.delivery_credentials,
            admin_credentials: configuration.admin_credentials,
            look_up_credentials: configuration.look_up_credentials,
            edges: edges(&configuration.tenants),
            arrived,
            intakes: intakes(),
            links: links.clone(),
        };
        let sessions = LiveSessions {
            registry: registry.clone(),
            surroundings: Arc::clone(&surroundings),
            directory: Arc::clone(&directory),
            destinations: destinations(&configuration.tenants),
        };
        let doors = doors(&configuration.tenants);
        let access = &configuration.application;
        let allowance = baton_application::Allowance {
            requests_per_minute_per_tenant: access.requests_per_minute_per_tenant,
            most_streams: most.streams,
        };
        let application = Application {
            admission: baton_application::Admission::new(allowance, doors.len()),
            doors,
            sessions: sessions.clone(),
            store: store.clone(),
            context_links: surroundings.context_links.clone(),
            frame_ancestors,
            clock: clock.clone(),
            limits,
            shutdown: shutdown.clone(),
        };
        let allowance = Allowance { most_sockets: most.sockets, ..configuration.chat_allowance };
        let chat = Chat {
            connectors: configuration.tenants.into_iter().map(connector).collect(),
            access_tokens: access_tokens.clone(),
            sessions,
            store,
            clock,
            random,
            limits,
            admission: Admission::new(allowance),
            shutdown: shutdown.clone(),
        };
        let internal = Arc::new(internal);
        let edge = Edge::new(Arc::clone(&internal)).router();
        let (chat, internal) = (chat.router(), internal.router());
        let application = application.router();
        Ok(Parts {
            dispatcher,
            receipts,
            sweeper,
            links,
            registry,
            token_keys,
            access_tokens,
            chat,
            internal,
            edge,
            application,
            context_links,
            senders,
        })
    }
}

/// What runs.
struct Parts {
    dispatcher: Dispatcher,
    receipts: Receipts,
    sweeper: Sweeper,
    links: Links,
    registry: Registry,
    token_keys: SigningKeys,
    access_tokens: AccessTokens,
    chat: Router,
    internal: Router,
    edge: Router,
    application: Router,
    /// The links to contexts, with the keys by which they are signed.
    context_links: Option<(SigningKeys, ContextLinks)>,
    senders: Vec<WebhookSender>,
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

/// The links to contexts under the keys of this moment.
async fn context_links(
    keys: SigningKeys,
    public_url: &str,
    configuration: &Configuration,
) -> Result<(SigningKeys, ContextLinks), SigningKeyError> {
    let (newest, older) = keys.current().await?;
    let lifetime = configuration.application.context_link;
    let links = ContextLinks::new(public_url, lifetime, &newest, &older);
    Ok((keys, links))
}

fn connector(tenant: Tenant) -> Connector {
    Connector { tenant: tenant.key, tokens: tenant.connector_tokens, hosts: tenant.hosts }
}
