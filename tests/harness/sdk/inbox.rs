//! Between a client's socket and its screen: a buffer that may lose the oldest (Messaging API,
//! 11).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc::UnboundedSender},
    task::yield_now,
    time::sleep,
};

use super::{Order, Shared, decode::Decoded, screen::Reaction};

/// An app shows a few events, and then has to draw.
const AT_A_TIME: usize = 10;
const DRAWING: Duration = Duration::from_millis(1);

/// The buffer.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    limit: Option<usize>,
    waiting: Arc<Mutex<VecDeque<(Decoded, bool)>>>,
    filled: Arc<Notify>,
}

impl Inbox {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { limit, waiting: Arc::default(), filled: Arc::default() }
    }

    /// Takes the events of one frame. Returns how many older ones are lost for them.
    pub(super) fn fill(&self, events: Vec<Decoded>) -> u64 {
        let joined = events.iter().any(|event| event.name == "AgentJoined");
        let mut waiting = self.lock();
        waiting.extend(events.into_iter().map(|event| (event, joined)));
        let lost = waiting.len().saturating_sub(self.limit.unwrap_or(usize::MAX));
        waiting.drain(..lost);
        self.filled.notify_one();
        lost as u64
    }

    /// Shows what comes, one after the other.
    pub(super) async fn process(self, screen: Shared, orders: UnboundedSender<Order>) {
        let mut shown = 0;
        loop {
            let next = self.lock().pop_front();
            let Some((event, joined)) = next else {
                self.filled.notified().await;
                continue;
            };
            let order = match screen.lock().process(event, joined) {
                Reaction::Nothing => None,
                Reaction::Join => Some(Order::Join),
                Reaction::Begin { heartbeat, join } => Some(Order::Begin { heartbeat, join }),
            };
            if let Some(order) = order {
                // The socket may have had its end, and what it brought is shown all the same.
                let _ = orders.send(order);
            }
            shown += 1;
            match shown % AT_A_TIME {
                0 => sleep(DRAWING).await,
                _ => yield_now().await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Decoded, bool)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
