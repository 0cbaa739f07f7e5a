//! What a user reads who waits for long, so that the client does not take the chat for over.

use std::time::Duration;

use super::ConfigurationProblem;
use crate::section::Section;

/// Clients expire after ten minutes without a message, and see to it with each heartbeat
/// (Messaging API, 9).
const LONGEST_SILENCE: u32 = 539;

/// How long such a text may be, in characters.
const LONGEST_TEXT: usize = 1_000;

/// What a user reads who hears nothing for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reassurance {
    /// For how long nobody has said anything then.
    pub after: Duration,
    /// While the user waits for an agent.
    pub in_queue: String,
    /// While an agent is there.
    pub with_agent: String,
}

impl Default for Reassurance {
    fn default() -> Self {
        Self {
            after: Duration::from_secs(510),
            in_queue: "Thank you for waiting. An agent will be with you as soon as possible."
                .to_owned(),
            with_agent: "You are still connected. The agent will answer as soon as possible."
                .to_owned(),
        }
    }
}

/// Reads its keys of `[tenants.genesys.handoff]`; none if nothing is to be said.
pub(super) fn read(section: &mut Section<'_>) -> Result<Option<Reassurance>, ConfigurationProblem> {
    let default = Reassurance::default();
    let after = section.number("reassure_after_seconds", 0..=LONGEST_SILENCE)?;
    let reassurance = Reassurance {
        after: after.map_or(default.after, |seconds| Duration::from_secs(seconds.into())),
        in_queue: text(section, "reassurance_in_queue")?.unwrap_or(default.in_queue),
        with_agent: text(section, "reassurance_with_agent")?.unwrap_or(default.with_agent),
    };
    Ok(Some(reassurance).filter(|reassurance| !reassurance.after.is_zero()))
}

fn text(section: &mut Section<'_>, key: &str) -> Result<Option<String>, ConfigurationProblem> {
    let Some(text) = section.text(key)? else { return Ok(None) };
    let problem = if text.trim().is_empty() {
        "is empty, and clients drop an empty message; write a few words, or set \
         reassure_after_seconds = 0"
            .to_owned()
    } else if text.chars().count() > LONGEST_TEXT {
        format!("is longer than {LONGEST_TEXT} characters; shorten it")
    } else {
        return Ok(Some(text));
    };
    Err(ConfigurationProblem::new(section.name(key), problem))
}
