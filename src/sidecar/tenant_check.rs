//! Whether each tenant can reach Genesys: looked at when the process starts, until it can, and again
//! whenever something says that it cannot any more.
//!
//! A tenant that cannot is down, and says why; the others run.

use std::{sync::Arc, time::Duration};

use baton_genesys::{Integration, IntegrationRef, TokenState};
use baton_process::Shutdown;
use tokio::{task::JoinSet, time::timeout};

use crate::link::{Link, Links};

/// Checks every tenant, all at once, until the process stops. `again` lies between two looks at a
/// tenant that is down.
pub(crate) async fn check(links: Links, again: Duration, shutdown: Shutdown) {
    let mut checks = JoinSet::new();
    for link in links.iter() {
        checks.spawn(check_one(Arc::clone(link), again, shutdown.clone()));
    }
    drop(shutdown);
    checks.join_all().await;
}

async fn check_one(link: Arc<Link>, again: Duration, mut shutdown: Shutdown) {
    let mut found = None;
    loop {
        if found.is_none() || is_in_doubt(&link) {
            let wanted = found.as_ref().unwrap_or(&link.wanted);
            let looked_up = tokio::select! {
                () = shutdown.begun() => return,
                looked_up = link.genesys.integration(wanted) => looked_up,
            };
            link.standing.note_integration(&looked_up);
            if let Ok(Integration { id, .. }) = looked_up {
                // By id it was known before.
                let _ = link.integration_id.set(id.clone());
                // What it is called by now does not matter.
                found = Some(IntegrationRef::Id(id));
            }
        }
        if timeout(again, shutdown.begun()).await.is_ok() {
            return;
        }
    }
}

/// Whether to look again: where nobody chats, no other call would ever show that it is well again.
fn is_in_doubt(link: &Link) -> bool {
    let fails = matches!(link.genesys.token_state(), TokenState::Failing { .. });
    fails || link.standing.is_down_for_what_a_look_tells()
}
