//! What has to be true of the messages of a session, both ways.

use std::collections::BTreeMap;

use baton_tests::chat::text_of;
use serde_json::Value;

use crate::{
    org::milliseconds,
    verdict::{Evidence, is, places},
};

/// How long before the sidecar stopped a post may have come that it got no answer to.
const UNDER_WAY: i64 = 1_000;

/// A webhook whose first attempt began later than this after its message was held up by
/// something; the message may have been fetched meanwhile. In milliseconds.
const HELD_UP: i64 = 90;

/// How long the end waits at most for what is missing: 30 s, at the pace of these tests, in
/// milliseconds.
const END_WAITS: i64 = 1_450;

/// Invariant 6: each echoed message is at Genesys, in order of its first arrival here; a double
/// is a post whose answer was lost. One that came after the handoff's end is given up, and the
/// user told.
pub(crate) fn of_the_user(evidence: &Evidence<'_>) -> Result<(), String> {
    let echoed: Vec<&str> = evidence.events("USER_MESSAGE").map(text_of).collect();
    let arrived = evidence.messages("inbound");
    let own = |message: &&&Value| message["text"].as_str().is_some_and(|t| echoed.contains(&t));
    let mut firsts: Vec<&str> = Vec::new();
    for text in arrived.iter().filter(own).filter_map(|message| message["text"].as_str()) {
        if !firsts.contains(&text) {
            firsts.push(text);
        }
    }
    let missing: Vec<&&str> = echoed.iter().filter(|text| !firsts.contains(text)).collect();
    let told = evidence.events("SYSTEM_MESSAGE").count();
    // Who leaves before Genesys has taken anything leaves nothing there.
    let never_began = evidence.conversations.is_empty() && user_left(evidence);
    if missing.len() > told && !never_began {
        return Err(format!(
            "invariant 6: echoed and never at Genesys: {missing:?}; the user was told of {told}"
        ));
    }
    let in_order: Vec<&str> = echoed.into_iter().filter(|text| firsts.contains(text)).collect();
    if in_order != firsts {
        return Err(format!("invariant 6: echoed as {in_order:?}, at Genesys as {firsts:?}"));
    }
    let mut posts = BTreeMap::<&str, Vec<&Value>>::new();
    for message in arrived {
        let id = message["sender_message_id"].as_str().unwrap_or_default();
        posts.entry(id).or_default().push(message);
    }
    for copies in posts.values() {
        let texts_differ = copies.iter().any(|copy| copy["text"] != copies[0]["text"]);
        let answered = copies.split_last().map_or(&[][..], |(_, before)| before);
        let unexplained = answered.iter().find(|copy| !is_answer_lost(copy, evidence.away));
        if let Some(copy) = unexplained {
            return Err(format!("invariant 6: a double whose answer was not lost: {copy:#}"));
        }
        if texts_differ {
            return Err(format!("invariant 6: one id for two messages: {copies:#?}"));
        }
    }
    Ok(())
}

fn user_left(evidence: &Evidence<'_>) -> bool {
    let mut ends = evidence.events("SESSION_END");
    ends.any(|end| end["payload"]["reason"] != "REASON_NATURAL_END")
}

/// Whether whoever posted the message cannot know that it was taken.
fn is_answer_lost(copy: &Value, away: &[(i64, i64)]) -> bool {
    let at = milliseconds(&copy["at"]).expect("a time");
    copy["answer"] == "lost" || away.iter().any(|(from, to)| (from - UNDER_WAY..=*to).contains(&at))
}

/// Invariant 4: each agent's message is in the log exactly once, and they stand in the order in
/// which they arrived. What comes only after the user has left may be refused instead, and Genesys
/// is told; so may what could not be had while the end waited for it.
pub(crate) fn of_agents(evidence: &Evidence<'_>) -> Result<(), String> {
    let answers = evidence.story.answers.lock().expect("no panic");
    let outbound = evidence.messages("outbound");
    let user_left = user_left(evidence);
    let mut arrivals = Vec::new();
    for (id, text) in answers.iter() {
        match places(&evidence.log, text)[..] {
            [place] => arrivals.push((place, arrival(evidence, id, &outbound), text)),
            [] => {
                let message = outbound.iter().find(|message| message["id"] == **id);
                let status = message.map(|message| &message["status"]);
                if !user_left && !waited_in_full(evidence) {
                    return Err(format!("invariant 4: lost: {text:?}, at Genesys {status:?}"));
                }
            }
            _ => return Err(format!("invariant 4: more than once in the log: {text:?}")),
        }
    }
    for (place, arrived, text) in &arrivals {
        let Some(arrived) = arrived else { continue };
        for (other_place, other, other_text) in &arrivals {
            let Some(other) = other else { continue };
            let is_before = arrived.stored_by < other.begun_at && !other.held_up;
            if is_before && place > other_place {
                return Err(format!(
                    "invariant 5: {text:?} arrived before {other_text:?} and stands behind it"
                ));
            }
        }
    }
    check_authors(evidence)
}

/// Whether the end was told only after it had waited for as long as it may: what was not to be
/// had in that time is given up by design.
fn waited_in_full(evidence: &Evidence<'_>) -> bool {
    let Some(told) = evidence.events("SESSION_END").next() else { return false };
    let told_at = milliseconds(&told["timestamp"]).expect("a time");
    let ends = evidence.other_legs().filter_map(|leg| milliseconds(&leg["endTime"]));
    let waits = ends.filter(|end| *end <= told_at).max().map_or(0, |end| told_at - end);
    waits >= END_WAITS
}

/// When a message's webhook came, in milliseconds since 1970.
struct Arrival {
    /// When the attempt that was answered 2xx began.
    begun_at: i64,
    /// When it was answered.
    stored_by: i64,
    held_up: bool,
}

fn arrival(evidence: &Evidence<'_>, id: &str, outbound: &[&Value]) -> Option<Arrival> {
    let sent_at = outbound.iter().find(|message| message["id"] == id)?;
    let sent_at = milliseconds(&sent_at["at"])?;
    let attempts = evidence.sendings.get(id)?.iter();
    let attempts = attempts.filter_map(|sending| sending["attempts"].as_array()).flatten();
    let taken = attempts.filter(|attempt| attempt["status"] == 200).filter_map(|attempt| {
        let begun_at = milliseconds(&attempt["at"])?;
        // Both numbers are rounded.
        let stored_by = begun_at + attempt["latency_milliseconds"].as_i64()? + 2;
        Some(Arrival { begun_at, stored_by, held_up: begun_at - sent_at > HELD_UP })
    });
    taken.min_by_key(|arrival| arrival.stored_by)
}

/// Invariant 13: nobody speaks who has not joined.
fn check_authors(evidence: &Evidence<'_>) -> Result<(), String> {
    let joined = evidence.log.iter().position(|event| is(event, "LIVE_AGENT_JOINED"));
    let spoke = evidence.log.iter().position(|event| is(event, "LIVE_AGENT_MESSAGE"));
    match (joined, spoke) {
        (_, None) => Ok(()),
        (Some(joined), Some(spoke)) if joined < spoke => Ok(()),
        (joined, Some(spoke)) => {
            Err(format!("invariant 13: a message at {spoke}, the joining at {joined:?}"))
        }
    }
}
