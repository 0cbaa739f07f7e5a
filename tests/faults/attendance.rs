//! What has to be true of who was there, and of the end.

use serde_json::Value;

use crate::{
    org::milliseconds,
    verdict::{Evidence, is},
};

/// Joinings and ends are those of Genesys.
pub(crate) fn check(evidence: &Evidence<'_>) -> Result<(), String> {
    joinings(evidence)?;
    ends(evidence)?;
    state(evidence)
}

/// Invariant 13: each joining is an acceptance, each acceptance at most one joining, in order.
fn joinings(evidence: &Evidence<'_>) -> Result<(), String> {
    let mut acceptances: Vec<(i64, &str)> = evidence
        .other_legs()
        .filter(|leg| leg["purpose"] == "agent")
        .filter_map(|leg| Some((milliseconds(&leg["connectedTime"])?, leg["user"]["id"].as_str()?)))
        .collect();
    acceptances.sort_unstable();
    let mut left = acceptances.iter();
    for joined in evidence.events("LIVE_AGENT_JOINED") {
        let at = milliseconds(&joined["timestamp"]).expect("a time");
        let name = joined["payload"]["agent"]["name"].as_str();
        let is_it = |(accepted, user): &&(i64, &str)| {
            *accepted <= at && name.is_none_or(|name| name == name_of(user))
        };
        if left.find(is_it).is_none() {
            return Err(format!(
                "invariant 13: a joining without an acceptance of its own: {joined}, of \
                 {acceptances:?}"
            ));
        }
    }
    Ok(())
}

/// The agents of the org by their ids.
fn name_of(user_id: &str) -> &'static str {
    match user_id.get(..4) {
        Some("aa11") => "Dana Reyes",
        Some("bb22") => "Milan Novak",
        Some("cc33") => "Aisha Okafor",
        Some("dd44") => "Søren Holm",
        Some("ee55") => "Jun Tanaka",
        _ => "nobody",
    }
}

/// Invariants 7 and 13: no handoff is told to be over before it is over at Genesys, unless the
/// user has left it.
fn ends(evidence: &Evidence<'_>) -> Result<(), String> {
    let mut begun_at = i64::MIN;
    for (place, event) in evidence.log.iter().enumerate() {
        let at = milliseconds(&event["timestamp"]).expect("a time");
        if is(event, "POLY_AGENT_TRIGGERED_HANDOFF") {
            begun_at = at;
        }
        let user_left = evidence.log[..place].iter().any(|event| is(event, "USER_END_SESSION"))
            || evidence.events("SESSION_END").any(is_abandonment);
        let tells_end = is(event, "LIVE_AGENT_LEFT") || is(event, "HANDOFF_FAILED");
        if tells_end && !user_left && !had_ended(evidence, begun_at, at) {
            return Err(format!("invariant 7: told too early: {event}"));
        }
    }
    Ok(())
}

fn is_abandonment(end: &Value) -> bool {
    end["payload"]["reason"] == "REASON_USER_ABANDONED"
}

/// Whether there was a moment in between at which a leg had ended and nobody else was there.
fn had_ended(evidence: &Evidence<'_>, from: i64, to: i64) -> bool {
    let lives: Vec<(i64, i64)> = evidence
        .other_legs()
        .filter_map(|leg| {
            let end = milliseconds(&leg["endTime"]).unwrap_or(i64::MAX);
            Some((milliseconds(&leg["startTime"])?, end))
        })
        .collect();
    let attended = |at: i64| lives.iter().any(|(start, end)| *start <= at && at < *end);
    lives.iter().any(|(_, end)| (from..=to).contains(end) && !attended(*end))
}

/// Invariant 7: a handoff is over if, and only if, it is over at Genesys.
fn state(evidence: &Evidence<'_>) -> Result<(), String> {
    let open_here = evidence.log.iter().fold(false, |open, event| {
        let ends = ["LIVE_AGENT_LEFT", "HANDOFF_FAILED", "SESSION_END"];
        match () {
            () if is(event, "POLY_AGENT_TRIGGERED_HANDOFF") => true,
            () if ends.iter().any(|kind| is(event, kind)) => false,
            () => open,
        }
    });
    let over = |state: &Value| state == "ended" || state == "unattended";
    let states: Vec<&Value> = evidence.conversations.iter().map(|one| &one["state"]).collect();
    let open_there = states.iter().any(|state| !over(state));
    if open_here == open_there {
        return Ok(());
    }
    Err(format!("invariant 7: open here: {open_here}, at Genesys: {states:?}"))
}
