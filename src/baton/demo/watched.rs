//! The timeline as the script watches it: it is printed, and waited on.

use std::time::Duration;

use baton_console::{Entry, Lane, Outcome};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{customer::Shown, failure::DemoFailure};
use crate::{
    failure::Failure,
    tail::{Entries, Lines},
};

/// How long anything may take to show.
const PATIENCE: Duration = Duration::from_secs(20);

/// The entries so far, and those to come.
pub(crate) struct Watched {
    entries: mpsc::UnboundedReceiver<Result<Entry, Failure>>,
    /// Each as it was when it came.
    so_far: Vec<Entry>,
}

impl Watched {
    /// Prints the entries from now on, and keeps them.
    pub(crate) fn new(mut entries: Entries) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut lines = Lines::in_words();
            while let Some(entry) = next(&mut entries, &mut lines).await.transpose() {
                if sender.send(entry).is_err() {
                    return;
                }
            }
        });
        Self { entries: receiver, so_far: Vec::new() }
    }

    /// Waits until an entry is settled on this lane, with this title, whose summary holds this
    /// text.
    pub(crate) async fn shows(
        &mut self,
        lane: Lane,
        title: &str,
        text: &str,
        outcome: Outcome,
    ) -> Result<Entry, Failure> {
        let is_it = |entry: &&Entry| {
            entry.lane == lane
                && entry.title == title
                && entry.outcome == outcome
                && entry.summary.as_deref().unwrap_or_default().contains(text)
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(entry) = self.so_far.iter().find(is_it) {
                return Ok(entry.clone());
            }
            match timeout_at(deadline, self.entries.recv()).await {
                Ok(Some(entry)) => self.so_far.push(entry?),
                Ok(None) => return Err(DemoFailure::Ended { part: "the timeline" }.into()),
                Err(_) => return Err(not_seen(format!("{title} {text:?}")).into()),
            }
        }
    }

    /// The conversation of the session, once it is known.
    pub(crate) async fn conversation(&mut self, session_id: &str) -> Result<String, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let of_session = |entry: &&Entry| entry.session_id.as_deref() == Some(session_id);
            let mut known = self.so_far.iter().filter(of_session);
            if let Some(id) = known.find_map(|entry| entry.conversation_id.clone()) {
                return Ok(id);
            }
            match timeout_at(deadline, self.entries.recv()).await {
                Ok(Some(entry)) => self.so_far.push(entry?),
                _ => return Err(not_seen("the conversation at Genesys".to_owned()).into()),
            }
        }
    }

    /// Whether the chat shows this text so far.
    pub(crate) fn is_in_chat(&self, text: &str) -> bool {
        let holds = |entry: &Entry| {
            entry.lane == Lane::Chat && entry.summary.as_deref().unwrap_or_default().contains(text)
        };
        self.so_far.iter().any(holds)
    }
}

/// Waits until the customer's client is shown an event of this type.
pub(crate) async fn is_shown(shown: &mut Shown, kind: &str) -> Result<(), DemoFailure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match timeout_at(deadline, shown.recv()).await {
            Ok(Some(found)) if found == kind => return Ok(()),
            Ok(Some(_)) => {}
            Ok(None) => return Err(DemoFailure::Customer),
            Err(_) => return Err(not_seen(format!("{kind} in the customer's window"))),
        }
    }
}

fn not_seen(what: String) -> DemoFailure {
    DemoFailure::NotSeen { what, seconds: PATIENCE.as_secs() }
}

async fn next(entries: &mut Entries, lines: &mut Lines) -> Result<Option<Entry>, Failure> {
    let Some(data) = entries.next().await? else { return Ok(None) };
    let entry = lines.print(&data)?;
    Ok(Some(entry))
}
