//! The tenant of a request, from what is kept or from the sidecar.

use alloc::sync::Arc;

use super::{Host, Trouble, kept};
use crate::{
    gate::Gate,
    look_up::{Admission, Answer, Entry, Step},
    refusal::Refusal,
    tenant::{Tenant, TenantKey},
};

/// A tenant as it was found.
pub(super) struct Found {
    /// `None`, if there is none of this name.
    pub(super) tenant: Option<Arc<Tenant>>,
    /// What is kept of it.
    entry: Entry,
}

impl Found {
    fn of(key: &TenantKey<'_>, entry: Entry) -> Self {
        Self { tenant: entry.tenant(key), entry }
    }
}

/// The tenant, as the policy has it.
pub(super) async fn find(
    gate: &Gate,
    key: &TenantKey<'_>,
    host: &mut impl Host,
) -> Result<Found, Refusal> {
    let now = host.now();
    let kept = kept::entry(key, host).await;
    match (gate.configuration().look_up.policy.step(kept.as_ref(), now), kept) {
        (Step::Use, Some(entry)) => Ok(Found::of(key, entry)),
        (Step::UseAndAsk, Some(entry)) => {
            // Who comes meanwhile goes on with what is known.
            let entry = entry.asked(now);
            kept::keep(key, &entry, host).await;
            let entry = ask(gate, key, host).await.unwrap_or(entry);
            Ok(Found::of(key, entry))
        }
        (_, kept) => {
            let is_stranger = !kept.is_some_and(|entry| entry.is_known());
            if is_stranger && !admits_stranger(host) {
                return Err(Refusal::TenantLookUpFailed);
            }
            let entry = ask(gate, key, host).await.ok_or(Refusal::TenantLookUpFailed)?;
            Ok(Found::of(key, entry))
        }
    }
}

fn admits_stranger(host: &mut impl Host) -> bool {
    let admission = host.admits_stranger();
    if admission == Admission::FirstRefused {
        host.report(&Trouble::TooManyStrangers);
    }
    admission == Admission::Admitted
}

/// The tenant, asked for once more because a proof did not match; `None`, if that is not to be
/// done now, or changes nothing.
pub(super) async fn find_again(
    gate: &Gate,
    key: &TenantKey<'_>,
    found: Found,
    host: &mut impl Host,
) -> Option<Option<Arc<Tenant>>> {
    let now = host.now();
    if !gate.configuration().look_up.policy.asks_after_mismatch(&found.entry, now) {
        return None;
    }
    kept::keep(key, &found.entry.clone().asked(now), host).await;
    let entry = ask(gate, key, host).await?;
    (!entry.says_the_same(&found.entry)).then(|| entry.tenant(key))
}

/// Asks the sidecar, and keeps what it says.
async fn ask(gate: &Gate, key: &TenantKey<'_>, host: &mut impl Host) -> Option<Entry> {
    let authorization = &gate.configuration().look_up.authorization;
    let Some(answer) = host.look_up(&Answer::path(key), authorization).await else {
        host.report(&Trouble::LookUpSilent);
        return None;
    };
    match Entry::of_answer(key, answer.status, &answer.body, host.now()) {
        Ok(entry) => {
            kept::keep(key, &entry, host).await;
            Some(entry)
        }
        Err(problem) => {
            host.report(&Trouble::LookUp(problem));
            None
        }
    }
}
