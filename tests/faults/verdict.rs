//! What has to be true of a session, whatever went wrong.

use std::collections::BTreeMap;

use baton_tests::chat::text_of;
use serde_json::Value;

use crate::{Scene, attendance, messages, org::milliseconds, person::Seen, story::Story};

/// Everything that is known of a session.
pub(crate) struct Evidence<'a> {
    pub(crate) story: &'a Story,
    /// The log as a fresh client reads it.
    pub(crate) log: Vec<Value>,
    /// The conversations at Genesys, the oldest first.
    pub(crate) conversations: Vec<Value>,
    /// What became of each webhook, by the message's id.
    pub(crate) sendings: &'a Sendings,
    /// When the sidecar was away, in milliseconds since 1970.
    pub(crate) away: &'a [(i64, i64)],
}

/// What became of the webhooks, by the message's id.
pub(crate) type Sendings = BTreeMap<String, Vec<Value>>;

/// The records of all webhooks.
pub(crate) async fn sendings(scene: &Scene) -> Sendings {
    let mut sendings = Sendings::new();
    for record in scene.org.get("/control/v1/sendings").await.as_array().expect("a list") {
        if let Some(id) = record["message_id"].as_str() {
            sendings.entry(id.to_owned()).or_default().push(record.clone());
        }
    }
    sendings
}

/// What is not as it has to be, if anything.
pub(crate) async fn verdict(
    story: &Story,
    scene: &Scene,
    sendings: &Sendings,
    away: &[(i64, i64)],
) -> Result<(), String> {
    let replayed = story.person.replay(scene.chat).await;
    compare(story, &replayed)?;
    let evidence = Evidence {
        story,
        log: replayed.log.into_values().collect(),
        conversations: scene.org.conversations(&story.end_user_id).await,
        sendings,
        away,
    };
    messages::of_the_user(&evidence)?;
    messages::of_agents(&evidence)?;
    attendance::check(&evidence)
}

/// The sequence has no gap, and what was seen live is what is replayed.
fn compare(story: &Story, replayed: &Seen) -> Result<(), String> {
    let numbers: Vec<u64> = replayed.log.keys().copied().collect();
    let expected: Vec<u64> = (1..).take(numbers.len()).collect();
    if numbers != expected {
        return Err(format!("invariant 5: a gap in {numbers:?}"));
    }
    let seen = story.person.seen();
    if let Some(problem) = seen.problems.iter().chain(&replayed.problems).next() {
        return Err(format!("invariant 5: {problem}"));
    }
    for (sequence, event) in &seen.log {
        let again = replayed.log.get(sequence).map(|event| &event["id"]);
        if again != Some(&event["id"]) {
            return Err(format!("invariant 5: seen live as {event}, replayed as {again:?}"));
        }
    }
    Ok(())
}

impl Evidence<'_> {
    /// The events of a type, given without `EVENT_TYPE_`.
    pub(crate) fn events(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.log.iter().filter(move |event| is(event, kind))
    }

    /// The messages at Genesys of one direction, in order of arrival there.
    pub(crate) fn messages(&self, direction: &str) -> Vec<&Value> {
        let all = self.conversations.iter().filter_map(|one| one["messages"].as_array()).flatten();
        let mut found: Vec<&Value> = all.filter(|one| one["direction"] == direction).collect();
        found.sort_by_key(|message| milliseconds(&message["at"]));
        found
    }

    /// Every leg at Genesys but the customer's.
    pub(crate) fn other_legs(&self) -> impl Iterator<Item = &Value> {
        let legs = self.conversations.iter().filter_map(|one| one["participants"].as_array());
        legs.flatten().filter(|leg| leg["purpose"] != "customer")
    }
}

/// Whether an event is of this type, given without `EVENT_TYPE_`.
pub(crate) fn is(event: &Value, kind: &str) -> bool {
    event["type"].as_str().and_then(|text| text.strip_prefix("EVENT_TYPE_")) == Some(kind)
}

/// Where in the log a text stands, for each place.
pub(crate) fn places(log: &[Value], text: &str) -> Vec<usize> {
    let stands = |(place, event): (usize, &Value)| (text_of(event) == text).then_some(place);
    log.iter().enumerate().filter_map(stands).collect()
}
