//! What clients were told, and whether it stands.

use std::collections::{HashMap, HashSet};

use baton_store::Store;
use baton_tests::chat::Session;
use serde_json::Value;

use crate::{
    disk::{Image, restore},
    operations::{LOG, Operation},
    stream::{Delivery, Post, Sent},
};

/// Who sent what, so that an answer can be traced to its delivery.
pub(crate) struct Ledger<'a> {
    deliveries: HashMap<&'a str, &'a Delivery>,
    /// The ids of the deliveries and of their events.
    ids: HashSet<&'a str>,
    /// The deliveries that were sent to a process from a port, in order.
    posts: HashMap<(u32, u16), Vec<&'a str>>,
}

/// What clients have been told so far.
#[derive(Clone, Default)]
pub(crate) struct Promises<'a> {
    /// The ids of the deliveries that were answered 200.
    answered: HashSet<&'a str>,
    /// The events that were shown to a chat client, by their ids.
    shown: HashMap<String, u64>,
    /// How many answers went to each port of each process.
    answers: HashMap<(u32, u16), usize>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn new(sent: &'a [Sent]) -> Self {
        let (deliveries, ids, posts) = (HashMap::new(), HashSet::new(), HashMap::new());
        let mut ledger = Self { deliveries, ids, posts };
        for sent in sent {
            for delivery in &sent.answered {
                ledger.deliveries.insert(&delivery.id, delivery);
                ledger.ids.extend([&*delivery.id, &*delivery.event_id]);
            }
            for Post { process, port, delivery_id } in &sent.posts {
                ledger.posts.entry((*process, *port)).or_default().push(delivery_id);
            }
        }
        ledger
    }
}

impl<'a> Promises<'a> {
    /// Notes what the process tells. Returns the delivery, if it answers one.
    pub(crate) fn note(
        &mut self,
        operation: &Operation<'_>,
        ledger: &Ledger<'a>,
    ) -> Option<&'a str> {
        match *operation {
            Operation::Answer { process, port } => {
                // Other answers, such as that to the request for the session, are not ours.
                let posts = ledger.posts.get(&(process, port))?;
                let answers = self.answers.entry((process, port)).or_default();
                let delivery = posts[*answers];
                *answers += 1;
                self.answered.insert(delivery);
                Some(delivery)
            }
            Operation::Frames { data } => {
                self.shown.extend(events_in(data));
                None
            }
            _ => None,
        }
    }

    /// Opens the files as a store, and says what is not as it was promised.
    pub(crate) async fn stand_in(
        &self,
        image: &Image,
        session: &Session,
        ledger: &Ledger<'_>,
    ) -> Result<(), String> {
        let folder = tempfile::tempdir().expect("a folder");
        restore(image, folder.path());
        let store = Store::open(&folder.path().join("baton.db"))
            .map_err(|error| format!("the store does not open: {error}"))?;
        let outcome = self.stand_in_store(&store, session, ledger).await;
        store.close().await.expect("the store closes");
        outcome
    }

    async fn stand_in_store(
        &self,
        store: &Store,
        session: &Session,
        ledger: &Ledger<'_>,
    ) -> Result<(), String> {
        let everything = usize::MAX;
        let pending = store.pending(0, everything).await.expect("the inbox");
        let log = store.events_after(&session.id, 0, everything, everything).await;
        let log = log.expect("the log").events;

        let numbers = log.iter().map(|event| event.sequence);
        if !numbers.eq(1..=log.len() as u64) {
            return Err("the log has gaps".into());
        }
        let logged: HashMap<&str, _> = log.iter().map(|event| (&*event.id, event)).collect();
        let waiting: HashSet<String> =
            pending.iter().map(|pending| pending.delivery_id.to_string()).collect();
        if logged.len() != log.len() || waiting.len() != pending.len() {
            return Err("something is there twice".into());
        }
        for id in &self.answered {
            let delivery = ledger.deliveries[id];
            match (waiting.contains(*id), logged.get(&*delivery.event_id)) {
                (true, None) => {}
                (false, Some(event)) => {
                    let payload: Value = serde_json::from_str(&event.payload).expect("JSON");
                    if payload["text"] != *delivery.text {
                        return Err(format!("{id} is damaged"));
                    }
                }
                (false, None) => return Err(format!("{id} was answered 200 and is lost")),
                (true, Some(_)) => return Err(format!("{id} is in the log and waits to be")),
            }
        }
        for (id, sequence) in &self.shown {
            if logged.get(&**id).is_none_or(|event| event.sequence != *sequence) {
                return Err(format!("event {id} was shown as {sequence} and does not stand"));
            }
        }
        Ok(())
    }
}

/// Looks at the calls alone: first comes the write to the log that holds the delivery or the
/// event, then a sync of the log that began after it and ended well, and only then the client is
/// answered or shown. Says where it is not so.
pub(crate) fn check_order(operations: &[Operation<'_>], ledger: &Ledger<'_>) -> Result<(), String> {
    let mut promises = Promises::default();
    // What was written to the log and is not synced yet: where.
    let mut written: HashMap<&str, usize> = HashMap::new();
    let mut synced: HashSet<&str> = HashSet::new();
    let mut begun: HashMap<u32, usize> = HashMap::new();
    for (place, operation) in operations.iter().enumerate() {
        match *operation {
            Operation::Write { file: LOG, data, .. } => {
                for id in ids_in(data, ledger).filter(|id| !synced.contains(id)) {
                    written.entry(id).or_insert(place);
                }
            }
            Operation::SyncBegins { file: LOG, thread } => {
                begun.insert(thread, place);
            }
            Operation::Synced { file: LOG, thread } => {
                let begin = begun[&thread];
                synced.extend(written.extract_if(|_, at| *at < begin).map(|(id, _)| id));
            }
            Operation::Answer { .. } => {
                let early = promises.note(operation, ledger).filter(|id| !synced.contains(id));
                if let Some(id) = early {
                    return Err(format!("{id} is answered before it is synced (call {place})"));
                }
            }
            Operation::Frames { data } => {
                let shown = events_in(data).into_iter().map(|(id, _)| id);
                let mut ours = shown.filter(|id| ledger.ids.contains(&**id));
                if let Some(id) = ours.find(|id| !synced.contains(&**id)) {
                    return Err(format!("event {id} is shown before it is synced (call {place})"));
                }
            }
            _ => {}
        }
    }
    let answered = promises.answered.len();
    if answered == ledger.deliveries.len() {
        Ok(())
    } else {
        Err(format!("the answers to {answered} of {} were found", ledger.deliveries.len()))
    }
}

/// The ids of deliveries and events that have their row in a page. Within the JSON of a delivery
/// they stand in quotes.
fn ids_in<'l>(page: &[u8], ledger: &Ledger<'l>) -> impl Iterator<Item = &'l str> {
    const LENGTH: usize = 36;
    let dashes = page.iter().enumerate().filter(|(_, byte)| **byte == b'-').map(|(at, _)| at);
    dashes.filter_map(|dash| {
        // The first dash of a UUID stands after eight digits.
        let (begin, end) = (dash.checked_sub(8)?, dash + LENGTH - 8);
        let id = std::str::from_utf8(page.get(begin..end)?).ok()?;
        let quoted = page.get(end) == Some(&b'"');
        ledger.ids.get(id).copied().filter(|_| !quoted)
    })
}

/// The events of the session log in WebSocket frames of text: id and sequence.
fn events_in(mut frames: &[u8]) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    while let [0x81, length, rest @ ..] = frames {
        let (length, rest) = match (length, rest) {
            (126, [high, low, rest @ ..]) => (usize::from(*high) << 8 | usize::from(*low), rest),
            (127, [_, _, _, _, a, b, c, d, rest @ ..]) => {
                (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest)
            }
            _ => (usize::from(*length), rest),
        };
        // What the kernel did not take at once was not shown as a whole.
        let Some((text, next)) = rest.split_at_checked(length) else { break };
        let frame: Value = serde_json::from_slice(text).expect("JSON");
        let events = match frame["payload"]["events"].as_array() {
            Some(batch) => batch.clone(),
            None => vec![frame],
        };
        let stored =
            |event: &Value| Some((event["id"].as_str()?.to_owned(), event["sequence"].as_u64()?));
        found.extend(events.iter().filter_map(stored));
        frames = next;
    }
    found
}
