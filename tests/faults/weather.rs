//! What goes wrong meanwhile.
//!
//! Each outage is shorter than the end of a handoff waits at most, which is 30 s of Genesys' time
//! and 1.5 s here: what a longer one swallows at that moment is lost by design.
//! Nor is the channel dropped so often that the reads which follow exceed the rate limit.

use std::time::Duration;

use baton_tests::{chance::Chance, world::World};
use serde_json::{Value, json};

/// The posts that bring a user's message in.
const MESSAGE: &str = "inbound/open/message";

/// The times at which the sidecar was away, in milliseconds since 1970: a post that was under
/// way when it stopped has lost its answer.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    pub(crate) away: Vec<(i64, i64)>,
    changes: u64,
}

impl Weather {
    /// Everything goes wrong a little from now on.
    pub(crate) async fn begin(&mut self, world: &World, chance: &mut Chance) {
        let plan = self.plan(chance, &json!({}));
        world.faults(plan).await;
    }

    /// Nothing goes wrong any more.
    pub(crate) async fn end(world: &World) {
        world.faults(json!({})).await;
    }

    /// Something goes wrong at once, or in a burst.
    pub(crate) async fn strike(&mut self, world: &World, chance: &mut Chance) {
        let burst = |fault: Value, next: usize| json!({ "requests": [{ "fault": fault, "next": next, "matching": "/api/v2/" }] });
        let next = chance.pick(3..12);
        let plan = match chance.pick(0..9) {
            0 => {
                let code = *chance.one_of(&[None, Some(1001), Some(1011), Some(1012)]);
                world.strike(json!({ "fault": "close_sockets", "code": code })).await;
                return;
            }
            1 => {
                world.strike(json!({ "fault": "revoke_tokens" })).await;
                return;
            }
            2 => {
                world.strike(json!({ "fault": "announce_maintenance" })).await;
                return;
            }
            3 => json!({ "notifications": [{ "fault": "evict_channel", "next": 1 }] }),
            4 => burst(json!({ "answer": { "status": 429 } }), next),
            5 => burst(json!({ "answer": { "status": 500 } }), next),
            6 => json!({ "requests": [
                { "fault": { "answer": { "status": 503 } }, "next": 3, "matching": "/oauth/token" },
            ]}),
            7 => json!({ "requests": [
                { "fault": { "lose_answer": {} }, "next": next / 3, "matching": MESSAGE },
            ]}),
            _ => json!({ "webhooks": [{ "fault": "lose", "next": next / 3 }] }),
        };
        let plan = self.plan(chance, &plan);
        world.faults(plan).await;
    }

    /// Stops the sidecar and starts it again.
    pub(crate) async fn restart(&mut self, world: &mut World) {
        let now = || jiff::Timestamp::now().as_millisecond();
        let from = now();
        world.restart_sidecar().await;
        self.away.push((from, now()));
    }

    /// The plan of every day, with these rules before it.
    fn plan(&mut self, chance: &mut Chance, first: &Value) -> Value {
        self.changes += 1;
        let slow = |milliseconds: u64| json!({ "slow": { "milliseconds": milliseconds } });
        let answer = |status: u16| json!({ "answer": { "status": status } });
        let delay = |milliseconds: u64| json!({ "delay": { "milliseconds": milliseconds } });
        let close = |code: Option<u16>| json!({ "close_socket": { "code": code } });
        let rules = |kind: &str, usual: Vec<Value>| {
            let first = first[kind].as_array().cloned().unwrap_or_default();
            first.into_iter().chain(usual).collect::<Vec<_>>()
        };
        json!({
            "seed": chance.number() >> 12,
            "dead_channel_status": chance.one_of(&[401, 403, 404]),
            "requests": rules("requests", vec![
                rule(json!({ "lose_answer": {} }), MESSAGE, 0.03),
                rule(json!({ "lose_answer": { "status": 504 } }), MESSAGE, 0.03),
                rule(json!({ "lose_answer": {} }), "/api/v2/conversations/", 0.02),
                rule(slow(100), "/api/v2/", 0.05),
                rule(answer(429), "/api/v2/", 0.03),
                rule(answer(500), "/api/v2/", 0.02),
                rule(answer(503), "", 0.03),
                rule(json!("revoke_tokens"), "/api/v2/", 0.003),
            ]),
            "notifications": rules("notifications", vec![
                rule(json!("lose"), "", 0.05),
                rule(json!("duplicate"), "", 0.05),
                rule(delay(200), "", 0.05),
                rule(close(None), "", 0.002),
                rule(close(Some(1001)), "", 0.002),
                rule(close(Some(1013)), "", 0.002),
                rule(json!("evict_channel"), "", 0.001),
                rule(json!("announce_maintenance"), "", 0.002),
            ]),
            "webhooks": rules("webhooks", vec![
                rule(json!("lose"), "", 0.05),
                rule(json!("duplicate"), "", 0.08),
                rule(delay(300), "", 0.08),
            ]),
            "event_posts": rules("event_posts", vec![
                rule(json!("lose"), "", 0.2),
                rule(json!("duplicate"), "", 0.1),
                rule(delay(200), "", 0.1),
            ]),
        })
    }
}

/// How long the weather stays as it is.
pub(crate) fn spell(chance: &mut Chance) -> Duration {
    Duration::from_millis(chance.pick(500..2_000) as u64)
}

fn rule(fault: Value, matching: &str, probability: f64) -> Value {
    json!({ "fault": fault, "matching": matching, "probability": probability })
}
