//! The bot's side of a session: what it is told, one turn after the other, and what comes of its
//! answers.

use std::sync::Arc;

use baton_bot::{BotAnswer, BotError, Handover, HandoverState, Turn, TurnKind};
use baton_chat::SESSION_END;
use baton_core::id::Id;
use baton_metrics::TurnResult;
use baton_store::{NewEvent, NewTurn, Step, StoreError, Turn as NextTurn};
use serde_json::json;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use super::{Actor, Known, Stopped, bot_place::BotPlace};
use crate::{
    bots::TenantBot,
    cause::Chain,
    configuration::WhenDown,
    errand::{Errand, Outcome},
    narration::plain,
    session_event::BOT_MESSAGE,
    turn,
};

const BOT_THINKS: &str = "EVENT_TYPE_POLY_AGENT_THINKING";

/// What the user is told when the bot does not answer (Messaging API, 8.4).
const BOT_IS_DOWN: &str = "Sorry, I'm having trouble responding right now. Please try again.";

/// What a turn was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// That the user came: an answer is missed, but nobody else would have anything to answer.
    Arrival,
    /// What the user said: an answer is missed.
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
            TurnKind::SessionStart => Self::Arrival,
            TurnKind::UserMessage { .. } => Self::User,
            TurnKind::HandoverUpdate { handover } => match handover.state {
                HandoverState::AlreadyInProgress => Self::AlreadyInProgress,
                _ => Self::Handover,
            },
            TurnKind::SessionEnd => Self::End,
        }
    }

    /// Whether it is something that the user did.
    fn is_of_user(self) -> bool {
        matches!(self, Self::Arrival | Self::User)
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
    /// This is the one to tell the bot.
    Next(NextTurn),
    /// It cannot be read.
    Unreadable {
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

    /// Looks for what the bot is told next, unless it is being asked or has to wait.
    pub(super) fn pursue_bot(&mut self) {
        let Some(Known { bot: Some(_), turns, .. }) = &self.known else { return };
        if !turns.waits() || self.turn_at.is_some() || self.is_undecided() {
            return;
        }
        let (filled, about) = (turns.filled, self.about());
        let (store, session_id) = (self.surroundings.store.clone(), self.session_id.clone());
        self.errands.start(Errand::Turn, &about, || async move {
            Outcome::Turned(match store.next_turn(&session_id).await {
                Ok(Some(next)) => TurnOutcome::Next(next),
                Ok(None) => TurnOutcome::NoTurn { filled },
                Err(error) => TurnOutcome::Unread(error),
            })
        });
    }

    /// Tells the bot what is next. What the user said is not for it any more once nobody hears
    /// the answer, unless it may still come back to it.
    async fn ask_bot(&mut self, next: NextTurn) -> Result<(), Stopped> {
        let of_user = |kind| Subject::of(&kind).is_of_user();
        if turn::read(&next.body).is_some_and(of_user) {
            if self.is_undecided() {
                return Ok(());
            }
            if !self.bot_is_heard() {
                return self.turn_is_done(next.number).await;
            }
            self.think();
        }
        let Some(Known { session, bot: Some(bot), .. }) = &self.known else { return Ok(()) };
        let (bot, details, about) = (Arc::clone(bot), session.details.clone(), self.about());
        let (metrics, traces) = (self.surroundings.metrics.clone(), self.surroundings.traces);
        let session_id = self.session_id.clone();
        self.errands.start(Errand::Turn, &about, || async move {
            let NextTurn { number, id, body } = next;
            let Some(kind) = turn::read(&body) else {
                return Outcome::Turned(TurnOutcome::Unreadable { number });
            };
            let subject = Subject::of(&kind);
            let session = turn::facts(&details);
            let begun = Instant::now();
            let span = baton_traces::span!(
                traces,
                None,
                "bot turn",
                "client",
                session.id = session_id,
                turn.id = id,
                result = Empty,
            );
            let turn = Turn { id: (&*id).into(), kind, session };
            let result = bot.bot.answer(&turn).instrument(span.clone()).await;
            let counted = if result.is_ok() { TurnResult::Answered } else { TurnResult::Failed };
            metrics.bots().turned(&details.tenant, counted, begun.elapsed());
            span.record("result", counted.word());
            if result.is_err() {
                baton_traces::failed(&span);
            }
            let told = Told { number, id, subject };
            Outcome::Turned(match result {
                Ok(answer) => TurnOutcome::Answered(told, Box::new(answer)),
                Err(error) => TurnOutcome::Failed(told, Box::new(error)),
            })
        });
        Ok(())
    }

    /// Whether the user hears what the bot says.
    fn bot_is_heard(&self) -> bool {
        let ended = self.known.as_ref().is_none_or(|known| known.session.ended);
        !ended && !self.has_open_handoff()
    }

    /// Whether it is not known yet who gets what the user said: messages of a handoff wait, and none
    /// is known to have reached Genesys. Until then a turn stays the bot's too, which is told it if
    /// the handoff comes to nothing; by then nothing of it may be left that the next would take along.
    fn is_undecided(&self) -> bool {
        let Some(Known { handoff: Some(handoff), outbox, .. }) = &self.known else { return false };
        handoff.state.conversation_id().is_none() && outbox.waits()
    }

    /// Shows that the bot is at work on what the user said, again and again as long as it is.
    pub(super) fn think(&mut self) {
        let heard = self.bot_is_heard();
        self.thinks_at = heard.then(|| Instant::now() + self.surroundings.thinking_pause);
        if heard {
            self.show_thinking();
        }
    }

    fn show_thinking(&self) {
        self.show_in_passing(self.surroundings.clock.now(), BOT_THINKS, "{}");
    }

    /// What came of a turn.
    pub(super) async fn turned(&mut self, outcome: TurnOutcome) -> Result<(), Stopped> {
        self.thinks_at = None;
        match outcome {
            TurnOutcome::Next(next) => self.ask_bot(next).await,
            TurnOutcome::Answered(told, answer) => {
                self.turn_pause.end();
                if let Some(Known { session, bot: Some(bot), .. }) = &self.known
                    && bot.silence.ended()
                {
                    tracing::info!(tenant = %session.details.tenant, "the bot answers again");
                }
                self.bot_answered(told, *answer).await
            }
            TurnOutcome::Failed(told, error) => {
                self.turn_pause.end();
                self.bot_failed(told, &error).await
            }
            TurnOutcome::Unreadable { number } => self.turn_is_done(number).await,
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

    /// The turn leaves the queue, and nothing comes of it.
    async fn turn_is_done(&mut self, number: u64) -> Result<(), Stopped> {
        self.complete(Step { turned: Some(number), ..Step::default() }, None).await
    }

    /// The bot's queue is looked into again after a pause.
    pub(super) fn bot_waits(&mut self) {
        self.turn_at = Some(Instant::now() + self.turn_pause.after_failure());
    }

    /// The bot answered. Nobody hears it while a human has the chat.
    async fn bot_answered(&mut self, told: Told, answer: BotAnswer) -> Result<(), Stopped> {
        let Told { number, id: turn_id, subject } = told;
        if subject.is_of_user() && self.is_undecided() {
            return Ok(());
        }
        let mut step = Step { turned: Some(number), ..Step::default() };
        if self.known.as_ref().is_none_or(|known| known.session.ended) {
            return self.complete(step, None).await;
        }
        if self.has_open_handoff() {
            if answer.handoff.is_some() && subject != Subject::AlreadyInProgress {
                let update = plain(HandoverState::AlreadyInProgress);
                step.turns.push(self.update(&turn_id, &update));
            }
            return self.complete(step, None).await;
        }
        match self.said_by_bot(&turn_id, &answer).await {
            Ok(said) => step.events = said,
            Err(error) => {
                // The turn stays where it is, and is told again.
                let (session_id, error) = (&self.session_id, Chain(&error));
                tracing::error!(session_id, %error, "the bot's answer has to wait");
                self.bot_waits();
                return Ok(());
            }
        }
        // Only what the user did is a reason: a bot that wants a human upon each news of a handover
        // that failed would go round for ever.
        if let Some(wish) = answer.handoff.filter(|_| subject.is_of_user()) {
            return self.hand_over(step, &turn_id, wish).await;
        }
        if answer.end_conversation {
            let reason = json!({ "reason": "REASON_NATURAL_END" }).to_string();
            step.events.push(self.own_event(SESSION_END, &reason, None));
            step.ends_session = true;
        }
        self.complete(step, None).await
    }

    /// The bot did not answer. Only to what the user did is an answer missed; a human takes over
    /// only when the user has said something.
    async fn bot_failed(&mut self, told: Told, error: &BotError) -> Result<(), Stopped> {
        let Told { number, id: turn_id, subject } = told;
        self.report_silence(error);
        if subject.is_of_user() && self.is_undecided() {
            return Ok(());
        }
        let mut step = Step { turned: Some(number), ..Step::default() };
        let missed = subject.is_of_user() && self.bot_is_heard();
        let Some(bot) = self.bot().filter(|_| missed) else {
            return self.complete(step, None).await;
        };
        let hands_over = bot.when_down == WhenDown::HandOver && subject == Subject::User;
        if hands_over && self.link().is_some() {
            return self.hand_over_for_silence(step).await;
        }
        let payload = json!({ "level": "SYSTEM_MESSAGE_LEVEL_ERROR", "message": BOT_IS_DOWN });
        let id = self.id_of_turn(&turn_id, "down");
        let event = self.event(id, "EVENT_TYPE_SYSTEM_MESSAGE", &payload.to_string(), None);
        step.events.push(event);
        self.complete(step, None).await
    }

    /// Says that the bot did not answer. All sessions of a tenant have the same bot.
    fn report_silence(&self, error: &BotError) {
        let Some(Known { session, bot: Some(bot), .. }) = &self.known else { return };
        let (tenant, session_id) = (&session.details.tenant, &self.session_id);
        let error = Chain(error);
        match bot.silence.happened(Instant::now().into_std()) {
            Some(times) => {
                tracing::warn!(%tenant, session_id, %error, times, "the bot did not answer");
            }
            None => {
                tracing::debug!(%tenant, session_id, %error, "the bot still does not answer");
            }
        }
    }

    /// What the bot said, if it said anything. A bot that had left the user to the client is shown
    /// to be there again first (Messaging API, 10: who answers next).
    async fn said_by_bot(
        &mut self,
        turn_id: &str,
        answer: &BotAnswer,
    ) -> Result<Vec<NewEvent>, StoreError> {
        let Some(message) = self.bot_message(turn_id, answer) else { return Ok(Vec::new()) };
        let back = match self.bot_place().await? {
            BotPlace::Gone => self.bot_returns(turn_id),
            BotPlace::Outside | BotPlace::Inside => None,
        };
        Ok(back.into_iter().chain([message]).collect())
    }

    /// The bot's message, if it said anything.
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

    /// A turn that tells the bot of the handover.
    pub(super) fn update(&self, after: &str, handover: &Handover<'_>) -> NewTurn {
        let kind = TurnKind::HandoverUpdate { handover: handover.clone() };
        turn::queued(&self.session_id, &format!("{after}/{:?}", handover.state), &kind)
    }

    pub(super) fn id_of_turn(&self, turn_id: &str, what: &str) -> String {
        let parts = [self.session_id.as_bytes(), turn_id.as_bytes(), what.as_bytes()];
        Id::of_parts(&parts).to_string()
    }
}
