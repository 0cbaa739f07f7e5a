//! For how long an answer is believed.

use super::Entry;

/// For how long an answer is believed, and how often it is asked. All in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For how long a tenant is taken as it was found.
    pub fresh: u64,
    /// For how long after it was found a tenant is taken all the same while it is asked for again,
    /// so that nobody is refused while the sidecar is away.
    pub stale: u64,
    /// For how long it is believed that there is no such tenant.
    pub unknown: u64,
    /// How long at least it is waited before a tenant of which something is known is asked for
    /// again: because it is stale, or because a proof did not match what is known.
    pub pause: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { fresh: 60_000, stale: 24 * 3_600_000, unknown: 10_000, pause: 5_000 }
    }
}

/// What a request for a tenant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes on with what is known.
    Use,
    /// It goes on with what is known, and the tenant is asked for: beside the request where the
    /// host can do so, and else before it goes on.
    UseAndAsk,
    /// It waits until the tenant was asked for. Without an answer it is refused with
    /// [`TenantLookUpFailed`](crate::refusal::Refusal::TenantLookUpFailed).
    Ask,
}

impl Policy {
    /// For how long a tenant may be taken as it was found: after that every host has asked again.
    pub const fn longest_use(&self) -> u64 {
        if self.fresh > self.stale { self.fresh } else { self.stale }
    }

    /// What a request does that finds this in the store.
    pub fn step(&self, entry: Option<&Entry>, now: u64) -> Step {
        let Some(entry) = entry else { return Step::Ask };
        // A clock that was set back makes an answer old, not new for ever.
        let age = now.abs_diff(entry.answered_at);
        match entry.is_known() {
            true if age < self.fresh => Step::Use,
            true if age < self.stale && self.may_ask(entry, now) => Step::UseAndAsk,
            true if age < self.stale => Step::Use,
            false if age < self.unknown => Step::Use,
            _ => Step::Ask,
        }
    }

    /// Whether the tenant is asked for once more before a proof is refused that does not match
    /// what is known: a secret may just have been changed. Whoever sends forged proofs does not
    /// make it be asked more often than the pause allows.
    pub fn asks_after_mismatch(&self, entry: &Entry, now: u64) -> bool {
        entry.is_known() && self.may_ask(entry, now)
    }

    fn may_ask(&self, entry: &Entry, now: u64) -> bool {
        now.abs_diff(entry.asked_at) >= self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::TenantKey;

    const POLICY: Policy = Policy { fresh: 100, stale: 1_000, unknown: 50, pause: 10 };

    fn entry(status: u16, now: u64) -> Entry {
        let body = br#"{"account_id": "a", "project_id": "b", "client_env": "c",
            "signature_secrets": ["0123456789abcdef"], "known": false}"#;
        Entry::of_answer(&TenantKey::new("a", "b", "c"), status, body, now).unwrap()
    }

    #[test]
    fn a_tenant_of_which_nothing_is_known_is_asked_for() {
        assert_eq!(POLICY.step(None, 0), Step::Ask);
    }

    #[test]
    fn a_tenant_is_fresh_then_stale_then_gone() {
        let found = entry(200, 5_000);
        for (age, step) in [
            (0, Step::Use),
            (99, Step::Use),
            (100, Step::UseAndAsk),
            (999, Step::UseAndAsk),
            (1_000, Step::Ask),
        ] {
            assert_eq!(POLICY.step(Some(&found), 5_000 + age), step, "after {age}");
        }
    }

    #[test]
    fn after_the_longest_use_a_tenant_is_asked_for_whatever_the_policy() {
        for policy in [POLICY, Policy { fresh: 2_000, ..POLICY }] {
            let found = entry(200, 0);
            assert_eq!(policy.step(Some(&found), policy.longest_use()), Step::Ask);
            assert_ne!(policy.step(Some(&found), policy.longest_use() - 1), Step::Ask);
        }
    }

    #[test]
    fn a_stale_tenant_is_asked_for_once_in_a_pause() {
        let found = entry(200, 0).asked(200);
        assert_eq!(POLICY.step(Some(&found), 209), Step::Use);
        assert_eq!(POLICY.step(Some(&found), 210), Step::UseAndAsk);
    }

    #[test]
    fn that_there_is_no_such_tenant_is_believed_for_a_while() {
        let missing = entry(404, 0);
        assert_eq!(POLICY.step(Some(&missing), 49), Step::Use);
        assert_eq!(POLICY.step(Some(&missing), 50), Step::Ask);
    }

    #[test]
    fn a_mismatch_asks_again_once_in_a_pause_and_only_for_a_tenant_that_is_there() {
        let found = entry(200, 0);
        assert!(!POLICY.asks_after_mismatch(&found, 9));
        assert!(POLICY.asks_after_mismatch(&found, 10));
        assert!(!POLICY.asks_after_mismatch(&found.asked(10), 19));
        assert!(!POLICY.asks_after_mismatch(&entry(404, 0), 10));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_an_answer_old() {
        let found = entry(200, 10_000);
        assert_eq!(POLICY.step(Some(&found), 9_950), Step::Use);
        assert_eq!(POLICY.step(Some(&found), 9_500), Step::UseAndAsk);
        assert_eq!(POLICY.step(Some(&found), 0), Step::Ask);
    }
}
