//! What was said, on the page with a session's context.

use baton_handoff::{TranscriptEntry, TranscriptSpeaker};
use baton_store::LoggedEvent;
use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;

use crate::markup::Markup;

/// What of a session is shown as said.
pub(crate) const SAID: [&str; 4] = [
    "EVENT_TYPE_USER_MESSAGE",
    "EVENT_TYPE_POLY_AGENT_MESSAGE",
    "EVENT_TYPE_LIVE_AGENT_MESSAGE",
    "EVENT_TYPE_SYSTEM_MESSAGE",
];

/// Something that was said.
pub(crate) struct Said {
    entry: TranscriptEntry,
    /// As whom the user saw the one who said it, if by a name.
    name: Option<String>,
}

/// As whom a message shows its author.
#[derive(Default, Deserialize)]
struct Author {
    agent_name: Option<String>,
}

impl Said {
    /// What an event of the log says, if it does.
    pub(crate) fn of_event(event: &LoggedEvent) -> Option<Self> {
        let at = event.timestamp.parse().ok()?;
        let entry = TranscriptEntry::of_event(&event.kind, at, &event.payload)?;
        let author: Author = serde_json::from_str(&event.payload).unwrap_or_default();
        let name = author.agent_name.filter(|name| !name.trim().is_empty());
        Some(Self { entry, name })
    }

    fn day(&self) -> Date {
        self.entry.at.to_zoned(TimeZone::UTC).date()
    }

    fn show(&self, body: &mut Markup) {
        let TranscriptEntry { speaker, at, text } = &self.entry;
        let (opening, who) = match speaker {
            TranscriptSpeaker::User => ("<li class=\"user\">", "User"),
            TranscriptSpeaker::Bot => ("<li class=\"ours\">", "Virtual agent"),
            TranscriptSpeaker::Agent => ("<li class=\"ours\">", "Agent"),
            TranscriptSpeaker::System => ("<li class=\"notice\">", "Notice"),
        };
        body.markup(opening).markup("<p><strong>").text(who);
        if let Some(name) = &self.name {
            body.text(" ").text(name);
        }
        let at = at.to_zoned(TimeZone::UTC);
        body.markup("</strong> <time datetime=\"");
        body.text(&at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).markup("\">");
        body.text(&at.strftime("%H:%M:%S").to_string()).markup("</time></p>");
        // Nobody knows in which language it is, nor in which direction that is read.
        body.markup("<p class=\"words\" lang=\"\" dir=\"auto\">").text_with_links(text);
        body.markup("</p></li>");
    }
}

/// Day by day, the oldest first.
pub(crate) fn show(said: &[Said], body: &mut Markup) {
    if said.is_empty() {
        body.markup("<p>Nothing yet.</p>");
    }
    for of_a_day in said.chunk_by(|one, next| one.day() == next.day()) {
        if let Some(first) = of_a_day.first() {
            body.markup("<h3>").text(&first.day().to_string()).markup("</h3>");
        }
        // Safari takes a list without marks for none, unless it is told.
        body.markup("<ol class=\"said\" role=\"list\">");
        for one in of_a_day {
            one.show(body);
        }
        body.markup("</ol>");
    }
}
