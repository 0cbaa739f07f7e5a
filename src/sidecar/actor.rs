//! The actor of one session: the only one that writes its log.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Utf8Bytes;
use baton_chat::{
    ClientAction, ClientEvent, Refused, SESSION_END, Shutdown, timestamp_text, transient_frame,
};
use baton_core::id::Id;
use baton_store::{LoggedEvent, NewEvent, Settlement, StoreError};
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, mpsc, oneshot, watch},
    time::sleep,
};

use crate::{
    registry::{Registry, Surroundings},
    retry::until_done,
    session_event::SessionEvent,
    typing::Typing,
};

/// What an actor is told.
pub(crate) enum ActorMessage {
    /// A stored delivery, to be settled.
    Delivery {
        /// Which one it is.
        delivery_id: Id,
        /// What it brings.
        events: Vec<SessionEvent>,
        /// Its part of the memory that deliveries on their way may take, freed with it.
        memory: OwnedSemaphorePermit,
    },
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
    /// The newest sequence that the actor knows of; 0 until it has written.
    pub(crate) newest: watch::Sender<u64>,
    pub(crate) transient: broadcast::Sender<Utf8Bytes>,
    pub(crate) shutdown: Shutdown,
    pub(crate) typing: Typing,
    /// Whether the session has ended; absent until it matters.
    pub(crate) ended: Option<bool>,
}

impl Actor {
    /// Works until the process stops, or nobody needs the session any more.
    pub(crate) async fn run(mut self) {
        loop {
            let now = self.surroundings.clock.now();
            let typing_left = self.typing.left(now);
            tokio::select! {
                () = self.shutdown.begun() => return,
                message = self.mailbox.recv() => match message {
                    None => return,
                    Some(message) => if self.take(message).await.is_none() {
                        return;
                    },
                },
                () = sleep(typing_left.unwrap_or(Duration::MAX)), if typing_left.is_some() => {
                    self.stop_typing();
                }
                () = sleep(self.surroundings.idle) => {
                    if self.registry.retire(&self.session_id, &self.mailbox) {
                        return;
                    }
                }
            }
        }
    }

    /// Does what the message asks; `None` if the process stopped before it was done.
    async fn take(&mut self, message: ActorMessage) -> Option<()> {
        match message {
            ActorMessage::Delivery { delivery_id, events, memory } => {
                let done = self.deliver(delivery_id, events).await;
                drop(memory);
                done
            }
            ActorMessage::Transient(events) => {
                self.show(events);
                Some(())
            }
            ActorMessage::Client { event, answer } => {
                let outcome = self.client_event(event).await;
                // The client may have gone.
                let _ = answer.send(outcome);
                Some(())
            }
        }
    }

    /// Brings a delivery into the log and settles it, however long that takes.
    async fn deliver(&mut self, delivery_id: Id, events: Vec<SessionEvent>) -> Option<()> {
        if self.has_ended().await? {
            return self.settle(delivery_id, Settlement::SessionEnded).await;
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
        if logged.is_empty() {
            self.settle(delivery_id, Settlement::NothingToShow).await?;
        } else {
            self.append(delivery_id, logged).await?;
        }
        self.show(shown);
        Some(())
    }

    async fn append(&mut self, delivery_id: Id, events: Vec<NewEvent>) -> Option<()> {
        let (store, session_id) = (&self.surroundings.store, &self.session_id);
        let appended = until_done("append a delivery", &mut self.shutdown, async || {
            match store.append(session_id, events.clone(), Some(delivery_id)).await {
                Err(StoreError::UnknownSession) => Ok(None),
                other => other.map(Some),
            }
        })
        .await?;
        match appended {
            Some(logged) => {
                self.tell_newest(&logged);
                Some(())
            }
            None => self.settle(delivery_id, Settlement::UnknownSession).await,
        }
    }

    async fn settle(&mut self, delivery_id: Id, outcome: Settlement) -> Option<()> {
        let store = &self.surroundings.store;
        until_done("settle a delivery", &mut self.shutdown, || store.settle(delivery_id, outcome))
            .await
    }

    async fn has_ended(&mut self) -> Option<bool> {
        if self.ended.is_none() {
            let (store, session_id) = (&self.surroundings.store, &self.session_id);
            let session =
                until_done("read a session", &mut self.shutdown, || store.session(session_id))
                    .await?;
            self.ended = Some(session.is_some_and(|session| session.ended));
        }
        self.ended
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

    fn show_typing(&self, at: jiff::Timestamp, payload: &str) {
        match self.surroundings.random.uuid() {
            Ok(id) => {
                let kind = "EVENT_TYPE_LIVE_AGENT_TYPING";
                // Nobody may be connected.
                let _ = self.transient.send(transient_frame(id, at, kind, payload, None));
            }
            Err(error) => tracing::error!(%error, "typing was not shown"),
        }
    }

    /// Does what a client wants. It waits for the store as long as that takes, so that the
    /// connections are told of the outcome; the one that asked gives up earlier.
    async fn client_event(&mut self, event: ClientEvent) -> Result<(), Refused> {
        let ClientEvent { action, metadata } = event;
        if self.ended.is_none() {
            let session = self.surroundings.store.session(&self.session_id).await;
            let session = session.map_err(|error| self.unavailable(&error))?;
            self.ended = Some(session.is_some_and(|session| session.ended));
        }
        if self.ended == Some(true) {
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
                self.tell_newest(&logged);
                Ok(())
            }
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    fn unavailable(&self, error: &StoreError) -> Refused {
        let session_id = &self.session_id;
        tracing::error!(session_id, %error, "a client's event could not be taken");
        Refused::Unavailable
    }

    /// Wakes the connections, also if nothing new came of it: then a call that failed had been
    /// carried out all the same.
    fn tell_newest(&self, logged: &[LoggedEvent]) {
        let sequence = logged.iter().map(|event| event.sequence).max().unwrap_or(0);
        self.newest.send_modify(|newest| *newest = sequence.max(*newest));
    }
}
