//! The bot's side of a session: what it is told, one turn after the other, and what comes of its
//! answers.

use std::sync::Arc;

use baton_bot::{BotAnswer, BotError, Handover, HandoverState, Turn, TurnKind};
use baton_chat::{Refused, SESSION_END, transient_frame};
use baton_core::id::Id;
use baton_store::{NewEvent, Step, StoreError};
use serde_json::json;
use tokio::time::Instant;

use super::{Actor, Known, Stopped};
use crate::{
    bots::TenantBot,
    cause::Chain,
    configuration::WhenDown,
    errand::{Errand, Outcome},
    narration::BOT_JOINED,
    session_event::BOT_MESSAGE,
    turn,
};

const BOT_THINKS: &str = "EVENT_TYPE_POLY_AGENT_THINKING";

/// What the user is told when the bot does not answer (Messaging API, 8.4).
const BOT_IS_DOWN: &str = "Sorry, I'm having trouble responding right now. Please try again.";

/// What a turn was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// What the user said, or that the user came: an answer is missed.
    User,
    /// How a handover goes.
    Handover,
    /// That a handover goes on already. The bot is not told that again.
    AlreadyInProgress,
    /// The end of the session.
    End,
}

impl Subject {
    fn of(kind: &TurnKind<'_>) -> Self {
        match kind {
            TurnKind::SessionStart | TurnKind::UserMessage { .. } => Self::User,
            TurnKind::HandoverUpdate { handover } => match handover.state {
                HandoverState::AlreadyInProgress => Self::AlreadyInProgress,
                _ => Self::Handover,
            },
            TurnKind::SessionEnd => Self::End,
        }
    }
}

/// A turn that the bot was told.
pub(crate) struct Told {
    /// Its number in the queue.
    number: u64,
    /// Its id.
    id: String,
    subject: Subject,
}

/// What came of a turn.
pub(crate) enum TurnOutcome {
    /// The bot answered.
    Answered(Told, Box<BotAnswer>),
    /// It did not.
    Failed(Told, Box<BotError>),
    /// A human has the chat, or it has ended: the bot is not asked any more.
    Skipped {
        /// Its number in the queue.
        number: u64,
    },
    /// Nothing waited when the queue had been filled so often.
    NoTurn {
        /// How often.
        filled: u64,
    },
    /// The queue could not be read.
    Unread(StoreError),
}

impl Actor {
    /// The tenant's bot, if it has one.
    pub(super) fn bot(&self) -> Option<&Arc<TenantBot>> {
        self.known.as_ref()?.bot.as_ref()
    }

    /// Whether the bot has not come yet. A client asks for it once, and never again if that was
    /// lost on the way (Messaging API, 5.2); what an application opens has a bot from the start.
    pub(super) async fn bot_is_awaited(&mut self) -> Result<bool, Refused> {
        let Some(known) = &self.known else { return Ok(false) };
        if known.bot_came || self.is_of_application() {
            return Ok(false);
        }
        let joined = self.own_event(BOT_JOINED, "{}", None).id;
        let joined = self.surroundings.store.event(&self.session_id, &joined).await;
        match joined {
            Ok(joined) => Ok(joined.is_none()),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    /// The bot is there, and need not be looked for any more.
    pub(super) fn bot_has_come(&mut self) {
        if let Some(known) = &mut self.known {
            known.bot_came = true;
        }
    }

    /// The user asks for the bot: it comes once, however often that is asked.
    pub(super) fn bot_joins(&self, step: &mut Step) {
        let Some(bot) = self.bot() else { return };
        step.events.push(self.own_event(BOT_JOINED, &bot.shown().to_string(), None));
        step.turns.push(turn::queued(&self.session_id, "start", &TurnKind::SessionStart));
    }

    /// Asks the bot what is next in the queue, unless it is being asked or has to wait.
    pub(super) fn pursue_bot(&mut self) {
        let human_has_chat = self.has_open_handoff();
        let Some(Known { session, bot: Some(bot), turns, .. }) = &self.known else { return };
        if !turns.waits() || self.turn_at.is_some() {
            return;
        }
        let (bot, store) = (Arc::clone(bot), self.surroundings.store.clone());
        let (details, filled) = (session.details.clone(), turns.filled);
        let is_over = session.ended;
        let about = self.about();
        self.errands.start(Errand::Turn, &about, || async move {
            let next = match store.next_turn(&details.session_id).await {
                Ok(Some(next)) => next,
                Ok(None) => return Outcome::Turned(TurnOutcome::NoTurn { filled }),
                Err(error) => return Outcome::Turned(TurnOutcome::Unread(error)),
            };
            let (number, id) = (next.number, next.id);
            let Some(kind) = turn::read(&next.body) else {
                return Outcome::Turned(TurnOutcome::Skipped { number });
            };
            let subject = Subject::of(&kind);
            if subject == Subject::User && (human_has_chat || is_over) {
                return Outcome::Turned(TurnOutcome::Skipped { number });
            }
            let session = turn::facts(&details);
            let result = bot.bot.answer(&Turn { id: (&*id).into(), kind, session }).await;
            let told = Told { number, id, subject };
            Outcome::Turned(match result {
                Ok(answer) => TurnOutcome::Answered(told, Box::new(answer)),
                Err(error) => TurnOutcome::Failed(told, Box::new(error)),
            })
        });
    }

    /// Shows that the bot is at work.
    pub(super) fn show_thinking(&self) {
        let Ok(id) = self.surroundings.random.uuid() else { return };
        let now = self.surroundings.clock.now();
        // Nobody may be connected.
        let _ = self.transient.send(transient_frame(id, now, BOT_THINKS, "{}", None));
    }

    /// What came of a turn.
    pub(super) async fn turned(&mut self, outcome: TurnOutcome) -> Result<(), Stopped> {
        match outcome {
            TurnOutcome::Answered(told, answer) => {
                self.turn_pause.end();
                self.bot_answered(told, *answer).await
            }
            TurnOutcome::Failed(told, error) => {
                self.turn_pause.end();
                self.bot_failed(told, &error).await
            }
            TurnOutcome::Skipped { number } => {
                self.complete(Step { turned: Some(number), ..Step::default() }, None).await
            }
            TurnOutcome::NoTurn { filled } => {
                self.turn_pause.end();
                if let Some(known) = &mut self.known {
                    known.turns.emptied = filled;
                }
                Ok(())
            }
            TurnOutcome::Unread(error) => {
                let (session_id, error) = (&self.session_id, Chain(&error));
                tracing::warn!(session_id, %error, "the bot's turn has to wait");
                self.bot_waits();
                Ok(())
            }
        }
    }

    /// The bot's queue is looked into again after a pause.
    pub(super) fn bot_waits(&mut self) {
        self.turn_at = Some(Instant::now() + self.turn_pause.after_failure());
    }

    /// The bot answered. Nobody hears it while a human has the chat.
    async fn bot_answered(&mut self, told: Told, answer: BotAnswer) -> Result<(), Stopped> {
        let Told { number, id: turn_id, subject } = told;
        let mut step = Step { turned: Some(number), ..Step::default() };
        if self.known.as_ref().is_none_or(|known| known.session.ended) {
            return self.complete(step, None).await;
        }
        if self.has_open_handoff() {
            if answer.handoff.is_some() && subject != Subject::AlreadyInProgress {
                step.turns.push(self.update(&turn_id, HandoverState::AlreadyInProgress));
            }
            return self.complete(step, None).await;
        }
        step.events.extend(self.bot_message(&turn_id, &answer));
        if let Some(wish) = answer.handoff {
            return self.hand_over(step, &turn_id, wish).await;
        }
        if answer.end_conversation {
            let reason = json!({ "reason": "REASON_NATURAL_END" }).to_string();
            step.events.push(self.own_event(SESSION_END, &reason, None));
            step.ends_session = true;
        }
        self.complete(step, None).await
    }

    /// The bot did not answer. Only to what the user said is an answer missed.
    async fn bot_failed(&mut self, told: Told, error: &BotError) -> Result<(), Stopped> {
        let Told { number, id: turn_id, subject } = told;
        let (session_id, shown) = (&self.session_id, Chain(error));
        tracing::warn!(session_id, error = %shown, "the bot did not answer");
        let mut step = Step { turned: Some(number), ..Step::default() };
        let ended = self.known.as_ref().is_none_or(|known| known.session.ended);
        let missed = subject == Subject::User && !ended && !self.has_open_handoff();
        let Some(bot) = self.bot().filter(|_| missed) else {
            return self.complete(step, None).await;
        };
        if bot.when_down == WhenDown::HandOver && self.link().is_some() {
            return self.hand_over_for_silence(step).await;
        }
        let payload = json!({ "level": "SYSTEM_MESSAGE_LEVEL_ERROR", "message": BOT_IS_DOWN });
        let id = self.id_of_turn(&turn_id, "down");
        let event = self.event(id, "EVENT_TYPE_SYSTEM_MESSAGE", &payload.to_string(), None);
        step.events.push(event);
        self.complete(step, None).await
    }

    /// What the bot said, if it said anything.
    fn bot_message(&self, turn_id: &str, answer: &BotAnswer) -> Option<NewEvent> {
        let bot = self.bot()?;
        if answer.says_nothing() {
            return None;
        }
        let id = self.id_of_turn(turn_id, "answer");
        let mut payload = json!({
            "message_id": id,
            "text": answer.utterance.as_deref().unwrap_or_default(),
            "attachments": answer.attachments,
            "response_suggestions": answer.suggestions,
            "agent_name": bot.name,
        });
        if let (Some(payload), Some(picture)) = (payload.as_object_mut(), &bot.picture) {
            payload.insert("avatar_url".to_owned(), picture.as_str().into());
        }
        Some(self.event(id, BOT_MESSAGE, &payload.to_string(), None))
    }

    /// A turn that tells the bot of a state of the handover.
    pub(super) fn update(&self, after: &str, state: HandoverState) -> baton_store::NewTurn {
        let handover = Handover { state, reason: None, text: None, data: None };
        let kind = TurnKind::HandoverUpdate { handover };
        turn::queued(&self.session_id, &format!("{after}/{state:?}"), &kind)
    }

    pub(super) fn id_of_turn(&self, turn_id: &str, what: &str) -> String {
        let parts = [self.session_id.as_bytes(), turn_id.as_bytes(), what.as_bytes()];
        Id::of_parts(&parts).to_string()
    }
}
