//! A person at a chat window with a bad network: the socket is opened again with a cursor, and
//! what was not echoed is said again.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use baton_tests::chat::{Session, Socket, sequence_of};
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

/// After how long an echo counts as missing.
const ECHO: Duration = Duration::from_millis(700);

/// The pause between two tries to connect.
const AGAIN: Duration = Duration::from_millis(50);

/// What the person is to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Say this.
    Say(String),
    /// Close the socket and come back after so long.
    Away(Duration),
    /// End the session.
    End,
    /// Go without a word, and never come back.
    Vanish,
}

/// What the person saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The log, by sequence.
    pub(crate) log: BTreeMap<u64, Value>,
    /// What must not be.
    pub(crate) problems: Vec<String>,
    /// Said, and not echoed yet.
    pub(crate) unechoed: VecDeque<(String, String)>,
    ended: bool,
}

/// The person. It does what it is told in a task of its own, as long as it is held.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) session: Session,
    seen: Arc<Mutex<Seen>>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Person {
    /// Comes to a session.
    pub(crate) fn arrive(chat: SocketAddr, session: Session) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let (orders, ordered) = mpsc::unbounded_channel();
        let window =
            Window { chat, session: session.clone(), seen: Arc::clone(&seen), orders: ordered };
        tokio::spawn(window.sit());
        Self { session, seen, orders }
    }

    /// Gives an order.
    pub(crate) fn order(&self, order: Order) {
        // One who has gone hears nothing.
        let _ = self.orders.send(order);
    }

    /// What the person has seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole log as a client reads it that knows nothing of it.
    pub(crate) async fn replay(&self, chat: SocketAddr) -> Seen {
        let mut seen = Seen::default();
        let last = self.seen().log.keys().next_back().copied().unwrap_or(0);
        let Some(mut socket) = Socket::open_after(chat, &self.session, None).await else {
            seen.problems.push("the session cannot be opened any more".to_owned());
            return seen;
        };
        // What stands there beyond what is known comes at once.
        let quiet = |seen: &Seen| {
            let complete = seen.log.keys().next_back().is_some_and(|read| *read >= last);
            if complete { Duration::from_millis(150) } else { Duration::from_secs(5) }
        };
        while let Ok(Some(event)) = timeout(quiet(&seen), socket.next()).await {
            seen.take(event);
        }
        seen
    }
}

impl Seen {
    fn take(&mut self, event: Value) {
        let Some(sequence) = sequence_of(&event) else { return };
        if event["type"] == "EVENT_TYPE_USER_MESSAGE" {
            let local_id = event["metadata"]["custom"]["local_id"].as_str();
            self.unechoed.retain(|(own, _)| Some(&**own) != local_id);
        }
        self.ended |= event["type"] == "EVENT_TYPE_SESSION_END";
        match self.log.get(&sequence) {
            None => drop(self.log.insert(sequence, event)),
            Some(known) if known["id"] == event["id"] && known["type"] == event["type"] => {}
            Some(known) => {
                self.problems.push(format!("{sequence} was {known} and now is {event}"));
            }
        }
    }
}

/// Where the person sits.
struct Window {
    chat: SocketAddr,
    session: Session,
    seen: Arc<Mutex<Seen>>,
    orders: mpsc::UnboundedReceiver<Order>,
}

/// Why the person is not at the socket any more.
enum Gone {
    /// It is closed: to be opened again after so long.
    For(Duration),
    /// There is nothing left to do.
    ForGood,
}

impl Window {
    async fn sit(mut self) {
        while !self.is_over() {
            let cursor = self.seen().log.keys().next_back().copied();
            let Some(socket) = Socket::open_after(self.chat, &self.session, cursor).await else {
                sleep(AGAIN).await;
                continue;
            };
            match self.talk(socket).await {
                Gone::For(pause) => sleep(pause).await,
                Gone::ForGood => return,
            }
        }
    }

    async fn talk(&mut self, mut socket: Socket) -> Gone {
        self.repeat(&mut socket).await;
        loop {
            tokio::select! {
                event = socket.next() => match event {
                    Some(event) => self.seen().take(event),
                    None => return Gone::For(AGAIN),
                },
                order = self.orders.recv() => match order {
                    Some(Order::Say(text)) => {
                        let local_id = format!("{} {text}", self.session.id);
                        self.seen().unechoed.push_back((local_id.clone(), text.clone()));
                        socket.say(&text, &local_id).await;
                    }
                    Some(Order::Away(pause)) => return Gone::For(pause),
                    Some(Order::End) => {
                        socket.send("EVENT_TYPE_USER_END_SESSION", json!({}), None).await;
                    }
                    Some(Order::Vanish) | None => return Gone::ForGood,
                },
                () = sleep(ECHO) => self.repeat(&mut socket).await,
            }
        }
    }

    /// Says again what was not echoed, in order.
    async fn repeat(&mut self, socket: &mut Socket) {
        let unechoed = self.seen().unechoed.clone();
        for (local_id, text) in unechoed {
            socket.say(&text, &local_id).await;
        }
    }

    fn is_over(&self) -> bool {
        self.seen().ended
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
