//! Tries again what must not be lost.

use std::time::Duration;

use baton_chat::Shutdown;
use baton_store::StoreError;
use tokio::time::sleep;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Calls the store until it succeeds, with a pause after each failure that doubles up to five
/// seconds. `None` if the process stops before that.
pub(crate) async fn until_done<T, F>(
    what: &'static str,
    shutdown: &mut Shutdown,
    mut attempt: impl FnMut() -> F,
) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt().await {
            Ok(value) => return Some(value),
            Err(error) => tracing::warn!(%error, "could not {what}; trying again"),
        }
        tokio::select! {
            () = shutdown.begun() => return None,
            () = sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_chat::shutdown;

    #[tokio::test]
    async fn what_fails_is_tried_until_it_succeeds() {
        let (_trigger, mut shutdown) = shutdown();
        let mut tries = 0;
        let done = until_done("test", &mut shutdown, || {
            tries += 1;
            let outcome = if tries < 3 { Err(StoreError::Overloaded) } else { Ok(tries) };
            async { outcome }
        });
        assert_eq!(done.await, Some(3));
    }

    #[tokio::test]
    async fn a_stop_ends_the_trying() {
        let (trigger, mut shutdown) = shutdown();
        trigger.begin();
        let never = until_done("test", &mut shutdown, async || Err::<(), _>(StoreError::Closed));
        assert_eq!(never.await, None);
    }
}
