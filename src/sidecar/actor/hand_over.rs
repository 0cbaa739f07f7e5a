//! The bot gives up: what its wish for a human becomes.

use baton_bot::{HandoffWish, HandoverState};
use baton_handoff::RoutingHints;
use baton_store::Step;
use serde_json::{Map, json};

use super::{Actor, Stopped};
use crate::{actor::HandoffRequest, bots::Wanted};

/// Why the client has to see to it itself (Messaging API, 8).
const AGENT_DECISION: &str = "AGENT_DECISION";

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
                let routing = RoutingHints::read(&hints);
                let request =
                    HandoffRequest { reason, routing, data: hints, ..HandoffRequest::default() };
                self.open_handoff(step, request).await
            }
            Wanted::Client { route } => self.leave_to_client(step, turn_id, route, None).await,
            Wanted::Genesys { .. } => {
                self.leave_to_client(step, turn_id, None, Some("genesys".to_owned())).await
            }
            Wanted::Unknown { name } => self.leave_to_client(step, turn_id, None, Some(name)).await,
        }
    }

    /// The bot is silent, and a human takes over for it.
    pub(super) async fn hand_over_for_silence(&mut self, step: Step) -> Result<(), Stopped> {
        let reason = Some("the bot did not answer".to_owned());
        self.open_handoff(step, HandoffRequest { reason, ..HandoffRequest::default() }).await
    }

    /// What we cannot do is never swallowed: the client is asked to do it (Messaging API, 10),
    /// and the bot is told when nobody here knows where to.
    async fn leave_to_client(
        &mut self,
        mut step: Step,
        turn_id: &str,
        route: Option<String>,
        unknown: Option<String>,
    ) -> Result<(), Stopped> {
        let mut payload = Map::from_iter([("reason".to_owned(), AGENT_DECISION.into())]);
        payload.extend(route.map(|route| ("route".to_owned(), route.into())));
        let ladder = [
            ("EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF", json!({})),
            ("EVENT_TYPE_CLIENT_HANDOFF_REQUIRED", payload.into()),
            ("EVENT_TYPE_POLY_AGENT_LEFT", json!({})),
        ];
        for (kind, payload) in ladder {
            let id = self.id_of_turn(turn_id, kind);
            step.events.push(self.event(id, kind, &payload.to_string(), None));
        }
        if let Some(name) = unknown {
            let session_id = &self.session_id;
            tracing::warn!(
                session_id,
                destination = name.chars().take(64).collect::<String>(),
                "the bot hands over to where nobody is configured; the client was told"
            );
            step.turns.push(self.update(turn_id, HandoverState::Error));
        }
        self.complete(step, None).await
    }
}
