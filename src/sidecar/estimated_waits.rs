//! The estimated waits of a tenant's queues: however many users wait in one, Genesys is asked
//! about it once in a while.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::OnceCell, time::Instant};

/// More queues are not kept: users of one tenant wait in a few.
const MOST_QUEUES: usize = 1_000;

/// What Genesys said last of each queue, by its id.
#[derive(Default)]
pub(crate) struct EstimatedWaits {
    entries: Mutex<HashMap<String, Entry>>,
}

struct Entry {
    since: Instant,
    wait: Arc<OnceCell<Option<Duration>>>,
}

impl EstimatedWaits {
    /// How long the wait in the queue may take, if that is to be had: as it was `kept` ago at the
    /// earliest, or as the question tells.
    pub(crate) async fn of(
        &self,
        queue_id: &str,
        now: Instant,
        kept: Duration,
        ask: impl Future<Output = Option<Duration>>,
    ) -> Option<Duration> {
        let wait = self.entry(queue_id, now, kept);
        *wait.get_or_init(|| ask).await
    }

    /// Where the estimate is, or will be.
    fn entry(
        &self,
        queue_id: &str,
        now: Instant,
        kept: Duration,
    ) -> Arc<OnceCell<Option<Duration>>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_QUEUES && !entries.contains_key(queue_id) {
            entries.clear();
        }
        let fresh = || Entry { since: now, wait: Arc::default() };
        let entry = entries.entry(queue_id.to_owned()).or_insert_with(fresh);
        if now.saturating_duration_since(entry.since) >= kept {
            *entry = fresh();
        }
        Arc::clone(&entry.wait)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const KEPT: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn whoever_waits_in_a_queue_hears_what_was_asked_for_another() {
        let (waits, asked) = (EstimatedWaits::default(), AtomicU64::new(0));
        let start = Instant::now();
        let of = |queue_id: &'static str, after: Duration| {
            let ask = async { Some(Duration::from_secs(asked.fetch_add(1, Ordering::Relaxed))) };
            waits.of(queue_id, start + after, KEPT, ask)
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let now = Duration::ZERO;
        let all = tokio::join!(of("a", now), of("a", now), of("b", now));
        assert_eq!(all, (seconds(0), seconds(0), seconds(1)));
        assert_eq!(of("a", KEPT / 2).await, seconds(0));
        assert_eq!(of("a", KEPT).await, seconds(2));
    }

    #[tokio::test]
    async fn that_there_is_no_estimate_is_not_asked_again_at_once() {
        let (waits, start) = (EstimatedWaits::default(), Instant::now());
        assert_eq!(waits.of("a", start, KEPT, async { None }).await, None);
        assert_eq!(waits.of("a", start, KEPT, async { Some(KEPT) }).await, None);
        assert_eq!(waits.of("a", start + KEPT, KEPT, async { Some(KEPT) }).await, Some(KEPT));
    }
}
