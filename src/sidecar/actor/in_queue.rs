//! What a flow or bot of Genesys says while a handoff is open, such as the user's place in the
//! queue.

use std::borrow::Cow;

use baton_bot::{Handover, HandoverState, TurnKind};
use baton_store::{LoggedEvent, NewEvent, Step, StoreError};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{Actor, Numbered};
use crate::{
    configuration::InQueueMessages,
    delivery::Delivery,
    narration::{QUEUE_STATUS, TRIGGERED, plain},
    turn,
};

/// How many statuses are looked through for the last that had words: estimates have none.
const MOST_STATUSES: usize = 32;

/// The most bytes of the log that are read for that.
const MOST_BYTES: usize = 32 * 1024;

/// As much of a message's payload as says what it is.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(default)]
    attachments: Vec<IgnoredAny>,
    #[serde(default)]
    response_suggestions: Vec<IgnoredAny>,
}

impl Said<'_> {
    /// Whether it is words and nothing else.
    fn is_plain(&self) -> bool {
        let is_bare = self.attachments.is_empty() && self.response_suggestions.is_empty();
        is_bare && !self.text.is_empty()
    }
}

/// As much of a queue's status as this room told of it.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    display_message: Option<String>,
}

impl Actor {
    /// Adds to the step what a flow or bot of Genesys said, where that is to be shown; our bot is
    /// told, too. To a user who waits, words are how it stands in the queue, and are said again
    /// only when they have changed. What can be chosen or opened, only a message can show.
    pub(super) async fn said_by_flow(
        &self,
        step: &mut Step,
        event: NewEvent,
        handoff: Option<&Numbered>,
    ) -> Result<(), StoreError> {
        // Before and after a handoff it would only talk across our bot.
        let open = handoff.filter(|handoff| !handoff.state.is_over());
        let Some(handoff) = open.filter(|_| self.shows_in_queue_messages()) else { return Ok(()) };
        let payload = event.payload.clone();
        let said: Option<Said<'_>> = serde_json::from_str(&payload).ok();
        let status = said.as_ref().filter(|said| handoff.state.is_waiting() && said.is_plain());
        let event = match status {
            Some(said) if self.last_status().await?.as_deref() == Some(&*said.text) => {
                return Ok(());
            }
            Some(said) => {
                let payload = status_payload(&said.text, handoff.state.queue_name());
                NewEvent { kind: QUEUE_STATUS.to_owned(), payload, ..event }
            }
            None => event,
        };
        if let (Some(said), Some(_)) = (said, self.bot()) {
            let handover = Handover { text: Some(said.text), ..plain(HandoverState::Update) };
            let kind = TurnKind::HandoverUpdate { handover };
            step.turns.push(turn::queued(&self.session_id, &event.id, &kind));
        }
        step.events.push(event);
        Ok(())
    }

    /// What the present handoff's last status says, if that has words.
    async fn last_status(&self) -> Result<Option<String>, StoreError> {
        let (store, kinds) = (&self.surroundings.store, [QUEUE_STATUS, TRIGGERED]);
        let last = store.recent_events(&self.session_id, &kinds, MOST_STATUSES, MOST_BYTES).await?;
        let of_this = last.iter().rev().take_while(|event| event.kind == QUEUE_STATUS);
        let words = |event: &LoggedEvent| {
            serde_json::from_str::<Status>(&event.payload).ok()?.display_message
        };
        Ok(of_this.filter_map(words).next())
    }

    /// Says why nothing is shown of what a flow of Genesys says, where it is to be shown.
    pub(super) fn note_dropped(&self, delivery: &Delivery<'_>) {
        if self.shows_in_queue_messages() && delivery.is_dropped_message_of_bot() {
            let session_id = &self.session_id;
            tracing::warn!(
                session_id,
                "the edge leaves out what a flow or bot of Genesys says; set its bot_messages to \
                 \"forward\""
            );
        }
    }

    fn shows_in_queue_messages(&self) -> bool {
        self.link().is_some_and(|link| link.options.in_queue_messages == InQueueMessages::Show)
    }
}

/// How it stands in the queue, in Genesys' words (Messaging API, 8).
fn status_payload(text: &str, queue_name: Option<&str>) -> String {
    let mut payload = Map::from_iter([("display_message".to_owned(), text.into())]);
    payload.extend(queue_name.map(|name| ("queue_name".to_owned(), name.into())));
    Value::Object(payload).to_string()
}
