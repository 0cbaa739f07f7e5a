//! Webhooks to one end user set off in the order in which things happened.
//!
//! A webhook's first attempt begins when the first attempt of the one before it is over. Its
//! retries hold nothing up: a webhook that fails at first is overtaken.

use std::collections::HashMap;

use tokio::sync::oneshot;

/// Who goes after whom, by a key for the end user.
#[derive(Default)]
pub(crate) struct WebhookLanes {
    last_number: u64,
    tails: HashMap<String, Tail>,
}

/// The webhook that came last.
struct Tail {
    number: u64,
    gone: oneshot::Receiver<()>,
}

/// A webhook's place in its lane. It has passed when it is dropped.
pub(crate) struct Turn {
    key: String,
    number: u64,
    before: Option<oneshot::Receiver<()>>,
    _gone: oneshot::Sender<()>,
}

impl WebhookLanes {
    /// A place behind every webhook with the same key.
    pub(crate) fn enter(&mut self, key: String) -> Turn {
        self.last_number += 1;
        let number = self.last_number;
        let (gone, tail) = oneshot::channel();
        let before = self.tails.insert(key.clone(), Tail { number, gone: tail });
        Turn { key, number, before: before.map(|tail| tail.gone), _gone: gone }
    }

    /// Lets the next one go.
    pub(crate) fn leave(&mut self, turn: &Turn) {
        if self.tails.get(&turn.key).is_some_and(|tail| tail.number == turn.number) {
            self.tails.remove(&turn.key);
        }
    }
}

impl Turn {
    /// Waits until the one before has made its first attempt.
    pub(crate) async fn come(&mut self) {
        if let Some(before) = self.before.take() {
            // Nothing is ever sent: the sender's end is the signal.
            let _gone = before.await;
        }
    }
}
