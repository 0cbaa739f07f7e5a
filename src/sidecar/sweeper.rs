//! Looks after sessions that nobody looks after: the abandoned are ended, the old forgotten.
//!
//! The store says in which sessions nothing has happened for a while; whether one has ended with
//! that is for its actor to say, which alone knows what goes on. What a sweep leaves, for whatever
//! reason, the next one finds.

use std::{sync::Arc, time::Duration};

use baton_process::{Clock, Shutdown};
use baton_store::{IdleSession, Store, StoreError};
use jiff::Timestamp;
use tokio::{sync::Semaphore, time::sleep};

use crate::{actor::ActorMessage, cause::Chain, configuration::SessionOptions, registry::Registry};

/// How many idle sessions are read at a time.
const PAGE: usize = 256;

/// How many actors may be at work for the sake of a sweep at a time.
const AWAKE: usize = 64;

/// How many sessions are forgotten at a time.
const FORGOTTEN: usize = 50;

/// What lies between two such batches, so that what is new does not wait for what is old.
const BETWEEN_BATCHES: Duration = Duration::from_millis(100);

/// The one that looks through the sessions.
pub(crate) struct Sweeper {
    pub(crate) store: Store,
    pub(crate) registry: Registry,
    pub(crate) clock: Clock,
    pub(crate) options: SessionOptions,
    /// How long lies between two looks.
    pub(crate) every: Duration,
    pub(crate) shutdown: Shutdown,
}

impl Sweeper {
    /// Works until the process stops.
    pub(crate) async fn run(self) {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = shutdown.begun() => {}
            // Neither waits for the other.
            () = async { tokio::join!(self.end_abandoned(), self.forget_old()); } => {}
        }
    }

    async fn end_abandoned(&self) {
        let awake = Arc::new(Semaphore::new(AWAKE));
        loop {
            if let Err(error) = self.look_for_abandoned(&awake).await {
                tracing::error!(error = %Chain(&error), "abandoned sessions could not be read");
            }
            sleep(self.every).await;
        }
    }

    /// Wakes the actors of the sessions that are abandoned, as far as is known without them.
    async fn look_for_abandoned(&self, awake: &Arc<Semaphore>) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.registry.forget_departures(before(now, self.options.idle));
        let idle_since = before(now, self.options.shortest()).as_millisecond();
        let mut last = None;
        loop {
            let page = self.store.idle_sessions(idle_since, last, PAGE).await?;
            for session in &page {
                if self.may_be_abandoned(session, now) {
                    self.wake(&session.session_id, awake).await;
                }
            }
            last = page.into_iter().last();
            if last.is_none() {
                return Ok(());
            }
        }
    }

    fn may_be_abandoned(&self, session: &IdleSession, now: Timestamp) -> bool {
        let active_at = Timestamp::from_millisecond(session.active_at_ms);
        let active_at = active_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let presence = self.registry.presence(&session.session_id);
        presence.is_none_or(|presence| presence.abandons(active_at, now, &self.options))
    }

    /// Has the session's actor look, once there is a place for it.
    async fn wake(&self, session_id: &str, awake: &Arc<Semaphore>) {
        let Ok(place) = Arc::clone(awake).acquire_owned().await else { return };
        let Some(actor) = self.registry.actor(session_id) else { return };
        // One that has more to do than it can take is found again.
        actor.send_or_drop(ActorMessage::Idle(place));
    }

    async fn forget_old(&self) {
        let Some(retention) = self.options.retention else { return };
        loop {
            let ended_before = before(self.clock.now(), retention).as_millisecond();
            let pause = match self.forget_before(ended_before).await {
                Ok(FORGOTTEN..) => BETWEEN_BATCHES,
                Ok(_) => self.every,
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "old sessions have to wait");
                    self.every
                }
            };
            sleep(pause).await;
        }
    }

    /// Forgets sessions, and what belongs to none, as far as they are older than this time. At
    /// least as many as a batch, if more may be left.
    async fn forget_before(&self, before_ms: i64) -> Result<usize, StoreError> {
        let sessions = self.store.forget_sessions(before_ms, FORGOTTEN).await?;
        Ok(sessions.max(self.store.forget_of_nobody(before_ms, FORGOTTEN).await?))
    }
}

/// The time so much earlier; the first there is, if there is none.
fn before(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_sub(duration).unwrap_or(Timestamp::MIN)
}
