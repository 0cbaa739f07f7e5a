//! What people read of an answer.

use baton_sidecar::{RotationEnding, TenantCommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Request;
use crate::output::harmless;

/// The answer to the request, in words.
pub(super) fn text(request: &Request, answer: &Value) -> String {
    let command = match request {
        Request::Book(command) => command,
        Request::ApplyRotation(_) => return applied(answer),
    };
    match command {
        TenantCommand::List => list(answer),
        TenantCommand::Show(_) => {
            format!("{}\n{:#}", line(answer), member(answer, "section"))
        }
        TenantCommand::Put { .. } | TenantCommand::Remove(_) => change(answer),
        TenantCommand::BeginRotation { .. } => begun(answer, Timestamp::now()),
        TenantCommand::EndRotation { ending, .. } => {
            let key = key(answer);
            let gone = match ending {
                RotationEnding::Finished | RotationEnding::Forced => "older",
                RotationEnding::Cancelled => "new",
            };
            match word(answer, "takes_effect") {
                "now" => format!("the {gone} webhook secret of {key} is taken no more"),
                _ => format!("the {gone} webhook secret of {key} is out"),
            }
        }
    }
}

fn list(answer: &Value) -> String {
    let tenants = member(answer, "tenants").as_array().map(Vec::as_slice).unwrap_or_default();
    if tenants.is_empty() {
        return "the store holds no tenant".to_owned();
    }
    tenants.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A tenant on a line.
fn line(tenant: &Value) -> String {
    let effect = match word(tenant, "takes_effect") {
        "now" => "served",
        _ => "served so from the next start of the sidecar on",
    };
    let changed = word(tenant, "changed_at");
    let rotation = match word(member(tenant, "rotation"), "switch_genesys_from") {
        "" => String::new(),
        from => format!("; its webhook secret is being rotated, Genesys from {from} on"),
    };
    format!("{}  changed {changed}, {effect}{rotation}", key(tenant))
}

fn change(answer: &Value) -> String {
    let key = key(answer);
    let mut text = match word(answer, "change") {
        "removed" => format!(
            "{key} is out of the store; a sidecar that runs serves it until it is started again"
        ),
        "unchanged" => format!("{key} stands in the store just so already"),
        change => {
            format!("{key} {change}; it is served from the next start of the sidecar on")
        }
    };
    for warning in member(answer, "warnings").as_array().into_iter().flatten() {
        text.push_str(&format!("\nwarning: {}", harmless(warning.as_str().unwrap_or_default())));
    }
    text
}

fn begun(answer: &Value, now: Timestamp) -> String {
    let key = key(answer);
    let secret = match word(answer, "secret") {
        "" => String::new(),
        secret => format!("The new webhook secret of {key}, shown this once:\n\n  {secret}\n\n"),
    };
    let when = word(answer, "switch_genesys_from")
        .parse()
        .map_or_else(|_| "once every edge has it".to_owned(), |from| when(from, now));
    format!(
        "{secret}The old secret and the new one are both taken. What is left to do:\n  \
         1. {when}: put the new secret into the Open Messaging integration in Genesys (Outbound \
         Notification Webhook Signature Secret Token), or have the sidecar do it: baton tenant rotate \
         {key} --genesys. An edge that lists its tenants itself has to \
         be given it before.\n     \
         Edges ask again after a minute; the rest of the time is for one that the sidecar does not \
         answer, and --edge-cache-seconds or internal.edge_cache_seconds changes it.\n  \
         2. Once webhooks come with it: baton tenant rotate {key} --finish"
    )
}

fn applied(answer: &Value) -> String {
    let key = key(answer);
    let integration = harmless(word(answer, "integration_id"));
    format!(
        "the integration {integration} in Genesys signs with the new secret; once webhooks come \
         with it: baton tenant rotate {key} --finish"
    )
}

/// A time as somebody waits for it.
fn when(from: Timestamp, now: Timestamp) -> String {
    let wait = from.duration_since(now);
    if wait <= SignedDuration::ZERO {
        return "Now".to_owned();
    }
    let minutes = (wait.as_secs() + 59) / 60;
    let wait = match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    };
    let day = if wait.contains('h') { "%Y-%m-%d " } else { "" };
    format!("From {} UTC on, in {wait}", from.strftime(&format!("{day}%H:%M:%S")))
}

fn key(answer: &Value) -> String {
    let tenant = member(answer, "tenant");
    let part = |name| word(tenant, name);
    harmless(&format!("{}/{}/{}", part("account_id"), part("project_id"), part("client_env")))
}

fn member<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer.get(name).unwrap_or(&Value::Null)
}

fn word<'a>(answer: &'a Value, name: &str) -> &'a str {
    member(answer, name).as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_rotation_says_what_to_do_and_from_when() {
        let answer = json!({
            "tenant": {"account_id": "acme", "project_id": "support", "client_env": "live"},
            "secret": "made",
            "switch_genesys_from": "2026-05-07T14:05:00Z",
        });
        let text = begun(&answer, at("2026-05-07T13:55:30Z"));
        for expected in [
            "acme/support/live, shown this once:\n\n  made\n",
            "1. From 14:05:00 UTC on, in 10 min: put the new secret",
            "baton tenant rotate acme/support/live --finish",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn a_wait_is_told_in_hours_and_minutes_and_with_its_day() {
        let from = at("2026-05-07T14:05:00Z");
        for (now, expected) in [
            ("2026-05-07T14:05:00Z", "Now"),
            ("2026-05-07T14:04:59Z", "From 14:05:00 UTC on, in 1 min"),
            ("2026-05-06T14:05:00Z", "From 2026-05-07 14:05:00 UTC on, in 24 h"),
            ("2026-05-07T12:00:00Z", "From 2026-05-07 14:05:00 UTC on, in 2 h 5 min"),
        ] {
            assert_eq!(when(from, at(now)), expected);
        }
    }
}
