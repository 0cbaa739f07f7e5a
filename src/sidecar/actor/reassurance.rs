//! A word to a user who hears nothing for long.
//!
//! A client counts only messages as a sign of life, and takes a session without one for over
//! after ten minutes, whatever else it is told (Messaging API, 9). Neither a long queue nor a
//! silent agent may cost the user the chat.

use std::time::Duration;

use baton_core::id::Id;
use baton_handoff::REASSURANCE;
use baton_store::{LoggedEvent, NewEvent, Step, StoreError};
use jiff::Timestamp;
use serde_json::json;

use super::{Actor, Stopped, opening::SAID};
use crate::{cause::Chain, configuration::Reassurance};

/// When to look again at what cannot be said now.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The last message of the session, whoever said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastMessage {
    /// Its place in the log; 0 before the first one.
    sequence: u64,
    /// When it was said; before the first one, when the session began.
    at: Timestamp,
}

impl LastMessage {
    /// How long until so much time has passed since.
    fn left(self, after: Duration, now: Timestamp) -> Duration {
        let silence = Duration::try_from(now.duration_since(self.at)).unwrap_or_default();
        after.saturating_sub(silence)
    }
}

impl Actor {
    /// Tells a user who waits, or whose agent is silent, that the chat goes on, when it is time
    /// and somebody is connected.
    pub(super) async fn reassure(&mut self) -> Result<(), Stopped> {
        if self.reassurance().is_none() || !self.has_connections() {
            return Ok(());
        }
        let last = match self.last_message().await {
            Ok(last) => last,
            Err(error) => {
                let (session_id, error) = (&self.session_id, Chain(&error));
                tracing::error!(session_id, %error, "a user who waits could not be reassured");
                return Ok(());
            }
        };
        let now = self.surroundings.clock.now();
        let Some(reassurance) = self.reassurance() else { return Ok(()) };
        if !last.left(reassurance.after, now).is_zero() {
            return Ok(());
        }
        let text = match self.waits_for_agent() {
            true => &reassurance.in_queue,
            false => &reassurance.with_agent,
        };
        let events = vec![self.reassuring(text, last)];
        self.complete(Step { events, ..Step::default() }, None).await
    }

    /// How long until it may be time for that; none while no human is to answer.
    pub(super) fn reassure_in(&self, now: Timestamp) -> Option<Duration> {
        let after = self.reassurance()?.after;
        let last = self.known.as_ref()?.last_message;
        let left = last.map_or(Duration::ZERO, |last| last.left(after, now));
        // It is time, and nobody is connected: whoever comes is told soon.
        Some(if left.is_zero() { LOOK_AGAIN } else { left })
    }

    /// Notes what a step has added to the log at this time.
    pub(super) fn note_messages(&mut self, logged: &[LoggedEvent], at_ms: i64) {
        let known = self.known.as_mut().and_then(|known| known.last_message.as_mut());
        let Some(last) = known else { return };
        let new = logged.iter().filter(|event| SAID.contains(&event.kind.as_str()));
        let newest = new.map(|event| event.sequence).max().unwrap_or(0);
        // What was there before the step says nothing of now.
        if newest > last.sequence {
            let at = Timestamp::from_millisecond(at_ms).unwrap_or(last.at);
            *last = LastMessage { sequence: newest, at };
        }
    }

    /// What is said, while a handoff goes on for which anything is.
    fn reassurance(&self) -> Option<&Reassurance> {
        let reassurance = self.link()?.options.reassurance.as_ref()?;
        self.has_open_handoff().then_some(reassurance)
    }

    /// The last message, read from the log unless it is known.
    async fn last_message(&mut self) -> Result<LastMessage, StoreError> {
        let store = self.surroundings.store.clone();
        let known = self.known().await?;
        if let Some(last) = known.last_message {
            return Ok(last);
        }
        let details = &known.session.details;
        let newest = store.recent_events(&details.session_id, &SAID, 1, 0).await?;
        let began = Timestamp::from_millisecond(details.created_at_ms);
        let began = began.unwrap_or(Timestamp::UNIX_EPOCH);
        let last = match newest.last() {
            Some(event) => LastMessage {
                sequence: event.sequence,
                at: event.timestamp.parse().unwrap_or(began),
            },
            None => LastMessage { sequence: 0, at: began },
        };
        Ok(*known.last_message.insert(last))
    }

    /// The event of it: one for each message after which nothing came for too long, however often
    /// it is tried.
    fn reassuring(&self, text: &str, last: LastMessage) -> NewEvent {
        let parts = [self.session_id.as_bytes(), b"reassurance", &last.sequence.to_be_bytes()];
        let id = Id::of_parts(&parts).to_string();
        let payload = json!({
            "message_id": id,
            "text": text,
            "attachments": [],
            "response_suggestions": [],
            REASSURANCE: true,
        });
        self.event(id, "EVENT_TYPE_POLY_AGENT_MESSAGE", &payload.to_string(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_is_time_when_nobody_has_said_anything_for_so_long() {
        let last = LastMessage { sequence: 7, at: at(1000) };
        let left = |now| last.left(Duration::from_secs(510), at(now)).as_secs();
        assert_eq!([1000, 1509, 1510, 9000].map(left), [510, 1, 0, 0]);
    }

    #[test]
    fn a_message_from_a_clock_that_goes_ahead_counts_as_said_now() {
        let last = LastMessage { sequence: 7, at: at(2000) };
        assert_eq!(last.left(Duration::from_secs(510), at(1000)).as_secs(), 510);
    }

    #[test]
    fn invariant_14_a_user_is_reassured_before_a_client_expires() {
        // Clients look at it with each heartbeat, and expire after 600 s (Messaging API, 9).
        assert!(Reassurance::default().after <= Duration::from_secs(600 - 2 * 30));
    }
}
