//! What a sidecar answers of dead letters, and how it is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A page of the list.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) dead_letters: Vec<DeadLetter>,
    pub(super) next_after: Option<u64>,
}

/// A dead letter without what it holds.
#[derive(Serialize, Deserialize)]
pub(super) struct DeadLetter {
    id: u64,
    kind: String,
    tenant: Tenant,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    about: String,
    reason: String,
    at: String,
}

#[derive(Serialize, Deserialize)]
struct Tenant {
    account_id: String,
    project_id: String,
    client_env: String,
}

impl DeadLetter {
    pub(super) fn line(&self) -> String {
        let Self { id, kind, tenant, session_id, about, reason, at } = self;
        let Tenant { account_id, project_id, client_env } = tenant;
        let session = session_id.as_deref().unwrap_or("no session");
        let tenant = format!("{account_id}/{project_id}/{client_env}");
        format!("{id}  {at}  {kind}  {tenant}  {session}  {about}: {reason}")
    }
}

/// What came of replaying.
#[derive(Serialize, Deserialize)]
pub(super) struct Replayed {
    replayed: u64,
    pub(super) refused: BTreeMap<String, u64>,
}

impl Replayed {
    /// The one that was meant waits again.
    pub(super) fn one() -> Self {
        Self { replayed: 1, refused: BTreeMap::new() }
    }

    pub(super) fn lines(&self) -> String {
        let mut lines = format!("{} on the way again", self.replayed);
        for (reason, count) in &self.refused {
            lines.push_str(&format!("\n{count} stay: {reason}"));
        }
        lines
    }
}

/// What came of throwing away.
#[derive(Serialize, Deserialize)]
pub(super) struct Discarded {
    pub(super) discarded: u64,
}

impl Discarded {
    pub(super) fn line(&self) -> String {
        format!("{} thrown away", self.discarded)
    }
}
