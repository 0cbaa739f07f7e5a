//! Whether each tenant can reach Genesys: checked at the start, and again until it can.
//!
//! A tenant that cannot is down, and says why; the others run.

use std::{collections::HashMap, sync::Mutex, sync::PoisonError, time::Duration};

use baton_core::tenant::TenantKey;
use baton_genesys::Integration;
use baton_process::Shutdown;
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    cause::Chain,
    link::{Link, Links},
};

/// When to look again at a tenant that is down.
const AGAIN: Duration = Duration::from_secs(30);

/// How a tenant stands with Genesys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It was not found out yet.
    Checking,
    /// Its OAuth client and its integration are there.
    Up,
    /// It cannot work; this says why, and what to do.
    Down {
        /// One sentence.
        problem: String,
    },
}

/// How every tenant stands.
#[derive(Debug, Default)]
pub(crate) struct Standings(Mutex<HashMap<TenantKey<'static>, Standing>>);

impl Standings {
    pub(crate) fn of(&self, tenant: &TenantKey<'_>) -> Standing {
        let standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standings.get(tenant).cloned().unwrap_or(Standing::Checking)
    }

    fn set(&self, tenant: &TenantKey<'static>, standing: Standing) {
        let mut standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standings.insert(tenant.clone(), standing);
    }
}

/// Checks every tenant, all at once, until each is up or the process stops.
pub(crate) async fn check(links: Links, standings: std::sync::Arc<Standings>, shutdown: Shutdown) {
    let each = links.iter().map(|link| check_one(link, &standings, shutdown.clone()));
    futures_util::future::join_all(each).await;
}

async fn check_one(link: &Link, standings: &Standings, mut shutdown: Shutdown) {
    let tenant = &link.tenant;
    loop {
        let looked_up = tokio::select! {
            () = shutdown.begun() => return,
            looked_up = link.genesys.integration(&link.wanted) => looked_up,
        };
        match looked_up {
            Ok(Integration { id, .. }) => {
                // By id it was known before.
                let _ = link.integration_id.set(id);
                tracing::info!(%tenant, "the tenant reaches Genesys");
                return standings.set(tenant, Standing::Up);
            }
            Err(error) => {
                let problem = Chain(&error).to_string();
                tracing::error!(%tenant, problem, "the tenant is down");
                standings.set(tenant, Standing::Down { problem });
            }
        }
        if timeout(AGAIN, shutdown.begun()).await.is_ok() {
            return;
        }
    }
}
