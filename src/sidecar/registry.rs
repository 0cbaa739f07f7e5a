//! Which sessions have an actor now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use baton_chat::{Attached, Attachment, Limits, MAX_CONNECTIONS_PER_SESSION};
use baton_process::{Clock, Random, Shutdown};
use baton_store::Store;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, watch};

use crate::{
    actor::{Actor, ActorMessage, Workplace},
    link::Links,
};

/// How many messages an actor's mailbox holds.
const MAILBOX_MESSAGES: usize = 32;

/// How many transient frames a connection may lag behind before it misses some.
const TRANSIENT_FRAMES: usize = 16;

/// How many deliveries may be on their way from the inbox to the logs at a time.
const DELIVERIES: usize = 32;

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
    /// Tells that a receipt waits.
    pub(crate) receipts: Arc<Notify>,
    /// How long lies between two words to the agent that the user types.
    pub(crate) typing_pause: Duration,
    /// For how long calls may take.
    pub(crate) limits: Limits,
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
    mailbox: mpsc::Sender<ActorMessage>,
    arrivals: watch::Sender<()>,
    newest: watch::Receiver<u64>,
    shown: watch::Sender<u64>,
    transient: broadcast::Sender<Utf8Bytes>,
    /// The places for connections that are free.
    places: Arc<Semaphore>,
}

impl ActorHandle {
    /// Waits for room in the mailbox. Gives the message back if the actor is gone.
    pub(crate) async fn send(&self, message: ActorMessage) -> Result<(), ActorMessage> {
        self.mailbox.send(message).await.map_err(|returned| returned.0)
    }

    /// Tells that a delivery waits in the inbox.
    pub(crate) fn wake(&self) {
        self.arrivals.send_replace(());
    }

    /// Drops the message if the mailbox is full or the actor is gone.
    pub(crate) fn send_or_drop(&self, message: ActorMessage) {
        if self.mailbox.try_send(message).is_err() {
            tracing::debug!("a transient event was dropped");
        }
    }
}

/// The actors that run. Clones share them.
#[derive(Clone)]
pub(crate) struct Registry {
    actors: Arc<Mutex<HashMap<String, ActorHandle>>>,
    surroundings: Arc<Surroundings>,
    shutdown: Shutdown,
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
        if let Some(running) = actors.get(session_id).filter(|actor| !actor.mailbox.is_closed()) {
            return Some(running.clone());
        }
        let handle = self.start(session_id);
        actors.insert(session_id.to_owned(), handle.clone());
        Some(handle)
    }

    /// The session's actor, if there is one.
    pub(crate) fn running(&self, session_id: &str) -> Option<ActorHandle> {
        self.lock().get(session_id).cloned()
    }

    /// Joins a connection to a session.
    pub(crate) fn attach(&self, session_id: &str) -> Attached {
        let Some(actor) = self.actor(session_id) else {
            return Attached::Stopping;
        };
        let transient = actor.transient.subscribe();
        match actor.places.try_acquire_owned() {
            Ok(place) => {
                let (newest, shown) = (actor.newest, actor.shown);
                Attached::Joined(Attachment { newest, transient, shown, place })
            }
            Err(_) => Attached::Full,
        }
    }

    /// Takes the actor out if it has no connection, no message, no delivery, and nobody who is
    /// about to send one: copies of its handle are made under the lock only.
    pub(crate) fn retire(
        &self,
        session_id: &str,
        mailbox: &mpsc::Receiver<ActorMessage>,
        arrivals: &watch::Receiver<()>,
    ) -> bool {
        let mut actors = self.lock();
        let needed = actors.get(session_id).is_some_and(|actor| {
            actor.places.available_permits() < MAX_CONNECTIONS_PER_SESSION
                || !mailbox.is_empty()
                || arrivals.has_changed().unwrap_or(false)
                || mailbox.sender_strong_count() > 1
        });
        if !needed {
            actors.remove(session_id);
        }
        !needed
    }

    fn start(&self, session_id: &str) -> ActorHandle {
        let (sender, mailbox) = mpsc::channel(MAILBOX_MESSAGES);
        let (arrivals_sender, arrivals) = watch::channel(());
        let (newest_sender, newest) = watch::channel(0);
        let (shown_sender, shown) = watch::channel(0);
        let (transient, _) = broadcast::channel(TRANSIENT_FRAMES);
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS_PER_SESSION));
        let actor = Actor::new(Workplace {
            session_id: session_id.to_owned(),
            surroundings: Arc::clone(&self.surroundings),
            registry: self.clone(),
            mailbox,
            arrivals,
            newest: newest_sender,
            shown,
            transient: transient.clone(),
            places: Arc::clone(&places),
            shutdown: self.shutdown.clone(),
        });
        tokio::spawn(actor.run());
        ActorHandle {
            mailbox: sender,
            arrivals: arrivals_sender,
            newest,
            shown: shown_sender,
            transient,
            places,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, ActorHandle>> {
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
            token_digest: [0; 32],
            created_at_ms: 0,
        };
        store.create_session(session, Vec::new()).await.unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let limits = Limits::default();
        let surroundings = Arc::new(Surroundings {
            store,
            clock,
            random,
            links: Links::default(),
            receipts: Arc::default(),
            typing_pause: Duration::ZERO,
            limits,
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
        let gone = async {
            while registry.running("session").is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_message_is_lost_to_an_actor_that_goes() {
        let (registry, _trigger, _directory) = registry(Duration::ZERO).await;
        for _ in 0..500 {
            let actor = registry.actor("session").unwrap();
            yield_now().await;
            let (answer, outcome) = oneshot::channel();
            let action = ClientAction::UserMessage { text: String::new() };
            let event = ClientEvent { action, metadata: None };
            let sent = actor.send(ActorMessage::Client { event, answer }).await;
            assert!(sent.is_ok(), "the actor went although it was about to be needed");
            drop(actor);
            assert!(outcome.await.is_ok(), "the actor went with a message");
        }
    }
}
