//! The assembly: what runs, what it shares, and how it stops.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use axum::Router;
use baton_chat::{
    AccessTokens, Chat, Clock, Connector, Limits, Random, RandomError, Shutdown, shutdown,
};
use baton_core::tenant::TenantKey;
use baton_store::{Store, StoreError};
use tokio::{
    net::TcpListener,
    sync::Notify,
    task::{JoinError, JoinHandle},
    time::timeout,
};

use crate::{
    configuration::{Configuration, Tenant},
    dispatcher::Dispatcher,
    internal::{Internal, intakes},
    listener::BoundedListener,
    live_sessions::LiveSessions,
    registry::{Registry, Surroundings},
};

/// How many connections of chat clients there may be at a time.
const CHAT_CONNECTIONS: usize = 10_000;

/// How many connections of edges and operators there may be at a time.
const INTERNAL_CONNECTIONS: usize = 1_000;

/// How long an actor without connections and messages stays.
const ACTOR_IDLE: Duration = Duration::from_secs(30);

/// How long each step of stopping may take.
const STOPPING: Duration = Duration::from_secs(10);

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
}

impl Sidecar {
    /// A sidecar with this configuration and this store, on the system's clock and randomness.
    pub fn new(configuration: Configuration, store: Store) -> Self {
        let (clock, random) = (Clock::system(), Random::system());
        Self { configuration, store, clock, random, limits: Limits::default() }
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

    /// Serves until `stop` returns, then stops: sockets are closed with 1012, so that clients
    /// come again, deliveries on their way in are finished, and the store is closed.
    ///
    /// # Errors
    ///
    /// If the store cannot be used or a listener fails.
    pub async fn run(
        self,
        chat: TcpListener,
        internal: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let (trigger, shutdown) = shutdown();
        let store = self.store.clone();
        let parts = self.assemble(&shutdown).await?;
        let dispatcher = tokio::spawn(parts.dispatcher.run());
        let mut chat = serve(BoundedListener::new(chat, CHAT_CONNECTIONS), parts.chat, &shutdown);
        let internal = BoundedListener::new(internal, INTERNAL_CONNECTIONS);
        let mut internal = serve(internal, parts.internal, &shutdown);
        drop(shutdown);

        let failed = tokio::select! {
            () = stop => None,
            ended = &mut chat => Some(failure("chat", ended)),
            ended = &mut internal => Some(failure("internal", ended)),
        };
        trigger.begin();
        // Every task holds a part of the shutdown until it is done.
        if timeout(STOPPING, trigger.finished()).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut off");
            chat.abort();
            internal.abort();
            dispatcher.abort();
        }
        let closed = store.close().await;
        if let Some(failed) = failed {
            return Err(failed);
        }
        closed.map_err(|source| RunError::Store { doing: "close", source })
    }

    async fn assemble(self, shutdown: &Shutdown) -> Result<Parts, RunError> {
        let Self { configuration, store, clock, random, limits } = self;
        let key = store
            .key("access-token", random.bytes()?)
            .await
            .map_err(|source| RunError::Store { doing: "read the token key from", source })?;
        let integrations: HashMap<TenantKey<'static>, String> = configuration
            .tenants
            .iter()
            .map(|tenant| (tenant.key.clone(), tenant.integration_id.clone()))
            .collect();
        let surroundings = Arc::new(Surroundings {
            store: store.clone(),
            clock: clock.clone(),
            random: random.clone(),
            limits,
            idle: ACTOR_IDLE,
        });
        let registry = Registry::new(Arc::clone(&surroundings), shutdown.clone());
        let arrived = Arc::new(Notify::new());
        let dispatcher = Dispatcher::new(
            store.clone(),
            registry.clone(),
            integrations.clone(),
            Arc::clone(&arrived),
            shutdown.clone(),
        );
        let internal = Internal {
            store: store.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            limits,
            delivery_credentials: configuration.delivery_credentials,
            admin_credentials: configuration.admin_credentials,
            integrations: integrations.clone(),
            arrived,
            intakes: intakes(),
        };
        let chat = Chat {
            connectors: configuration.tenants.into_iter().map(connector).collect(),
            access_tokens: AccessTokens::new(&key),
            sessions: LiveSessions { registry, surroundings, integrations },
            store,
            clock,
            random,
            limits,
            shutdown: shutdown.clone(),
        };
        Ok(Parts { dispatcher, chat: chat.router(), internal: internal.router() })
    }
}

/// What runs.
struct Parts {
    dispatcher: Dispatcher,
    chat: Router,
    internal: Router,
}

fn connector(tenant: Tenant) -> Connector {
    Connector { tenant: tenant.key, tokens: tenant.connector_tokens, hosts: tenant.hosts }
}

fn serve(
    listener: BoundedListener,
    router: Router,
    shutdown: &Shutdown,
) -> JoinHandle<io::Result<()>> {
    let mut begun = shutdown.clone();
    tokio::spawn(async move {
        let mut until = begun.clone();
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { until.begun().await })
            .await;
        // Held until the last request is answered.
        begun.begun().await;
        served
    })
}

fn failure(listener: &'static str, ended: Result<io::Result<()>, JoinError>) -> RunError {
    let source = match ended {
        Ok(Err(error)) => error,
        Ok(Ok(())) => io::Error::other("it ended by itself"),
        Err(error) => io::Error::other(error),
    };
    RunError::Listener { listener, source }
}
