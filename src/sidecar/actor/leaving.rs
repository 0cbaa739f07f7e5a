//! The user leaves: by a word, or without one.

use std::collections::BTreeMap;

use baton_application::is_of_application;
use baton_chat::{Refused, SESSION_END};
use baton_handoff::{Input, Leaving};
use baton_store::{NewOutgoing, Step};
use tokio::time::Instant;

use super::{Actor, Numbered, Stopped};
use crate::outgoing::{Speaker, Words};

const USER_END_SESSION: &str = "EVENT_TYPE_USER_END_SESSION";

impl Actor {
    /// The user ends the chat: at once where no handoff is open; else the handoff is brought to
    /// its end first, and ends the session.
    pub(super) async fn user_ends(&mut self, metadata: Option<String>) -> Result<(), Refused> {
        let echo = self.own_event(USER_END_SESSION, "{}", metadata);
        if self.has_open_handoff() {
            if self.echo_again(&echo.id).await? {
                return Ok(());
            }
            let mut step = Step { events: vec![echo], ..Step::default() };
            let handoff = self.leave(&mut step, Leaving::EndedByUser);
            return self.written(step, handoff).await;
        }
        let reason = r#"{"reason":"REASON_USER_END"}"#;
        let events = vec![echo, self.own_event(SESSION_END, reason, None)];
        self.written(Step { events, ends_session: true, ..Step::default() }, None).await
    }

    /// Nobody is connected, and the user waits for an agent: after a time the user counts as
    /// gone.
    pub(super) async fn attend(&mut self) -> Result<(), Stopped> {
        // An application speaks for its user, who is never connected here.
        let is_here = self.has_connections() || self.is_of_application();
        let Some(link) = self.link().filter(|_| !is_here) else {
            self.unattended_since = None;
            return Ok(());
        };
        let abandon_after = link.options.abandon_after;
        let since = *self.unattended_since.get_or_insert_with(Instant::now);
        if since.elapsed() < abandon_after {
            return Ok(());
        }
        let session_id = &self.session_id;
        tracing::info!(session_id, "the user left while waiting for an agent");
        let mut step = Step::default();
        let left = self.leave(&mut step, Leaving::Abandoned);
        self.complete(step, left).await
    }

    /// Whether an application opened the session, and speaks for its user.
    pub(super) fn is_of_application(&self) -> bool {
        self.known.as_ref().is_some_and(|known| is_of_application(&known.session.details))
    }

    /// Whether a user waits for an agent, and has not left.
    pub(super) fn waits_for_agent(&self) -> bool {
        let handoff = self.known.as_ref().and_then(|known| known.handoff.as_ref());
        handoff.is_some_and(|handoff| handoff.state.is_waiting())
    }

    /// The user leaves an open handoff: the agent is told, and the handoff.
    fn leave(&self, step: &mut Step, leaving: Leaving) -> Option<Numbered> {
        let (left, notices) = self.apply(Input::Left(leaving))?;
        step.outgoing = self.farewell(&left);
        self.tell(step, notices, &left);
        Some(left)
    }

    fn farewell(&self, handoff: &Numbered) -> Vec<NewOutgoing> {
        let note = self.link().and_then(|link| link.options.left_note.as_deref());
        let Some(text) = note else { return Vec::new() };
        let words = Words {
            id: &format!("{}/left/{}", self.session_id, handoff.number),
            text,
            speaker: Speaker::Farewell,
            at: self.surroundings.clock.now(),
            attributes: BTreeMap::new(),
        };
        words.messages()
    }
}
