//! The actor of one session: the only one that writes its log.
//!
//! It takes what clients send, what waits in the inbox, what the notification channel tells, and
//! what comes of its own errands to Genesys. Each changes the session in one durable step of the
//! store; what should be going on at Genesys is then compared with what is, and started.

mod bot;
mod bot_place;
mod client;
mod conduct;
mod counting;
mod hand_over;
mod idle;
mod in_queue;
mod inbox;
mod known;
mod leaving;
mod opening;
mod reassurance;
mod relay;
mod step;

use std::{
    future,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use baton_chat::{
    ClientEvent, MAX_CONNECTIONS_PER_SESSION, Refused, timestamp_text, transient_frame,
};
use baton_genesys::{ChannelNotice, Watch};
use baton_metrics::StageShown;
use baton_process::Shutdown;
use baton_store::NewEvent;
use baton_traces::RecentTraces;
use jiff::Timestamp;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use crate::{
    errand::{About, Errands, Outcome},
    link::Link,
    pause::Pause,
    presence::Presence,
    registry::{Registry, Surroundings},
    session_event::{SessionEvent, TYPING},
    typing::Typing,
};

use known::{Known, Numbered};

pub(crate) use bot::TurnOutcome;
pub(crate) use opening::{HandoffRefused, HandoffRequest};
pub(crate) use relay::NotPosted;

/// How often it is looked whether anybody is connected, while a user waits for an agent.
const ATTENDANCE: Duration = Duration::from_secs(1);

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
    /// Somebody asks for a handoff.
    Handoff {
        /// What is asked.
        request: Box<HandoffRequest>,
        /// Where the outcome goes.
        answer: oneshot::Sender<Result<(), HandoffRefused>>,
    },
    /// The process has started, and the session has something left to do.
    Resume,
    /// A message waits in the outbox again that had left it.
    OutboxFilled,
    /// Nothing has happened in the session for a while: it may be abandoned. With a place among
    /// those that look at a time.
    Idle(OwnedSemaphorePermit),
}

/// What an actor is started with.
pub(crate) struct Workplace {
    pub(crate) session_id: String,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) registry: Registry,
    pub(crate) mailbox: mpsc::Receiver<Box<ActorMessage>>,
    /// Changes when a delivery waits in the inbox.
    pub(crate) arrivals: watch::Receiver<()>,
    /// The newest sequence that the actor knows of; 0 until it has written.
    pub(crate) newest: watch::Sender<u64>,
    /// The newest sequence that was written to a connection.
    pub(crate) shown: watch::Receiver<u64>,
    pub(crate) transient: broadcast::Sender<Utf8Bytes>,
    /// The places for connections that are free.
    pub(crate) places: Arc<Semaphore>,
    /// When a client was last known to be there.
    pub(crate) last_seen_ms: Arc<AtomicI64>,
    /// The same, as an actor before this one knew it.
    pub(crate) gone_since: Timestamp,
    /// Of which traces the newest events are.
    pub(crate) traces: RecentTraces,
    pub(crate) shutdown: Shutdown,
}

/// An actor at work.
pub(crate) struct Actor {
    session_id: String,
    surroundings: Arc<Surroundings>,
    registry: Registry,
    mailbox: mpsc::Receiver<Box<ActorMessage>>,
    arrivals: watch::Receiver<()>,
    newest: watch::Sender<u64>,
    shown: watch::Receiver<u64>,
    transient: broadcast::Sender<Utf8Bytes>,
    places: Arc<Semaphore>,
    shutdown: Shutdown,
    typing: Typing,
    /// The session as the store has it; absent until it matters, and when the store may know
    /// better.
    known: Option<Known>,
    /// When to look into the inbox; absent as long as nothing is known to wait there.
    look_at: Option<Instant>,
    pause: Pause,
    /// The last stamp of a queue.
    stamp: u64,
    errands: Errands,
    /// When a failed post is tried again.
    relay_at: Option<Instant>,
    relay_pause: Pause,
    /// Whether posts fail for what an operator has to mend.
    relay_is_stuck: bool,
    /// Whether the oldest message of the outbox is a farewell for which it was too early.
    farewell_waits: bool,
    /// The notices of a conversation's channel.
    watch: Option<(String, Watch)>,
    /// When the bot is told its turn again after a failure of the store.
    turn_at: Option<Instant>,
    turn_pause: Pause,
    /// When it is shown again that the bot is at work; absent while it is not, or nobody waits for
    /// its answer.
    thinks_at: Option<Instant>,
    last_seen_ms: Arc<AtomicI64>,
    traces: RecentTraces,
    /// The handoff, as it is counted.
    counted: Option<StageShown>,
    /// Whether anybody is connected.
    presence: Presence,
    /// Held by the actor of a session that was abandoned.
    sweep_place: Option<OwnedSemaphorePermit>,
    /// Since when nobody is connected, while the user waits for an agent.
    unattended_since: Option<Instant>,
    /// When the agent was told last that the user types.
    typed_at: Option<Instant>,
}

/// The process stops, or the session is gone: there is nothing left to do.
struct Stopped;

/// What comes next for an actor.
enum Turn {
    Message(Box<ActorMessage>),
    Arrived,
    Look,
    StopTyping,
    Shown(u64),
    Notice(ChannelNotice),
    Outcome(About, Outcome),
    Tick,
    Relay,
    AskBot,
    Think,
    Attendance,
    Reassure,
    Retire,
    Stop,
}

/// Waits until it is due; for ever if nothing is.
async fn at_its_time(due: Option<(Instant, Turn)>) -> Turn {
    match due {
        Some((at, turn)) => {
            sleep_until(at).await;
            turn
        }
        None => future::pending().await,
    }
}

impl Actor {
    pub(crate) fn new(workplace: Workplace) -> Self {
        let Workplace {
            session_id,
            surroundings,
            registry,
            mailbox,
            arrivals,
            newest,
            shown,
            transient,
            places,
            last_seen_ms,
            traces,
            gone_since,
            shutdown,
        } = workplace;
        Self {
            session_id,
            surroundings,
            registry,
            mailbox,
            arrivals,
            newest,
            shown,
            transient,
            places,
            shutdown,
            typing: Typing::default(),
            known: None,
            look_at: None,
            pause: Pause::default(),
            stamp: 0,
            errands: Errands::default(),
            relay_at: None,
            relay_pause: Pause::default(),
            relay_is_stuck: false,
            farewell_waits: false,
            watch: None,
            turn_at: None,
            turn_pause: Pause::default(),
            thinks_at: None,
            last_seen_ms,
            traces,
            counted: None,
            presence: Presence::Gone { since: gone_since },
            sweep_place: None,
            unattended_since: None,
            typed_at: None,
        }
    }

    /// Works until the process stops, or nobody needs the session any more.
    pub(crate) async fn run(&mut self) {
        loop {
            let turn = self.next_turn().await;
            // Boxed, so that an actor that waits, as most do, holds no room for it.
            if Box::pin(self.work(turn)).await.is_err() {
                return;
            }
            self.count_handoff();
            self.pursue();
        }
    }

    async fn work(&mut self, turn: Turn) -> Result<(), Stopped> {
        self.note_presence();
        match turn {
            Turn::Stop => {
                self.finish_errands().await;
                return Err(Stopped);
            }
            Turn::Retire if self.retires() => return Err(Stopped),
            Turn::Message(message) => self.take(*message).await?,
            Turn::Arrived => self.look_at = Some(Instant::now()),
            Turn::Look => self.look().await?,
            Turn::StopTyping => self.stop_typing(),
            Turn::Shown(sequence) => self.note_shown(sequence).await?,
            Turn::Notice(notice) => self.notice(notice).await?,
            Turn::Outcome(about, outcome) => self.outcome(about, outcome).await?,
            Turn::Tick => self.tick().await?,
            Turn::Relay => self.relay_at = None,
            Turn::AskBot => self.turn_at = None,
            Turn::Think => self.think(),
            Turn::Attendance => self.attend().await?,
            // As after every turn.
            Turn::Reassure | Turn::Retire => {}
        }
        self.reassure().await
    }

    async fn next_turn(&mut self) -> Turn {
        let (due, looks) = (self.due(), self.look_at.is_some());
        let notice = async {
            match &mut self.watch {
                Some((_, watch)) => watch.next().await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            // What is not kept is shown before what is stored later.
            biased;
            () = self.shutdown.begun() => Turn::Stop,
            message = self.mailbox.recv() => message.map_or(Turn::Stop, Turn::Message),
            Ok(()) = self.arrivals.changed(), if !looks => Turn::Arrived,
            (about, outcome) = self.errands.next() => Turn::Outcome(about, outcome),
            notice = notice => Turn::Notice(notice),
            Ok(()) = self.shown.changed() => Turn::Shown(*self.shown.borrow_and_update()),
            turn = at_its_time(due) => turn,
        }
    }

    /// What is due first by the clock, and when.
    fn due(&self) -> Option<(Instant, Turn)> {
        let (now, time) = (Instant::now(), self.surroundings.clock.now());
        let after = |left: Duration| now.checked_add(left);
        let idles = self.look_at.is_none() && self.is_idle();
        let due = [
            (self.look_at, Turn::Look),
            (self.typing.left(time).and_then(after), Turn::StopTyping),
            (self.wake_after(time).and_then(after), Turn::Tick),
            (self.relay_at, Turn::Relay),
            (self.turn_at, Turn::AskBot),
            (self.thinks_at, Turn::Think),
            (after(ATTENDANCE).filter(|_| self.waits_for_agent()), Turn::Attendance),
            (self.reassure_in(time).and_then(after), Turn::Reassure),
            (after(self.lingers()).filter(|_| idles), Turn::Retire),
        ];
        let due = due.into_iter().filter_map(|(at, turn)| Some((at?, turn)));
        due.min_by_key(|(at, _)| *at)
    }

    /// Whether nothing is left to do for the sake of Genesys or the bot.
    fn is_idle(&self) -> bool {
        let busy = |known: &Known| {
            let open = known.handoff.as_ref().is_some_and(|handoff| handoff.state.is_open());
            let with_genesys = known.link.is_some() && (open || known.outbox.waits());
            with_genesys || (known.bot.is_some() && known.turns.waits())
        };
        self.errands.is_empty() && !self.known.as_ref().is_some_and(busy)
    }

    async fn take(&mut self, message: ActorMessage) -> Result<(), Stopped> {
        match message {
            ActorMessage::Transient(events) => self.show(events),
            ActorMessage::Client { event, answer } => {
                let outcome = self.client_event(event).await;
                // The client may have gone.
                let _ = answer.send(outcome);
            }
            ActorMessage::Handoff { request, answer } => {
                let outcome = self.request_handoff(*request).await;
                // So may have whoever asked.
                let _ = answer.send(outcome);
            }
            ActorMessage::Resume => self.resume().await?,
            ActorMessage::OutboxFilled => self.outbox_was_filled().await?,
            ActorMessage::Idle(place) => self.end_if_abandoned(place).await,
        }
        Ok(())
    }

    /// Reads the session, however long that takes.
    async fn resume(&mut self) -> Result<(), Stopped> {
        let mut pause = Pause::default();
        loop {
            match self.known().await {
                Ok(_) => return Ok(()),
                Err(error) => self.hold_on(&mut pause, &error).await?,
            }
        }
    }

    /// Has the receipts made that say what was shown to the user.
    async fn note_shown(&mut self, sequence: u64) -> Result<(), Stopped> {
        let mut pause = Pause::default();
        while let Err(error) = self.known().await {
            self.hold_on(&mut pause, &error).await?;
        }
        if self.link().is_none() {
            return Ok(());
        }
        while let Err(error) = self.surroundings.store.shown(&self.session_id, sequence).await {
            self.hold_on(&mut pause, &error).await?;
        }
        self.surroundings.receipts.notify_one();
        Ok(())
    }

    fn link(&self) -> Option<&Arc<Link>> {
        self.known.as_ref()?.link.as_ref()
    }

    fn has_connections(&self) -> bool {
        self.places.available_permits() < MAX_CONNECTIONS_PER_SESSION
    }

    /// Shows what is not kept to whoever is connected.
    fn show(&mut self, events: Vec<SessionEvent>) {
        for event in events {
            match event {
                SessionEvent::TypingStarted { until, at } => {
                    if self.typing.started(until, self.surroundings.clock.now()) {
                        self.show_in_passing(at, TYPING, r#"{"state":"TYPING_STATE_STARTED"}"#);
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
            self.show_in_passing(now, TYPING, r#"{"state":"TYPING_STATE_STOPPED"}"#);
        }
    }

    /// Shows an event that is kept nowhere to whoever is connected, which may be nobody.
    fn show_in_passing(&self, at: Timestamp, kind: &'static str, payload: &str) {
        let Some(frame) = self.passing_frame(at, kind, payload) else { return };
        if self.transient.send(frame.clone()).is_ok() {
            self.surroundings.passing.tell(&self.session_id, kind, frame);
        }
    }

    /// An event that is kept nowhere; none if there is no chance to be had for its id.
    fn passing_frame(&self, at: Timestamp, kind: &str, payload: &str) -> Option<Utf8Bytes> {
        let id = self.surroundings.random.uuid().inspect_err(|error| {
            let session_id = &self.session_id;
            tracing::error!(session_id, %error, kind, "an event was not shown");
        });
        Some(transient_frame(id.ok()?, at, kind, payload, None))
    }

    /// An event of this moment.
    fn event(&self, id: String, kind: &str, payload: &str, metadata: Option<String>) -> NewEvent {
        NewEvent {
            id,
            timestamp: timestamp_text(self.surroundings.clock.now()),
            kind: kind.to_owned(),
            payload: payload.to_owned(),
            metadata,
            message_id: None,
        }
    }
}
