//! The keys that access tokens and links are signed under: kept in the store, replaced from time to
//! time.
//!
//! A key that was replaced still verifies for a while, for what it signed last. No session has to
//! live by it: one that lives is opened by the token that made it, which its digest proves.

use std::time::Duration;

use baton_process::{Clock, Random, RandomError, Shutdown};
use baton_store::{SigningKey, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::cause::Chain;

/// Under what name the store keeps those of access tokens.
pub(crate) const ACCESS_TOKEN: &str = "access-token";

/// Under what name the store keeps those of links to contexts.
pub(crate) const CONTEXT_LINK: &str = "context-link";

/// For how long a key signs.
const SIGNS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For how long a key verifies once it has been replaced: as long as the longest link is good,
/// and so longer than any token is (a day).
const OVERLAP: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How often it is looked whether the newest key is to be replaced.
const LOOKED_AT: Duration = Duration::from_secs(60 * 60);

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningKeyError {
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the keys of one name.
#[derive(Clone)]
pub(crate) struct SigningKeys {
    /// The name.
    pub(crate) name: &'static str,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl SigningKeys {
    /// Replaces the key when it is time, until the process stops. The keys of each look are told.
    pub(crate) async fn keep(
        self,
        tell: impl Fn(&SigningKey, &[SigningKey]),
        mut shutdown: Shutdown,
    ) {
        loop {
            tokio::select! {
                () = shutdown.begun() => return,
                () = sleep(LOOKED_AT) => {}
            }
            match self.current().await {
                Ok((newest, older)) => tell(&newest, &older),
                Err(error) => {
                    let (name, error) = (self.name, Chain(&error));
                    tracing::error!(name, %error, "a key that signs could not be looked at");
                }
            }
        }
    }

    /// The key that signs, made if it is time, and those that still verify.
    pub(crate) async fn current(&self) -> Result<(SigningKey, Vec<SigningKey>), SigningKeyError> {
        let now = self.clock.now();
        let mut kept = self.store.signing_keys(self.name).await?;
        if let Some(created_at_ms) = outlived(&kept, now) {
            self.store.forget_signing_keys(self.name, created_at_ms).await?;
            kept.retain(|key| key.created_at_ms >= created_at_ms);
        }
        let mut kept = kept.into_iter();
        let older: Vec<SigningKey> = match kept.next() {
            Some(newest) if !is_over(newest.created_at_ms, SIGNS, now) => {
                return Ok((newest, kept.collect()));
            }
            replaced => replaced.into_iter().chain(kept).collect(),
        };
        let newest = SigningKey {
            id: self.random.uuid()?.to_string(),
            bytes: self.random.bytes()?,
            created_at_ms: now.as_millisecond(),
        };
        self.store.add_signing_key(self.name, newest.clone()).await?;
        Ok((newest, older))
    }
}

/// Before when a key was made that needs to be kept no more, if there may be one: the newest of
/// the keys that have been there for the whole overlap has replaced all those before it.
fn outlived(newest_first: &[SigningKey], now: Timestamp) -> Option<i64> {
    let mut made = newest_first.iter().map(|key| key.created_at_ms);
    made.find(|created_at_ms| is_over(*created_at_ms, OVERLAP, now))
}

fn is_over(since_ms: i64, duration: SignedDuration, now: Timestamp) -> bool {
    i128::from(now.as_millisecond()) - i128::from(since_ms) >= duration.as_millis()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[tokio::test]
    async fn a_key_signs_for_30_days_and_verifies_for_30_more() {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(0));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || Timestamp::from_millisecond(now.load(Ordering::Relaxed)).unwrap()
        });
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        let keys = SigningKeys {
            name: ACCESS_TOKEN,
            store: store.clone(),
            clock,
            random: Random::system(),
        };
        let mut seen = Vec::new();
        let known = [(0, 1), (29, 1), (30, 2), (59, 2), (60, 2), (90, 2), (1000, 2), (1031, 2)];
        for (day, known) in known {
            now.store(day * DAY_MS, Ordering::Relaxed);
            let (newest, older) = keys.current().await.unwrap();
            assert_eq!(older.len() + 1, known, "day {day}");
            assert_eq!(store.signing_keys(ACCESS_TOKEN).await.unwrap().len(), known, "day {day}");
            if seen.last() != Some(&newest.id) {
                assert!(!seen.contains(&newest.id));
                seen.push(newest.id);
            }
        }
        assert_eq!(seen.len(), 6);
    }

    #[tokio::test]
    async fn a_key_that_signed_for_long_is_not_forgotten_when_it_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        let old = SigningKey { id: "old".to_owned(), bytes: [1; 32], created_at_ms: 0 };
        store.add_signing_key(ACCESS_TOKEN, old.clone()).await.unwrap();
        let clock = Clock::new(|| Timestamp::from_millisecond(1000 * DAY_MS).unwrap());
        let keys = SigningKeys { name: ACCESS_TOKEN, store, clock, random: Random::system() };
        let (newest, older) = keys.current().await.unwrap();
        assert_ne!(newest, old);
        assert_eq!(older, [old]);
    }
}
