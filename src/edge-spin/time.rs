//! Time: the host's clock, and what comes before a limit.

use std::{
    future::Future,
    pin::pin,
    time::{SystemTime, UNIX_EPOCH},
};

use futures::future::{Either, select};

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What comes of the work, unless the limit is over before.
pub(crate) async fn sooner<T>(
    work: impl Future<Output = T>,
    limit: impl Future<Output = ()>,
) -> Option<T> {
    match select(pin!(work), pin!(limit)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
