//! The actor of one session: the only one that writes its log.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Utf8Bytes;
use baton_chat::{
    ClientAction, ClientEvent, Refused, SESSION_END, Shutdown, timestamp_text, transient_frame,
};
use baton_core::id::Id;
use baton_store::{LoggedEvent, NewEvent, NextDelivery, Settlement, StoreError};
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    cause::Chain,
    delivery::{Delivery, Events},
    pause::Pause,
    registry::{Registry, Surroundings},
    session_event::{SessionEvent, TYPING},
    typing::Typing,
};

/// What an actor is told.
pub(crate) enum ActorMessage {
    /// A delivery that is not stored, for whoever is connected now.
    Transient(Vec<SessionEvent>),
    /// What a client of the session sent.
    Client {
        /// What it sent.
        event: ClientEvent,
        /// Where the outcome goes.
        answer: oneshot::Sender<Result<(), Refused>>,
    },
}

/// What an actor works with.
pub(crate) struct Actor {
    pub(crate) session_id: String,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) registry: Registry,
    pub(crate) mailbox: mpsc::Receiver<ActorMessage>,
    /// Changes when a delivery waits in the inbox.
    pub(crate) arrivals: watch::Receiver<()>,
    /// The newest sequence that the actor knows of; 0 until it has written.
    pub(crate) newest: watch::Sender<u64>,
    pub(crate) transient: broadcast::Sender<Utf8Bytes>,
    pub(crate) shutdown: Shutdown,
    pub(crate) typing: Typing,
    /// Whether the session has ended; absent until it matters.
    pub(crate) ended: Option<bool>,
    /// When to look into the inbox; absent as long as nothing is known to wait there.
    pub(crate) look_at: Option<Instant>,
    pub(crate) pause: Pause,
}

impl Actor {
    /// Works until the process stops, or nobody needs the session any more.
    pub(crate) async fn run(mut self) {
        loop {
            let now = self.surroundings.clock.now();
            let typing_left = self.typing.left(now);
            let look_at = self.look_at;
            tokio::select! {
                // What is not kept is shown before what is stored later.
                biased;
                () = self.shutdown.begun() => return,
                message = self.mailbox.recv() => match message {
                    None => return,
                    Some(message) => self.take(message).await,
                },
                Ok(()) = self.arrivals.changed(), if look_at.is_none() => {
                    self.look_at = Some(Instant::now());
                }
                () = sleep_until(look_at.unwrap_or_else(Instant::now)), if look_at.is_some() => {
                    self.look().await;
                }
                () = sleep(typing_left.unwrap_or(Duration::MAX)), if typing_left.is_some() => {
                    self.stop_typing();
                }
                () = sleep(self.surroundings.idle), if look_at.is_none() => {
                    if self.registry.retire(&self.session_id, &self.mailbox, &self.arrivals) {
                        return;
                    }
                }
            }
        }
    }

    async fn take(&mut self, message: ActorMessage) {
        match message {
            ActorMessage::Transient(events) => self.show(events),
            ActorMessage::Client { event, answer } => {
                let outcome = self.client_event(event).await;
                // The client may have gone.
                let _ = answer.send(outcome);
            }
        }
    }

    /// Takes one delivery from the inbox. After a failure it is looked for again, with a pause
    /// that grows.
    async fn look(&mut self) {
        let surroundings = Arc::clone(&self.surroundings);
        let Ok(_place) = surroundings.places.acquire().await else { return };
        let next = match self.next_delivery().await {
            Ok(Some(next)) => next,
            Ok(None) => {
                self.pause.end();
                self.look_at = None;
                return;
            }
            Err(error) => return self.failed(None, &error),
        };
        match self.deliver(&next).await {
            Ok(()) => {
                self.pause.end();
                self.look_at = Some(Instant::now());
            }
            Err(error) => self.failed(Some(&next.delivery_id), &error),
        }
    }

    fn failed(&mut self, delivery_id: Option<&str>, error: &StoreError) {
        let (session_id, error) = (&self.session_id, Chain(error));
        tracing::error!(session_id, delivery_id, %error, "a session's delivery has to wait");
        self.look_at = Some(Instant::now() + self.pause.after_failure());
    }

    async fn next_delivery(&mut self) -> Result<Option<NextDelivery>, StoreError> {
        let store = &self.surroundings.store;
        if self.pause.follows_failure() {
            // What failed may have been carried out all the same.
            self.tell_newest(store.last_sequence(&self.session_id).await?);
        }
        store.next_delivery(&self.session_id).await
    }

    /// Brings a delivery into the log and settles it.
    async fn deliver(&mut self, next: &NextDelivery) -> Result<(), StoreError> {
        if self.has_ended().await? {
            return self.settle(next, Settlement::SessionEnded).await;
        }
        let (session_id, delivery_id) = (&self.session_id, &next.delivery_id);
        let Ok(delivery) = serde_json::from_slice::<Delivery<'_>>(&next.body) else {
            tracing::error!(session_id, delivery_id, "a stored delivery cannot be read");
            return self.settle(next, Settlement::Unreadable).await;
        };
        let received_at =
            Timestamp::from_millisecond(next.received_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let Events { events, unreadable } = delivery.events(received_at);
        if unreadable > 0 {
            tracing::warn!(session_id, delivery_id, unreadable, "a part of a delivery is skipped");
        }
        let mut logged = Vec::new();
        let mut shown = Vec::new();
        for event in events {
            match event {
                SessionEvent::Logged { event, ends_typing } => {
                    logged.push(event);
                    if ends_typing {
                        shown.push(SessionEvent::TypingStopped);
                    }
                }
                other => shown.push(other),
            }
        }
        if !logged.is_empty() {
            let store = &self.surroundings.store;
            let logged = store.append(&self.session_id, logged, Some(next.arrival)).await?;
            self.tell_newest_of(&logged);
        } else if unreadable > 0 {
            self.settle(next, Settlement::Unreadable).await?;
        } else {
            self.settle(next, Settlement::NothingToShow).await?;
        }
        self.show(shown);
        Ok(())
    }

    async fn settle(&self, next: &NextDelivery, outcome: Settlement) -> Result<(), StoreError> {
        self.surroundings.store.settle(next.arrival, outcome).await
    }

    async fn has_ended(&mut self) -> Result<bool, StoreError> {
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        let session = self.surroundings.store.session(&self.session_id).await?;
        let ended = session.is_some_and(|session| session.ended);
        self.ended = Some(ended);
        Ok(ended)
    }

    /// Shows what is not kept to whoever is connected.
    fn show(&mut self, events: Vec<SessionEvent>) {
        for event in events {
            match event {
                SessionEvent::TypingStarted { until, at } => {
                    if self.typing.started(until, self.surroundings.clock.now()) {
                        self.show_typing(at, r#"{"state":"TYPING_STATE_STARTED"}"#);
                    }
                }
                SessionEvent::TypingStopped => self.stop_typing(),
                SessionEvent::Logged { .. } => {}
            }
        }
    }

    fn stop_typing(&mut self) {
        if self.typing.stopped() {
            let now = self.surroundings.clock.now();
            self.show_typing(now, r#"{"state":"TYPING_STATE_STOPPED"}"#);
        }
    }

    fn show_typing(&self, at: Timestamp, payload: &str) {
        match self.surroundings.random.uuid() {
            Ok(id) => {
                // Nobody may be connected.
                let _ = self.transient.send(transient_frame(id, at, TYPING, payload, None));
            }
            Err(error) => {
                let session_id = &self.session_id;
                tracing::error!(session_id, %error, "typing was not shown");
            }
        }
    }

    /// Does what a client wants. It waits for the store as long as that takes, so that the
    /// connections are told of the outcome; the one that asked gives up earlier.
    async fn client_event(&mut self, event: ClientEvent) -> Result<(), Refused> {
        let ClientEvent { action, metadata } = event;
        if self.has_ended().await.map_err(|error| self.unavailable(&error))? {
            // The client learns of the end from the log.
            return Ok(());
        }
        match action {
            // An echo would promise that an agent gets it, and nothing passes it on yet.
            ClientAction::UserMessage { .. } => Err(Refused::NotForwarded),
            ClientAction::RequestPolyAgentJoin => {
                let echo = self.own_event("EVENT_TYPE_REQUEST_POLY_AGENT_JOIN", "{}", metadata);
                let store = &self.surroundings.store;
                let appended = store.append(&self.session_id, vec![echo], None).await;
                self.written(appended)
            }
            ClientAction::UserEndSession => {
                let echo = self.own_event("EVENT_TYPE_USER_END_SESSION", "{}", metadata);
                let reason = r#"{"reason":"REASON_USER_END"}"#;
                let events = vec![echo, self.own_event(SESSION_END, reason, None)];
                let ended = self.surroundings.store.end_session(&self.session_id, events).await;
                // After a failure the store is asked again.
                self.ended = ended.is_ok().then_some(true);
                self.written(ended)
            }
        }
    }

    /// An event that a session's log holds once: its id follows from its session and its type.
    fn own_event(&self, kind: &str, payload: &str, metadata: Option<String>) -> NewEvent {
        NewEvent {
            id: Id::of_parts(&[self.session_id.as_bytes(), kind.as_bytes()]).to_string(),
            timestamp: timestamp_text(self.surroundings.clock.now()),
            kind: kind.to_owned(),
            payload: payload.to_owned(),
            metadata,
        }
    }

    fn written(&self, outcome: Result<Vec<LoggedEvent>, StoreError>) -> Result<(), Refused> {
        match outcome {
            Ok(logged) => {
                self.tell_newest_of(&logged);
                Ok(())
            }
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &StoreError) -> Refused {
        let (session_id, error) = (&self.session_id, Chain(error));
        tracing::error!(session_id, %error, "a client's event could not be taken");
        Refused::Unavailable
    }

    /// Wakes the connections, also if nothing new came of it: then a call that failed had been
    /// carried out all the same.
    fn tell_newest_of(&self, logged: &[LoggedEvent]) {
        self.tell_newest(logged.iter().map(|event| event.sequence).max().unwrap_or(0));
    }

    fn tell_newest(&self, sequence: u64) {
        self.newest.send_modify(|newest| *newest = sequence.max(*newest));
    }
}
