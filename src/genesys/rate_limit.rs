//! Keeps to Genesys' rate: each call waits for its turn.

use std::{
    collections::HashMap,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

use crate::{error::retry_after, pace::Pace};

mod class;
mod schedule;

pub use class::Class;
use schedule::{Place, Ruling, Schedule, Usage};

/// Why a call gets no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTurn;

/// How things stand with the rate, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateState {
    /// How many requests Genesys takes in a window.
    pub allowed: u32,
    /// How many of them were spent in the window that ends now.
    pub spent: u32,
    /// How many calls of each class wait, in the order in which the classes go.
    pub waiting: [(Class, usize); 8],
    /// For how long Genesys wants to be left alone.
    pub held_for: Option<Duration>,
}

/// The rate limit of one token. Clones share it.
#[derive(Clone)]
pub(crate) struct RateLimit(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Somebody came, left, or Genesys said something.
    changed: Notify,
    pace: Pace,
}

struct State {
    schedule: Schedule,
    turns: HashMap<Place, oneshot::Sender<Result<(), NoTurn>>>,
    /// Whether a task is about that lets the waiting go when there is room again.
    ushered: bool,
}

impl RateLimit {
    pub(crate) fn new(pace: &Pace) -> Self {
        let schedule = Schedule::new(pace.rate_window);
        let state = State { schedule, turns: HashMap::new(), ushered: false };
        let shared =
            Shared { state: Mutex::new(state), changed: Notify::new(), pace: pace.clone() };
        Self(Arc::new(shared))
    }

    /// Returns when a call of the class may be sent. What it returns is kept until the answer is
    /// there. A caller that is dropped leaves the queue.
    pub(crate) async fn turn(&self, class: Class) -> Result<Turn<'_>, NoTurn> {
        let (turn, outcome) = self.enter(class);
        outcome.await.unwrap_or(Err(NoTurn))?;
        Ok(turn)
    }

    /// Learns from the headers of an answer.
    pub(crate) fn observe(&self, status: StatusCode, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
        let pace = &self.0.pace;
        let now = Instant::now();
        let mut state = self.0.lock();
        if let Some(allowed) = number("inin-ratelimit-allowed") {
            let count = number("inin-ratelimit-count").unwrap_or(0);
            let reset = number("inin-ratelimit-reset")
                .map_or(pace.rate_window, |seconds| pace.seconds(seconds.into()));
            state.schedule.learn(Usage { allowed, count, reset }, now);
        }
        if let Some(pause) = pause_after(status, headers, pace) {
            state.schedule.hold(pause, now);
        }
        state.let_go(now);
        drop(state);
        self.0.changed.notify_one();
    }

    /// How things stand.
    pub(crate) fn state(&self) -> RateState {
        let now = Instant::now();
        let mut state = self.0.lock();
        let schedule = &mut state.schedule;
        RateState {
            allowed: schedule.allowed(),
            spent: schedule.spent(now),
            waiting: Class::ALL.map(|class| (class, schedule.waiting(class))),
            held_for: schedule.held_for(now),
        }
    }

    fn enter(&self, class: Class) -> (Turn<'_>, oneshot::Receiver<Result<(), NoTurn>>) {
        let (sender, receiver) = oneshot::channel();
        let now = Instant::now();
        let mut state = self.0.lock();
        let place = state.schedule.enter(class, now);
        state.turns.insert(place, sender);
        state.let_go(now);
        if state.schedule.is_empty() {
            // It could go at once.
        } else if state.ushered {
            self.0.changed.notify_one();
        } else {
            state.ushered = true;
            tokio::spawn(usher(Arc::clone(&self.0)));
        }
        (Turn { shared: &self.0, place }, receiver)
    }
}

/// How long Genesys wants to be left alone after an answer.
fn pause_after(status: StatusCode, headers: &HeaderMap, pace: &Pace) -> Option<Duration> {
    let told = retry_after(headers, pace);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Some(told.unwrap_or_else(|| pace.seconds(1))),
        // One service says so for all of Genesys: it is not believed for longer than a window.
        StatusCode::SERVICE_UNAVAILABLE => told.map(|pause| pause.min(pace.rate_window)),
        _ => None,
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells all whose turn it is, or will not come.
    fn let_go(&mut self, now: Instant) {
        while let Some(ruling) = self.schedule.rule(now) {
            let (place, outcome) = match ruling {
                Ruling::Go(place) => (place, Ok(())),
                Ruling::GiveUp(place) => (place, Err(NoTurn)),
            };
            if let Some(turn) = self.turns.remove(&place) {
                // Whoever is gone in this moment has spent its turn.
                let _ = turn.send(outcome);
            }
        }
    }
}

/// Lets the waiting go as time makes room, for as long as anybody waits.
async fn usher(shared: Arc<Shared>) {
    loop {
        let wake_at = {
            let now = Instant::now();
            let mut state = shared.lock();
            state.let_go(now);
            if state.schedule.is_empty() {
                state.ushered = false;
                return;
            }
            state.schedule.wake_at()
        };
        let due = async {
            match wake_at {
                Some(wake_at) => sleep_until(wake_at).await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.changed.notified() => {}
        }
    }
}

/// A place in the queue, and then among those that are under way, until this is dropped.
pub(crate) struct Turn<'a> {
    shared: &'a Shared,
    place: Place,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.turns.remove(&self.place);
        state.schedule.leave(self.place, Instant::now());
        drop(state);
        self.shared.changed.notify_one();
    }
}
