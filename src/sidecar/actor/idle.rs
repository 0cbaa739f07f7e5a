//! A session that nobody uses any more ends by itself.

use std::{sync::atomic::Ordering, time::Duration};

use baton_chat::SESSION_END;
use baton_store::{Step, StoreError};
use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use super::Actor;
use crate::{cause::Chain, presence::Presence};

/// How long the actor of a session that was abandoned stays for whoever may come.
const AFTER_THE_END: Duration = Duration::from_millis(100);

impl Actor {
    /// Looks whether anybody is connected. An application that speaks for its user always is.
    pub(super) fn note_presence(&mut self) {
        // Told before a client's place is free.
        let connected = self.has_connections() || self.is_of_application();
        let last_seen = Timestamp::from_millisecond(self.last_seen_ms.load(Ordering::Relaxed));
        let last_seen = last_seen.unwrap_or(Timestamp::UNIX_EPOCH);
        self.presence = self.presence.seen(connected, last_seen);
    }

    /// Ends the session if it is abandoned. The place is held until the actor goes then, so that
    /// a sweep wakes no more of them than there are places.
    pub(super) async fn end_if_abandoned(&mut self, place: OwnedSemaphorePermit) {
        let ended = match self.is_abandoned().await {
            Ok(true) => self.abandon().await,
            Ok(false) => return,
            Err(error) => Err(error),
        };
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        let stays = handoff.is_some_and(|handoff| handoff.state.is_open());
        let session_id = &self.session_id;
        match ended {
            Ok(()) => {
                tracing::info!(session_id, "a session was abandoned, and has ended");
                // One that stays for the sake of Genesys was not woken by the sweep.
                self.sweep_place = Some(place).filter(|_| !stays);
            }
            Err(error) => {
                // The next sweep finds it again.
                tracing::error!(session_id, error = %Chain(&error), "an idle session has to wait");
            }
        }
    }

    /// Whether nobody uses the session any more. While a handoff goes on, that is for the agent to
    /// say, or for how long a user may wait; and what is about to be taken counts first.
    async fn is_abandoned(&mut self) -> Result<bool, StoreError> {
        self.known().await?;
        let session = self.surroundings.store.session(&self.session_id).await?;
        let session = session.ok_or(StoreError::UnknownSession)?;
        let waits = !self.mailbox.is_empty()
            || self.look_at.is_some()
            || self.arrivals.has_changed().unwrap_or(false);
        if waits || session.ended || self.has_open_handoff() {
            return Ok(false);
        }
        self.note_presence();
        let active_at = Timestamp::from_millisecond(session.active_at_ms);
        let active_at = active_at.unwrap_or(Timestamp::UNIX_EPOCH);
        // A handoff of a tenant that is not there may have been silent for long, and yet go on when
        // it is there again: it has its whole time for that.
        let active_at = match self.link() {
            Some(_) => active_at,
            None => active_at.max(self.surroundings.started_at),
        };
        let now = self.surroundings.clock.now();
        Ok(self.presence.abandons(active_at, now, &self.surroundings.sessions))
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        let reason = r#"{"reason":"REASON_USER_ABANDONED"}"#;
        let events = vec![self.own_event(SESSION_END, reason, None)];
        self.carry_out(Step { events, ends_session: true, ..Step::default() }, None).await
    }

    /// Leaves the registry, unless somebody needs the session.
    pub(super) fn retires(&self) -> bool {
        let gone_since = match self.presence {
            Presence::Connected => self.surroundings.clock.now(),
            Presence::Gone { since } => since,
        };
        self.registry.retire(&self.session_id, &self.mailbox, &self.arrivals, gone_since)
    }

    /// How long the actor stays with nothing to do.
    pub(super) fn lingers(&self) -> Duration {
        match &self.sweep_place {
            Some(_) if !self.has_connections() => AFTER_THE_END,
            _ => self.surroundings.idle,
        }
    }
}
