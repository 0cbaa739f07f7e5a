//! How an entry reads in the terminal.

use std::{collections::BTreeSet, env, fmt::Write, io::IsTerminal};

use baton_console::{Direction, Entry, Lane, Outcome};

use super::TailError;
use crate::{failure::Failure, output};

/// How many entries are remembered as printed: as many as the console keeps.
const REMEMBERED: usize = 10_000;

const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

/// Prints entries, a line each.
pub(crate) struct Lines {
    form: Form,
    /// The numbers of the entries that were printed.
    printed: BTreeSet<u64>,
}

enum Form {
    /// Each once, when it is settled.
    Words {
        /// Whether what went wrong is red.
        in_colour: bool,
    },
    /// As they come.
    Json,
}

impl Lines {
    /// For people.
    pub(crate) fn in_words() -> Self {
        let in_colour = std::io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none();
        Self { form: Form::Words { in_colour }, printed: BTreeSet::new() }
    }

    /// For programs.
    pub(crate) fn as_json() -> Self {
        Self { form: Form::Json, printed: BTreeSet::new() }
    }

    /// Prints the entry that this is the JSON of, unless its line is printed or not yet due.
    pub(crate) fn print(&mut self, data: &str) -> Result<Entry, Failure> {
        let entry: Entry = serde_json::from_str(data).map_err(|_| TailError::NoEntry)?;
        match self.form {
            Form::Json => output::line(data)?,
            Form::Words { in_colour } => {
                if entry.outcome != Outcome::UnderWay && self.is_new(entry.number) {
                    output::line(&line(&entry, in_colour))?;
                }
            }
        }
        Ok(entry)
    }

    /// Whether the entry of this number was not printed yet. From now on it was.
    fn is_new(&mut self, number: u64) -> bool {
        let is_new = self.printed.insert(number);
        if self.printed.len() > REMEMBERED {
            self.printed.pop_first();
        }
        is_new
    }
}

/// The entry in words.
fn line(entry: &Entry, in_colour: bool) -> String {
    let time = entry.at.get(11..23).unwrap_or(&entry.at);
    let (lane, way) = (lane(entry.lane), way(entry.direction));
    let mut line = format!("{time}  {lane:<12}  {way:<17}  {}", entry.title);
    let mut add = |text: String| {
        // Nothing can go wrong with a string.
        let _ = write!(line, "  {text}");
    };
    if let Some(attempt) = entry.attempt.filter(|attempt| *attempt > 1) {
        add(format!("attempt {attempt}"));
    }
    match entry.outcome {
        Outcome::UnderWay => add("…".to_owned()),
        Outcome::Ok => {}
        Outcome::Refused => add("refused".to_owned()),
        Outcome::Failed => add("failed".to_owned()),
    }
    if let Some(status) = entry.status {
        add(status.to_string());
    }
    if let Some(milliseconds) = entry.took_milliseconds {
        add(format!("{milliseconds} ms"));
    }
    if let Some(summary) = &entry.summary {
        add(format!("\"{summary}\""));
    }
    let line = output::harmless(&line).replace('\n', " ");
    let is_bad = matches!(entry.outcome, Outcome::Refused | Outcome::Failed);
    if in_colour && is_bad { format!("{RED}{line}{PLAIN}") } else { line }
}

fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Webhook => "webhook",
        Lane::Notification => "notification",
        Lane::Rest => "rest",
        Lane::Chat => "chat",
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::ToBaton => "Genesys → Baton",
        Direction::ToGenesys => "Baton → Genesys",
        Direction::ToClient => "Baton → customer",
        Direction::FromClient => "customer → Baton",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORGED: &str = r#"{"number": 7, "at": "2026-11-21T20:15:00.123Z", "lane": "webhook",
        "direction": "to_baton", "title": "Text", "summary": "Hello\u001b[2J\nthere",
        "outcome": "refused", "status": 401, "took_milliseconds": 3.2, "attempt": 1}"#;

    #[test]
    fn an_entry_is_one_line_that_steers_no_terminal() {
        let entry: Entry = serde_json::from_str(FORGED).unwrap();
        assert_eq!(
            line(&entry, false),
            "20:15:00.123  webhook       Genesys → Baton    Text  refused  401  3.2 ms  \
             \"Hello [2J there\""
        );
    }

    #[test]
    fn an_entry_that_changes_is_printed_once() {
        let mut lines = Lines::in_words();
        assert!(lines.is_new(1) && lines.is_new(2) && !lines.is_new(1));
    }
}
