//! The timeline as a stream of server-sent events (HTML standard, 9.2).

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderName},
    response::sse::{Event, KeepAlive, Sse},
};
use baton_process::Shutdown;
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::watch;

use crate::{console::Served, record::Record, timeline::Change};

/// How many changes are read at a time.
const AT_ONCE: usize = 256;

/// After how long without anything a comment is sent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Which entries are wanted.
#[derive(Deserialize)]
pub(crate) struct Filter {
    /// Only those of this session.
    session: Option<String>,
}

/// `GET /api/timeline`: what there is, then each change.
pub(crate) async fn changes(
    State(served): State<Served>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let Served { record, shutdown, .. } = served;
    let newest = record.read(|timeline| timeline.last_change());
    let reader = Reader {
        changed: record.watch(),
        record,
        shutdown,
        session: filter.session,
        // A number that was never given is of another run.
        seen: last.filter(|last| *last <= newest).unwrap_or(0),
        waiting: VecDeque::new(),
    };
    let events = stream::unfold(reader, async |mut reader| {
        let change = reader.next().await?;
        Some((Ok(event(&change)), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE))
}

fn event(change: &Change) -> Event {
    // An entry can always be written.
    let data = serde_json::to_string(&change.entry).unwrap_or_default();
    Event::default().id(change.number.to_string()).data(data)
}

/// One who reads the changes one after the other.
struct Reader {
    record: Record,
    changed: watch::Receiver<u64>,
    shutdown: Shutdown,
    session: Option<String>,
    /// The number of the last change that was read.
    seen: u64,
    waiting: VecDeque<Change>,
}

impl Reader {
    /// The next change, once there is one; none when the process stops.
    async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Some(change);
            }
            self.changed.mark_unchanged();
            let changes = self.record.read(|timeline| timeline.changes_after(self.seen, AT_ONCE));
            match changes.last() {
                Some(last) => self.seen = last.number,
                None => tokio::select! {
                    () = self.shutdown.begun() => return None,
                    changed = self.changed.changed() => changed.ok()?,
                },
            }
            let wanted = |change: &Change| match &self.session {
                Some(session) => change.entry.session_id.as_ref() == Some(session),
                None => true,
            };
            self.waiting.extend(changes.into_iter().filter(wanted));
        }
    }
}
