//! The token of an OAuth client: one request in flight however many wait for it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use baton_process::Random;
use tokio::{sync::watch, time::Instant};

use crate::{error::TokenError, pace::Pace, secret::Secret};

mod issuer;
mod ledger;

pub(crate) use issuer::Issuer;
use ledger::Ledger;
pub(crate) use ledger::Token;

/// A token for another program on this host.
#[derive(Clone, Debug)]
pub struct LentToken {
    /// The token.
    pub access_token: Secret,
    /// How long it will be good for.
    pub expires_in: Duration,
}

/// How things stand with the token, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// None was needed so far, or the last one is over.
    None,
    /// There is one.
    Held {
        /// How long it will be good for.
        expires_in: Duration,
    },
    /// There is none to be had.
    Failing {
        /// Why.
        error: TokenError,
        /// When Genesys may be asked again.
        again_in: Duration,
    },
}

/// Has a token when one is needed. Clones share it.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Shared>);

struct Shared {
    ledger: Mutex<Ledger>,
    /// Why the last request failed, if it did; sent with the end of each.
    settled: watch::Sender<Option<TokenError>>,
    issuer: Issuer,
    random: Random,
}

impl Tokens {
    pub(crate) fn new(issuer: Issuer, pace: Pace, random: Random) -> Self {
        let ledger = Mutex::new(Ledger::new(pace));
        Self(Arc::new(Shared { ledger, settled: watch::Sender::new(None), issuer, random }))
    }

    /// A token that is good, by what is known of it. The one that waits may be dropped: the
    /// request goes on for the others.
    pub(crate) async fn token(&self) -> Result<Token, TokenError> {
        let mut settled = self.0.settled.subscribe();
        loop {
            let (outcome, request) = self.0.lock().ask(Instant::now());
            if request {
                tokio::spawn(Arc::clone(&self.0).request());
            }
            if let Some(outcome) = outcome {
                return outcome;
            }
            // The sender is in `self`, so this cannot fail.
            let _ = settled.changed().await;
            if let Some(error) = settled.borrow_and_update().clone() {
                return Err(error);
            }
        }
    }

    /// The Platform API accepted this very token.
    pub(crate) fn accepted(&self, token: &Token) {
        self.0.lock().accepted(token.generation);
    }

    /// The Platform API refused this very token. Whether it was the one that is used now.
    pub(crate) fn refused(&self, token: &Token) -> bool {
        let error = self.0.issuer.not_accepted();
        self.0.lock().refused(token.generation, error, Instant::now())
    }

    /// The token that is used now, if there is one, is not to be used any more.
    pub(crate) fn forget(&self) {
        self.0.lock().forget();
    }

    /// A token to give away, with what is left of its life.
    pub(crate) async fn lend(&self) -> Result<LentToken, TokenError> {
        let token = self.token().await?;
        let expires_in = token.expires_at.saturating_duration_since(Instant::now());
        Ok(LentToken { access_token: token.secret, expires_in })
    }

    /// How things stand.
    pub(crate) fn state(&self) -> TokenState {
        self.0.lock().state(Instant::now())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn request(self: Arc<Self>) {
        let outcome = self.issuer.issue().await;
        let failure = outcome.as_ref().err().cloned();
        if let Some(error) = &failure {
            tracing::warn!(%error, "no token");
        }
        self.lock().settle(outcome, Instant::now(), self.chance());
        self.settled.send_replace(failure);
    }

    /// Something from 0 to below 1. Without randomness all ask at the same time, no worse.
    fn chance(&self) -> f64 {
        let bytes = self.random.bytes().unwrap_or_default();
        f64::from(u32::from_be_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
