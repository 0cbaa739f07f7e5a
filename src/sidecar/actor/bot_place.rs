//! Whether the bot is in the chat, as the user sees it.

use baton_bot::TurnKind;
use baton_store::{LoggedEvent, NewEvent, Step, StoreError};

use super::Actor;
use crate::{
    narration::{BOT_JOINED, BOT_LEFT},
    turn,
};

/// By what the log tells where the bot is.
const COMINGS_AND_GOINGS: [&str; 2] = [BOT_JOINED, BOT_LEFT];

/// Where the bot is, as the user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BotPlace {
    /// It has not come.
    Outside,
    /// It is in the chat.
    Inside,
    /// It has left.
    Gone,
}

impl Actor {
    /// The user asks for the bot: it comes once, however often that is asked.
    pub(super) fn bot_joins(&self, step: &mut Step) {
        let Some(bot) = self.bot() else { return };
        step.events.push(self.own_event(BOT_JOINED, &bot.shown().to_string(), None));
        step.turns.push(turn::queued(&self.session_id, "start", &TurnKind::SessionStart));
    }

    /// That the bot is there again, which it says in answer to this turn.
    pub(super) fn bot_returns(&self, turn_id: &str) -> Option<NewEvent> {
        let shown = self.bot()?.shown().to_string();
        Some(self.event(self.id_of_turn(turn_id, "back"), BOT_JOINED, &shown, None))
    }

    /// Whether the bot has not come yet. A client asks for it once, and never again if that was
    /// lost on the way (Messaging API, 5.2); what an application opens has a bot from the start.
    pub(super) async fn bot_is_awaited(&mut self) -> Result<bool, StoreError> {
        Ok(!self.is_of_application() && self.bot_place().await? == BotPlace::Outside)
    }

    /// Where the bot is, read from the log unless it is known.
    pub(super) async fn bot_place(&mut self) -> Result<BotPlace, StoreError> {
        let store = self.surroundings.store.clone();
        let known = self.known().await?;
        if let Some(place) = known.bot_place {
            return Ok(place);
        }
        let id = &known.session.details.session_id;
        let place = match store.recent_events(id, &COMINGS_AND_GOINGS, 1, 0).await?.last() {
            None => BotPlace::Outside,
            Some(event) if event.kind == BOT_LEFT => BotPlace::Gone,
            Some(_) => BotPlace::Inside,
        };
        Ok(*known.bot_place.insert(place))
    }

    /// Notes what a step has added to the log.
    pub(super) fn note_bot(&mut self, logged: &[LoggedEvent]) {
        let moved = logged.iter().any(|event| COMINGS_AND_GOINGS.contains(&event.kind.as_str()));
        if let Some(known) = self.known.as_mut().filter(|_| moved) {
            known.bot_place = None;
        }
    }
}
