//! The sidecar: what it is given, what runs in it, and how it stops.

use std::time::Duration;

use baton_chat::{Limits, Passing};
use baton_listener::Listener;
use baton_process::{Clock, Random, shutdown};
use baton_store::Store;
use baton_traces::Traces;
use tokio::time::timeout_at;

use crate::{
    assembly::Materials,
    configuration::Configuration,
    descriptors::most_connections,
    draining::{Closing, Draining, Occasion},
    listeners::{Listeners, Service},
    observation::Observation,
    pacing::Pacing,
    restore::announce_ends,
    resumption::resume,
    run_error::{RunError, reason},
    server::Terms,
    tenant_book::TenantBook,
    tenant_check,
    vital_signs::VitalSigns,
};

/// How long the edge may leave a connection unused: longer than Envoy does by itself (1 h), so
/// that no delivery is sent into a connection that is just being closed.
const INTERNAL_IDLE: Duration = Duration::from_secs(65 * 60);

/// How long monitoring may leave a connection unused, or be about to ask: it has few places, and a
/// probe that finds none would take the process for dead.
const OBSERVATION_IDLE: Duration = Duration::from_secs(5);

/// A sidecar that is not running yet.
#[derive(Debug)]
pub struct Sidecar {
    materials: Materials,
    application: Option<Listener>,
    edge: Option<Listener>,
    observation: Option<Listener>,
}

impl Sidecar {
    /// A sidecar with this configuration and this store, on the system's clock and randomness.
    pub fn new(configuration: Configuration, store: Store) -> Self {
        let materials = Materials {
            configuration,
            store,
            clock: Clock::system(),
            random: Random::system(),
            limits: Limits::default(),
            pacing: Pacing::default(),
            passing: Passing::new(),
            tenant_book: None,
            traces: Traces::Off,
        };
        Self { materials, application: None, edge: None, observation: None }
    }

    /// What passes through its chats and stands in no log, for whoever wants to watch: listen
    /// before it runs.
    pub fn passing(&self) -> &Passing {
        &self.materials.passing
    }

    /// Takes the time from this clock.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.materials.clock = clock;
        self
    }

    /// Takes chance from this source.
    pub fn with_random(mut self, random: Random) -> Self {
        self.materials.random = random;
        self
    }

    /// Takes these limits for how long things may take.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.materials.limits = limits;
        self
    }

    /// Takes these durations in what it does with Genesys.
    pub fn with_pacing(mut self, pacing: Pacing) -> Self {
        self.materials.pacing = pacing;
        self
    }

    /// Lets operators change the tenants that stand in the store. The configuration has to be the
    /// book's own.
    pub fn with_tenant_book(mut self, book: TenantBook) -> Self {
        self.materials.tenant_book = Some(book);
        self
    }

    /// Has the spans of its webhooks and messages collected, or not.
    pub fn with_traces(mut self, traces: Traces) -> Self {
        self.materials.traces = traces;
        self
    }

    /// Serves the API for applications on this listener too.
    pub fn with_application(self, listener: impl Into<Listener>) -> Self {
        Self { application: Some(listener.into()), ..self }
    }

    /// Takes webhooks on this listener too: the edge in this process.
    pub fn with_edge(self, listener: impl Into<Listener>) -> Self {
        Self { edge: Some(listener.into()), ..self }
    }

    /// Tells monitoring on this listener how the process stands.
    pub fn with_observation(self, listener: impl Into<Listener>) -> Self {
        Self { observation: Some(listener.into()), ..self }
    }

    /// Serves until `stop` returns, then stops, within the time that the configuration gives to
    /// it: sockets are closed with 1012, so that clients come again, deliveries on their way in and
    /// what is on its way out are finished, and the store is closed.
    ///
    /// # Errors
    ///
    /// If the store cannot be used, or a listener or the dispatcher ends by itself.
    pub async fn run(
        self,
        chat: impl Into<Listener>,
        internal: impl Into<Listener>,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), RunError> {
        let Self { materials, application, edge, observation } = self;
        let (draining, stages) = Draining::new(materials.configuration.drain);
        let (store, limits) = (materials.store.clone(), materials.limits);
        let tenant_checks = materials.pacing.tenant_checks;
        let most = most_connections(materials.configuration.chat_allowance.most_sockets);
        let parts = materials.assemble(&most, &stages).await?;
        let mut dispatcher = tokio::spawn(parts.dispatcher.run());
        tokio::spawn(parts.receipts.run());
        tokio::spawn(parts.sweeper.run());
        tokio::spawn(parts.orphans.run());
        tokio::spawn(tenant_check::check(parts.links, tenant_checks, stages.inside.clone()));
        tokio::spawn(resume(store.clone(), parts.registry));
        tokio::spawn(announce_ends(store.clone(), parts.webhooks));
        let tokens = parts.access_tokens;
        let change = move |newest: &_, older: &[_]| tokens.change_keys(newest, older);
        tokio::spawn(parts.token_keys.keep(change, stages.inside.clone()));
        if let Some((keys, links)) = parts.context_links {
            let change = move |newest: &_, older: &[_]| links.change_keys(newest, older);
            tokio::spawn(keys.keep(change, stages.inside.clone()));
        }
        for sender in parts.senders {
            tokio::spawn(sender.run());
        }
        let usual = Terms { head: limits.request, farewell: limits.farewell, reuse: true };
        let mut listeners = Listeners::new(limits.write);
        let mut serve = |listener: Option<Listener>, name, router, most, terms| {
            if let Some(listener) = listener {
                listeners.add(listener, Service { name, router, most, terms }, stages.closing());
            }
        };
        serve(Some(chat.into()), "chat", parts.chat, most.chat, Terms { reuse: false, ..usual });
        let patient = Terms { head: INTERNAL_IDLE, ..usual };
        serve(Some(internal.into()), "internal", parts.internal, most.internal, patient);
        serve(application, "application", parts.application, most.application, usual);
        serve(edge, "edge", parts.edge, most.edge, usual);
        // Monitoring is answered to the end.
        let (observed, begins) = shutdown();
        if let Some(listener) = observation {
            let signs = VitalSigns::watch(store.clone(), parts.pulse, stages.announced.clone());
            let observed = Observation::new(signs, parts.observed);
            let (router, most) = (observed.router(), most.observation);
            let terms = Terms { head: OBSERVATION_IDLE, ..usual };
            let service = Service { name: "observation", router, most, terms };
            listeners.add(listener, service, Closing { begins, ..stages.closing() });
        }
        drop(stages);

        let failed = tokio::select! {
            () = stop => None,
            failed = listeners.ended() => Some(failed),
            ended = &mut dispatcher => Some(RunError::Dispatcher { source: reason(ended) }),
        };
        let occasion = if failed.is_none() { Occasion::Told } else { Occasion::Failed };
        let end = draining.run(occasion).await;
        dispatcher.abort();
        let closed = timeout_at(end, store.close()).await.unwrap_or_else(|_| {
            tracing::warn!("the store did not close in time and is left");
            Ok(())
        });
        observed.begin();
        if let Some(failed) = failed {
            return Err(failed);
        }
        closed.map_err(|source| RunError::Store { doing: "close", source })
    }
}
