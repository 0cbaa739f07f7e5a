//! A chat client that stays: when it loses its socket it comes again, after what it has seen.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use baton_tests::{
    chat::{Session, Socket, sequence_of},
    process::Place,
};
use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, sleep, timeout},
};

use crate::PATIENCE;

pub(crate) struct Watcher {
    place: watch::Sender<Place>,
    enough: Arc<AtomicBool>,
    task: JoinHandle<Vec<Value>>,
}

impl Watcher {
    pub(crate) fn begin(place: Place, session: &Session) -> Self {
        let (place, places) = watch::channel(place);
        let enough = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(watch(places, session.clone(), Arc::clone(&enough)));
        Self { place, enough, task }
    }

    /// Goes on with another process.
    pub(crate) fn move_to(&self, place: Place) {
        self.place.send_replace(place);
    }

    /// Ends once the socket is lost the next time. Returns each event that was seen, once.
    pub(crate) async fn end(self) -> Vec<Value> {
        self.enough.store(true, Ordering::Relaxed);
        timeout(PATIENCE, self.task).await.expect("it ends in time").expect("it did not panic")
    }
}

async fn watch(
    place: watch::Receiver<Place>,
    session: Session,
    enough: Arc<AtomicBool>,
) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    while !enough.load(Ordering::Relaxed) {
        let chat = place.borrow().chat;
        let cursor = seen.last().and_then(sequence_of);
        if let Some(mut socket) = Socket::open_after(chat, &session, cursor).await {
            while let Some(event) = socket.next().await {
                let expected = seen.last().and_then(sequence_of).unwrap_or(0) + 1;
                assert_eq!(sequence_of(&event), Some(expected), "the client misses nothing");
                seen.push(event);
            }
        }
        sleep(Duration::from_millis(2)).await;
    }
    seen
}
