//! Whether each tenant can reach Genesys: checked at the start, and again until it can.
//!
//! A tenant that cannot is down, and says why; the others run.

use std::{sync::Arc, time::Duration};

use baton_genesys::Integration;
use baton_process::Shutdown;
use tokio::{task::JoinSet, time::timeout};

use crate::link::{Link, Links};

/// When to look again at a tenant that is down.
const AGAIN: Duration = Duration::from_secs(30);

/// Checks every tenant, all at once, until each was found well or the process stops.
pub(crate) async fn check(links: Links, shutdown: Shutdown) {
    let mut checks = JoinSet::new();
    for link in links.iter() {
        checks.spawn(check_one(Arc::clone(link), shutdown.clone()));
    }
    drop(shutdown);
    checks.join_all().await;
}

async fn check_one(link: Arc<Link>, mut shutdown: Shutdown) {
    loop {
        let looked_up = tokio::select! {
            () = shutdown.begun() => return,
            looked_up = link.genesys.integration(&link.wanted) => looked_up,
        };
        link.standing.note_integration(&looked_up);
        if let Ok(Integration { id, .. }) = looked_up {
            // By id it was known before.
            let _ = link.integration_id.set(id);
            return;
        }
        if timeout(AGAIN, shutdown.begun()).await.is_ok() {
            return;
        }
    }
}
