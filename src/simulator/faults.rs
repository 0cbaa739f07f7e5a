//! What goes wrong, by a plan: pure, seeded, and the same again for the same seed.
//!
//! A [`FaultPlan`] lists rules for four kinds of occasion: a request to the Platform API, an
//! event for a notification socket, a webhook, and a post of an event to a target. A rule
//! strikes at the next `next` occasions that match it, and at every later one with its
//! `probability`. The first rule that strikes decides. Whether the n-th matching occasion of a
//! rule is struck follows from the seed, the rule's place and n alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Everything that is to go wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FaultPlan {
    /// What the probabilities are drawn from.
    pub(crate) seed: u64,
    /// With which status the upgrade to a dead channel's socket is refused: 401, 403 or 404 were
    /// all seen (Genesys reference 4.1).
    pub(crate) dead_channel_status: u16,
    /// Whether the upgrade to every channel's socket is refused with that status, as where
    /// something on the way lets no WebSocket through.
    pub(crate) refuses_sockets: bool,
    /// Rules for requests, `/oauth/token` among them. The occasion's name is the method and the
    /// route, such as
    /// `POST /api/v2/conversations/messages/{integrationId}/inbound/open/message`.
    pub(crate) requests: Vec<Rule<RequestFault>>,
    /// Rules for an event on its way to one socket. The occasion's name is the topic.
    pub(crate) notifications: Vec<Rule<NotificationFault>>,
    /// Rules for the webhooks that the org sends. The occasion's name is the shape.
    pub(crate) webhooks: Vec<Rule<DeliveryFault>>,
    /// Rules for posts to `EventBridge` and trigger targets. The occasion's name is the topic.
    pub(crate) event_posts: Vec<Rule<DeliveryFault>>,
}

/// One thing that goes wrong, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule<F> {
    /// What goes wrong.
    pub(crate) fault: F,
    /// Only occasions whose name contains this text match; the empty text matches all.
    #[serde(default)]
    pub(crate) matching: String,
    /// How many of the next matching occasions are struck for certain.
    #[serde(default)]
    pub(crate) next: u64,
    /// How likely every other matching occasion is struck, from 0 to 1.
    #[serde(default)]
    pub(crate) probability: f64,
    /// How often it struck.
    #[serde(default)]
    pub(crate) struck: u64,
    #[serde(skip)]
    occasions: u64,
}

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RequestFault {
    /// It is not carried out, and answered with this status.
    Answer {
        /// 400 to 599.
        status: u16,
        /// How late, in real milliseconds.
        #[serde(default)]
        milliseconds: u64,
    },
    /// It is carried out, and then answered with this status or, without one, not answered: the
    /// connection closes.
    LoseAnswer {
        /// 400 to 599.
        #[serde(default)]
        status: Option<u16>,
    },
    /// It is carried out at once and answered late.
    Slow {
        /// How late, in real milliseconds.
        milliseconds: u64,
    },
    /// Every token of the caller's OAuth client is revoked before it is looked at.
    RevokeTokens,
}

/// What can go wrong with an event for a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum NotificationFault {
    /// It does not come.
    Lose,
    /// It comes twice.
    Duplicate,
    /// It comes late, so that others overtake it.
    Delay {
        /// How late, in real milliseconds.
        milliseconds: u64,
    },
    /// The socket closes before it comes.
    CloseSocket {
        /// The WebSocket close code, or none for a connection that just ends.
        #[serde(default)]
        code: Option<u16>,
    },
    /// The channel is gone before it comes.
    EvictChannel,
    /// It comes, and with it the announcement that the socket will close for maintenance.
    AnnounceMaintenance,
}

/// What can go wrong with a delivery over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum DeliveryFault {
    /// It is never sent.
    Lose,
    /// It is sent twice, at once.
    Duplicate,
    /// It is sent late, so that others overtake it.
    Delay {
        /// How late, in real milliseconds.
        milliseconds: u64,
    },
}

/// Why a plan is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("a probability is a number from 0 to 1")]
    Probability,
    #[error("the status of a fault is a number from 400 to 599")]
    Status,
    #[error("give 401, 403 or 404 as dead_channel_status")]
    DeadChannelStatus,
    #[error(
        "{0} is no close code that can be sent; give 1000 to 4999, but not 1004 to 1006 or 1015"
    )]
    CloseCode(u16),
}

impl Default for FaultPlan {
    /// Nothing goes wrong.
    fn default() -> Self {
        Self {
            seed: 0,
            dead_channel_status: 404,
            refuses_sockets: false,
            requests: Vec::new(),
            notifications: Vec::new(),
            webhooks: Vec::new(),
            event_posts: Vec::new(),
        }
    }
}

impl FaultPlan {
    /// Whether the plan can be carried out.
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        let probabilities = (self.requests.iter().map(|rule| rule.probability))
            .chain(self.notifications.iter().map(|rule| rule.probability))
            .chain(self.webhooks.iter().map(|rule| rule.probability))
            .chain(self.event_posts.iter().map(|rule| rule.probability));
        if probabilities.into_iter().any(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err(PlanError::Probability);
        }
        if !matches!(self.dead_channel_status, 401 | 403 | 404) {
            return Err(PlanError::DeadChannelStatus);
        }
        for rule in &self.requests {
            if let RequestFault::Answer { status, .. }
            | RequestFault::LoseAnswer { status: Some(status) } = rule.fault
                && !(400..=599).contains(&status)
            {
                return Err(PlanError::Status);
            }
        }
        self.notifications.iter().try_for_each(|rule| match rule.fault {
            NotificationFault::CloseSocket { code } => check_close_code(code),
            _ => Ok(()),
        })
    }

    /// What goes wrong with the request of this method and route.
    pub(crate) fn strike_request(&mut self, route: &str) -> Option<RequestFault> {
        strike(&mut self.requests, self.seed, "requests", route)
    }

    /// What goes wrong with an event of this topic on its way to a socket.
    pub(crate) fn strike_notification(&mut self, topic: &str) -> Option<NotificationFault> {
        strike(&mut self.notifications, self.seed, "notifications", topic)
    }

    /// What goes wrong with a webhook of this shape.
    pub(crate) fn strike_webhook(&mut self, shape: &str) -> Option<DeliveryFault> {
        strike(&mut self.webhooks, self.seed, "webhooks", shape)
    }

    /// What goes wrong with a post of an event of this topic.
    pub(crate) fn strike_event_post(&mut self, topic: &str) -> Option<DeliveryFault> {
        strike(&mut self.event_posts, self.seed, "event_posts", topic)
    }
}

impl DeliveryFault {
    /// How many copies go out, and how late.
    pub(crate) fn passage(fault: Option<Self>) -> (u32, Duration) {
        match fault {
            None => (1, Duration::ZERO),
            Some(Self::Lose) => (0, Duration::ZERO),
            Some(Self::Duplicate) => (2, Duration::ZERO),
            Some(Self::Delay { milliseconds }) => (1, Duration::from_millis(milliseconds)),
        }
    }
}

/// Whether a WebSocket close frame may carry this code (RFC 6455, section 7.4).
pub(crate) fn check_close_code(code: Option<u16>) -> Result<(), PlanError> {
    match code {
        Some(code @ (0..=999 | 1004..=1006 | 1015 | 5000..)) => Err(PlanError::CloseCode(code)),
        _ => Ok(()),
    }
}

fn strike<F: Copy>(rules: &mut [Rule<F>], seed: u64, occasion: &str, name: &str) -> Option<F> {
    rules
        .iter_mut()
        .enumerate()
        .filter(|(_, rule)| name.contains(&rule.matching))
        .find_map(|(place, rule)| rule.strikes(seed, occasion, place).then_some(rule.fault))
}

impl<F> Rule<F> {
    fn strikes(&mut self, seed: u64, occasion: &str, place: usize) -> bool {
        self.occasions += 1;
        let strikes = if self.next > 0 {
            self.next -= 1;
            true
        } else {
            fraction(seed, occasion, place, self.occasions) < self.probability
        };
        self.struck += u64::from(strikes);
        strikes
    }
}

/// An even draw from 0 to below 1 that always is the same for the same arguments.
fn fraction(seed: u64, occasion: &str, place: usize, number: u64) -> f64 {
    let digest = Sha256::digest(format!("{seed} {occasion} {place} {number}"));
    let drawn = digest.iter().take(4).fold(0_u32, |drawn, byte| (drawn << 8) | u32::from(*byte));
    f64::from(drawn) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rules: &str) -> FaultPlan {
        let plan: FaultPlan = serde_json::from_str(rules).unwrap();
        plan.check().unwrap();
        plan
    }

    #[test]
    fn a_rule_strikes_the_next_occasions_that_match_it_and_no_other() {
        let mut plan = plan(
            r#"{"requests": [{"fault": {"answer": {"status": 503}}, "matching": "/inbound/", "next": 2}]}"#,
        );
        let inbound = "POST /api/v2/conversations/messages/{integrationId}/inbound/open/message";
        assert_eq!(plan.strike_request("GET /api/v2/users/{userId}"), None);
        for _ in 0..2 {
            let fault = plan.strike_request(inbound);
            assert_eq!(fault, Some(RequestFault::Answer { status: 503, milliseconds: 0 }));
        }
        assert_eq!(plan.strike_request(inbound), None);
        assert_eq!(plan.requests[0].struck, 2);
    }

    #[test]
    fn the_same_seed_strikes_the_same_occasions_and_another_seed_others() {
        let struck = |seed: u64| {
            let mut plan = plan(
                r#"{"webhooks": [{"fault": "duplicate", "probability": 0.3}, {"fault": "lose", "probability": 0.3}]}"#,
            );
            plan.seed = seed;
            (0..200).map(|_| plan.strike_webhook("text-agent")).collect::<Vec<_>>()
        };
        assert_eq!(struck(7), struck(7));
        assert_ne!(struck(7), struck(8));
        let duplicates =
            struck(7).iter().flatten().filter(|f| **f == DeliveryFault::Duplicate).count();
        assert!((30..90).contains(&duplicates), "{duplicates}");
    }

    #[test]
    fn a_plan_that_cannot_be_carried_out_is_refused() {
        for plan in [
            r#"{"webhooks": [{"fault": "lose", "probability": 1.5}]}"#,
            r#"{"requests": [{"fault": {"answer": {"status": 200}}}]}"#,
            r#"{"notifications": [{"fault": {"close_socket": {"code": 1006}}}]}"#,
            r#"{"dead_channel_status": 200}"#,
        ] {
            let plan: FaultPlan = serde_json::from_str(plan).unwrap();
            assert!(plan.check().is_err());
        }
        for misspelt in [r#"{"webhook": []}"#, r#"{"webhooks": [{"fault": "lose", "nxt": 1}]}"#] {
            assert!(serde_json::from_str::<FaultPlan>(misspelt).is_err());
        }
    }
}
