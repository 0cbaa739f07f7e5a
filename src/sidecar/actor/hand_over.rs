//! The bot gives up: what its wish for a human becomes.

use baton_bot::{HandoffWish, Handover, HandoverState};
use baton_handoff::{Requester, RoutingHints};
use baton_store::Step;
use serde_json::{Map, Value, json};

use super::{Actor, Stopped};
use crate::{
    actor::HandoffRequest,
    bots::{Elsewhere, GENESYS, Wanted},
    narration::{BOT_LEFT, TRIGGERED, plain},
};

/// Why the client has to see to it itself, if the bot does not say (Messaging API, 8).
const AGENT_DECISION: &str = "AGENT_DECISION";

/// What the bot may say of that: the words that clients know.
const REASONS: [&str; 3] = ["COMPLEX_QUERY", AGENT_DECISION, "POLICY"];

/// The most characters of a destination that are passed on.
const MOST_CHARACTERS: usize = 64;

/// Why the user is handed over when the bot does not answer.
const BOT_UNAVAILABLE: &str = "bot_unavailable";

/// The most characters of an id in other systems, as for applications.
const LONGEST_ID: usize = 200;

impl Actor {
    /// The bot wants a human.
    pub(super) async fn hand_over(
        &mut self,
        step: Step,
        turn_id: &str,
        wish: HandoffWish,
    ) -> Result<(), Stopped> {
        let Some(bot) = self.bot() else { return self.complete(step, None).await };
        match bot.wanted(wish) {
            Wanted::Genesys { reason, hints } if self.link().is_some() => {
                let request = HandoffRequest {
                    reason,
                    routing: RoutingHints::read(&hints),
                    shared_id: shared_id(&hints),
                    data: hints,
                    answered: step.turned,
                    ..HandoffRequest::by(Requester::Bot)
                };
                self.open_handoff(step, request).await
            }
            Wanted::Genesys { reason, .. } => {
                let elsewhere = Elsewhere::unknown(GENESYS.to_owned(), reason);
                self.leave_to_client(step, turn_id, elsewhere).await
            }
            Wanted::Elsewhere(elsewhere) => self.leave_to_client(step, turn_id, elsewhere).await,
        }
    }

    /// The bot is silent, and a human takes over for it.
    pub(super) async fn hand_over_for_silence(&mut self, step: Step) -> Result<(), Stopped> {
        let reason = Some(BOT_UNAVAILABLE.to_owned());
        let request = HandoffRequest { reason, ..HandoffRequest::by(Requester::SilentBot) };
        self.open_handoff(step, request).await
    }

    /// What we cannot do is never swallowed: the client is asked to do it (Messaging API, 10),
    /// and the bot is told when nobody here knows where to.
    async fn leave_to_client(
        &mut self,
        mut step: Step,
        turn_id: &str,
        elsewhere: Elsewhere,
    ) -> Result<(), Stopped> {
        let destination: String = elsewhere.destination.chars().take(MOST_CHARACTERS).collect();
        let reason = elsewhere.reason.as_deref().filter(|reason| REASONS.contains(reason));
        let mut payload = Map::from_iter([
            ("reason".to_owned(), reason.unwrap_or(AGENT_DECISION).into()),
            ("queue_name".to_owned(), destination.as_str().into()),
        ]);
        let is_known = elsewhere.route.is_some();
        payload.extend(elsewhere.route.map(|route| ("route".to_owned(), route.into())));
        let ladder = [
            (TRIGGERED, json!({})),
            ("EVENT_TYPE_CLIENT_HANDOFF_REQUIRED", payload.into()),
            (BOT_LEFT, json!({})),
        ];
        for (kind, payload) in ladder {
            let id = self.id_of_turn(turn_id, kind);
            step.events.push(self.event(id, kind, &payload.to_string(), None));
        }
        if !is_known {
            let session_id = &self.session_id;
            tracing::warn!(
                session_id,
                destination,
                "the bot hands over to where nobody is configured; the client was told"
            );
            let reason = Some(format!("unsupported: {destination}").into());
            let update = Handover { reason, ..plain(HandoverState::Error) };
            step.turns.push(self.update(turn_id, &update));
        }
        self.complete(step, None).await
    }
}

/// The id under which other systems ask for what is handed over (Messaging API, 13), where the bot
/// says one: beside its hints, or within their `data`.
fn shared_id(hints: &Map<String, Value>) -> Option<String> {
    let within = || hints.get("data")?.get("shared_id");
    let id = hints.get("shared_id").or_else(within)?.as_str()?;
    (!id.trim().is_empty() && id.chars().count() <= LONGEST_ID).then(|| id.to_owned())
}
