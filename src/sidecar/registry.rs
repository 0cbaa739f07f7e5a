//! Which sessions have an actor now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicI64},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use baton_application::ContextLinks;
use baton_chat::{Attached, Attachment, Limits, MAX_CONNECTIONS_PER_SESSION, Passing};
use baton_core::tenant::TenantKey;
use baton_metrics::Metrics;
use baton_process::{Clock, Random, Shutdown};
use baton_store::Store;
use baton_traces::{RecentTraces, Traces};
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, watch};

use crate::{
    actor::{Actor, ActorMessage, Workplace},
    bots::Bots,
    configuration::SessionOptions,
    link::Links,
    presence::Presence,
    webhooks::Webhooks,
};

/// How many messages an actor's mailbox holds.
const MAILBOX_MESSAGES: usize = 32;

/// How many transient frames a connection may lag behind before it misses some.
const TRANSIENT_FRAMES: usize = 8;

/// How many deliveries may be on their way from the inbox to the logs at a time. Those that are
/// share a wait for the disk: with four times fewer, and a disk that takes 5 ms, some 3,000 would
/// get through in a second.
const DELIVERIES: usize = 128;

/// What every actor works with.
pub(crate) struct Surroundings {
    /// Where the logs are.
    pub(crate) store: Store,
    /// The time.
    pub(crate) clock: Clock,
    /// Chance.
    pub(crate) random: Random,
    /// The tenants' ways to Genesys.
    pub(crate) links: Links,
    /// The tenants' bots.
    pub(crate) bots: Bots,
    /// The tenants' webhooks.
    pub(crate) webhooks: Webhooks,
    /// Makes the links by which an agent sees a session's context; absent where there are none.
    pub(crate) context_links: Option<ContextLinks>,
    /// Tells that a receipt waits.
    pub(crate) receipts: Arc<Notify>,
    /// Tells of what is shown and kept nowhere.
    pub(crate) passing: Passing,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Whether spans are collected.
    pub(crate) traces: Traces,
    /// How long lies between two words to the agent that the user types.
    pub(crate) typing_pause: Duration,
    /// How long lies between two words to the user that the bot is at work.
    pub(crate) thinking_pause: Duration,
    /// For how long calls may take.
    pub(crate) limits: Limits,
    /// When sessions end by themselves.
    pub(crate) sessions: SessionOptions,
    /// When the process started. Clients that had a connection before have to come again.
    pub(crate) started_at: Timestamp,
    /// How long an actor without connections and messages stays.
    pub(crate) idle: Duration,
    /// The places for deliveries on their way from the inbox to the logs: whoever fails gives
    /// its place back before it tries again.
    pub(crate) places: Semaphore,
}

/// The places for deliveries on their way. Each takes a few times its size of memory.
pub(crate) fn places() -> Semaphore {
    Semaphore::new(DELIVERIES)
}

/// How an actor is reached. The registry holds one; the others are short-lived copies.
#[derive(Clone)]
pub(crate) struct ActorHandle {
    /// In boxes, since it holds the room for all that it may take.
    mailbox: mpsc::Sender<Box<ActorMessage>>,
    arrivals: watch::Sender<()>,
    newest: watch::Receiver<u64>,
    shown: watch::Sender<u64>,
    transient: broadcast::Sender<Utf8Bytes>,
    /// The places for connections that are free.
    places: Arc<Semaphore>,
    /// When a client was last known to be there.
    last_seen_ms: Arc<AtomicI64>,
    /// Of which traces the newest events are.
    traces: RecentTraces,
}

impl ActorHandle {
    /// Waits for room in the mailbox. Gives the message back if the actor is gone.
    pub(crate) async fn send(&self, message: ActorMessage) -> Result<(), ActorMessage> {
        self.mailbox.send(Box::new(message)).await.map_err(|returned| *returned.0)
    }

    /// Tells that a delivery waits in the inbox.
    pub(crate) fn wake(&self) {
        self.arrivals.send_replace(());
    }

    fn has_connections(&self) -> bool {
        self.places.available_permits() < MAX_CONNECTIONS_PER_SESSION
    }

    /// Drops the message if the mailbox is full or the actor is gone.
    pub(crate) fn send_or_drop(&self, message: ActorMessage) {
        if self.mailbox.try_send(Box::new(message)).is_err() {
            tracing::debug!("a message that may be missed was dropped");
        }
    }
}

/// The actors that run. Clones share them.
#[derive(Clone)]
pub(crate) struct Registry {
    actors: Arc<Mutex<Actors>>,
    surroundings: Arc<Surroundings>,
    shutdown: Shutdown,
}

/// The actors that run, and what is kept of those that do not.
#[derive(Default)]
struct Actors {
    running: HashMap<String, ActorHandle>,
    /// When the last client of a session was seen to be gone. Where that is not known, it counts
    /// from the start of the process.
    gone_since: HashMap<String, Timestamp>,
}

impl Registry {
    pub(crate) fn new(surroundings: Arc<Surroundings>, shutdown: Shutdown) -> Self {
        Self { actors: Arc::default(), surroundings, shutdown }
    }

    /// The session's actor, started if there is none. `None` once the process stops.
    pub(crate) fn actor(&self, session_id: &str) -> Option<ActorHandle> {
        if self.shutdown.has_begun() {
            return None;
        }
        let mut actors = self.lock();
        // An actor that ended without leaving the registry is replaced.
        let running = actors.running.get(session_id);
        if let Some(running) = running.filter(|actor| !actor.mailbox.is_closed()) {
            return Some(running.clone());
        }
        let gone_since = actors.gone_since.remove(session_id);
        let handle = self.start(session_id, gone_since.unwrap_or(self.surroundings.started_at));
        actors.running.insert(session_id.to_owned(), handle.clone());
        Some(handle)
    }

    /// The session's actor, if there is one.
    pub(crate) fn running(&self, session_id: &str) -> Option<ActorHandle> {
        self.lock().running.get(session_id).cloned()
    }

    /// Whether a client is connected to a session, if that is known without its actor.
    pub(crate) fn presence(&self, session_id: &str) -> Option<Presence> {
        let actors = self.lock();
        match actors.running.get(session_id) {
            Some(actor) => actor.has_connections().then_some(Presence::Connected),
            None => {
                let since = actors.gone_since.get(session_id).copied();
                Some(Presence::Gone { since: since.unwrap_or(self.surroundings.started_at) })
            }
        }
    }

    /// Forgets which clients went before this time.
    pub(crate) fn forget_departures(&self, before: Timestamp) {
        self.lock().gone_since.retain(|_, since| *since >= before);
    }

    /// Tells that a notification waits for an endpoint of the tenant.
    pub(crate) fn tell_endpoints(&self, tenant: &TenantKey<'static>) {
        self.surroundings.webhooks.tell(tenant);
    }

    /// Joins a connection to a session.
    pub(crate) fn attach(&self, session_id: &str) -> Attached {
        let Some(actor) = self.actor(session_id) else {
            return Attached::Stopping;
        };
        let transient = actor.transient.subscribe();
        match actor.places.try_acquire_owned() {
            Ok(place) => {
                let ActorHandle { newest, shown, last_seen_ms, traces, .. } = actor;
                let attachment =
                    Attachment { newest, transient, shown, last_seen_ms, traces, place };
                attachment.tell_seen(self.surroundings.clock.now());
                Attached::Joined(attachment)
            }
            Err(_) => Attached::Full,
        }
    }

    /// Takes the actor out if it has no connection, no message, no delivery, and nobody who is
    /// about to send one: copies of its handle are made under the lock only. What it knows of its
    /// clients is kept.
    pub(crate) fn retire(
        &self,
        session_id: &str,
        mailbox: &mpsc::Receiver<Box<ActorMessage>>,
        arrivals: &watch::Receiver<()>,
        gone_since: Timestamp,
    ) -> bool {
        let mut actors = self.lock();
        let needed = actors.running.get(session_id).is_some_and(|actor| {
            actor.has_connections()
                || !mailbox.is_empty()
                || arrivals.has_changed().unwrap_or(false)
                || mailbox.sender_strong_count() > 1
        });
        if !needed {
            actors.running.remove(session_id);
            if gone_since > self.surroundings.started_at {
                actors.gone_since.insert(session_id.to_owned(), gone_since);
            }
        }
        !needed
    }

    fn start(&self, session_id: &str, gone_since: Timestamp) -> ActorHandle {
        let (sender, mailbox) = mpsc::channel(MAILBOX_MESSAGES);
        let (arrivals_sender, arrivals) = watch::channel(());
        let (newest_sender, newest) = watch::channel(0);
        let (shown_sender, shown) = watch::channel(0);
        let (transient, _) = broadcast::channel(TRANSIENT_FRAMES);
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS_PER_SESSION));
        let last_seen_ms = Arc::<AtomicI64>::default();
        let traces = RecentTraces::default();
        let mut actor = Actor::new(Workplace {
            session_id: session_id.to_owned(),
            surroundings: Arc::clone(&self.surroundings),
            registry: self.clone(),
            mailbox,
            arrivals,
            newest: newest_sender,
            shown,
            transient: transient.clone(),
            places: Arc::clone(&places),
            last_seen_ms: Arc::clone(&last_seen_ms),
            traces: traces.clone(),
            gone_since,
            shutdown: self.shutdown.clone(),
        });
        tokio::spawn(async move { actor.run().await });
        ActorHandle {
            mailbox: sender,
            arrivals: arrivals_sender,
            newest,
            shown: shown_sender,
            transient,
            places,
            last_seen_ms,
            traces,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Actors> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_chat::{ClientAction, ClientEvent};
    use baton_core::tenant::TenantKey;
    use baton_process::{ShutdownTrigger, shutdown};
    use baton_store::NewSession;
    use tempfile::TempDir;
    use tokio::{sync::oneshot, task::yield_now, time::timeout};

    async fn registry(idle: Duration) -> (Registry, ShutdownTrigger, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        let session = NewSession {
            session_id: "session".to_owned(),
            tenant: TenantKey::new("acme", "support", "live"),
            integration_id: "integration".to_owned(),
            end_user_id: "user".to_owned(),
            external_id: None,
            token_digest: [7; 32],
            created_at_ms: 0,
            platform: None,
            custom: None,
        };
        store.create_session(session, Vec::new()).await.unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let limits = Limits::default();
        let surroundings = Arc::new(Surroundings {
            store,
            clock,
            random,
            links: Links::default(),
            bots: Bots::default(),
            webhooks: Webhooks::default(),
            context_links: None,
            receipts: Arc::default(),
            passing: Passing::new(),
            metrics: Metrics::new(),
            traces: Traces::Off,
            typing_pause: Duration::ZERO,
            thinking_pause: Duration::from_secs(8),
            limits,
            sessions: SessionOptions::default(),
            started_at: Timestamp::UNIX_EPOCH,
            idle,
            places: places(),
        });
        let (trigger, shutdown) = shutdown();
        (Registry::new(surroundings, shutdown), trigger, directory)
    }

    fn joined(registry: &Registry) -> Attachment {
        match registry.attach("session") {
            Attached::Joined(attachment) => attachment,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_actor_stays_as_long_as_it_has_a_connection() {
        let (registry, _trigger, _directory) = registry(Duration::from_millis(1)).await;
        let mut attachment = joined(&registry);
        let closed = async { while attachment.newest.changed().await.is_ok() {} };
        assert!(timeout(Duration::from_millis(100), closed).await.is_err());
        assert!(registry.running("session").is_some());
        drop(attachment);
        is_gone(&registry).await;
    }

    async fn is_gone(registry: &Registry) {
        let gone = async {
            while registry.running("session").is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.unwrap();
    }

    #[tokio::test]
    async fn since_when_a_client_is_gone_is_known_though_the_actor_goes_and_comes() {
        let (registry, _trigger, _directory) = registry(Duration::from_millis(1)).await;
        let from_the_start = Some(Presence::Gone { since: Timestamp::UNIX_EPOCH });
        assert_eq!(registry.presence("session"), from_the_start);
        let attachment = joined(&registry);
        assert_eq!(registry.presence("session"), Some(Presence::Connected));
        drop(attachment);
        is_gone(&registry).await;
        let gone = registry.presence("session");
        assert_ne!(gone, from_the_start);
        registry.actor("session").unwrap().wake();
        is_gone(&registry).await;
        assert_eq!(registry.presence("session"), gone);
        registry.forget_departures(Timestamp::MAX);
        assert_eq!(registry.presence("session"), from_the_start);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_message_is_lost_to_an_actor_that_goes() {
        let (registry, _trigger, _directory) = registry(Duration::ZERO).await;
        for _ in 0..500 {
            let actor = registry.actor("session").unwrap();
            yield_now().await;
            let (answer, outcome) = oneshot::channel();
            let action = ClientAction::UserMessage { text: String::new(), attached: Vec::new() };
            let event = ClientEvent { action, metadata: None };
            let sent = actor.send(ActorMessage::Client { event, answer }).await;
            assert!(sent.is_ok(), "the actor went although it was about to be needed");
            drop(actor);
            assert!(outcome.await.is_ok(), "the actor went with a message");
        }
    }
}
