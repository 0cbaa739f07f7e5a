//! Waiting for what has to come.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::http1::PATIENCE;

/// Looks again and again until it is there. `what` says what is missing if it does not come.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not come: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
