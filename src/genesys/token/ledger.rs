//! Which token there is and when the next one is asked for, with the time passed in.

use std::time::Duration;

use tokio::time::Instant;

use super::TokenState;
use crate::{error::TokenError, pace::Pace, secret::Secret};

/// A token, and which one.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    /// Is higher with each token.
    pub(crate) generation: u64,
    pub(crate) expires_at: Instant,
}

/// A token as it comes from Genesys.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) secret: Secret,
    pub(super) life: Duration,
}

/// The token and what is being done about the next.
#[derive(Debug)]
pub(super) struct Ledger {
    pace: Pace,
    held: Option<Held>,
    generation: u64,
    in_flight: bool,
    /// How many requests have failed since the last that did not.
    failures: u32,
    /// How many tokens the Platform API has refused since it last accepted one. That one is
    /// issued is no sign that it will be accepted.
    refusals: u32,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Held {
    token: Token,
    issued_at: Instant,
    renew_at: Instant,
}

/// Until then Genesys is not asked.
#[derive(Debug)]
struct Pause {
    until: Instant,
    error: TokenError,
}

impl Ledger {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            held: None,
            generation: 0,
            in_flight: false,
            failures: 0,
            refusals: 0,
            pause: None,
        }
    }

    /// What a caller gets, or nothing if it has to wait for the request in flight; and whether
    /// the caller has to send that request.
    pub(super) fn ask(&mut self, now: Instant) -> (Option<Result<Token, TokenError>>, bool) {
        self.held.take_if(|held| held.token.expires_at <= now);
        self.pause.take_if(|pause| pause.until <= now);
        let is_due = self.held.as_ref().is_none_or(|held| held.renew_at <= now);
        let request = is_due && !self.in_flight && self.pause.is_none();
        self.in_flight |= request;
        let outcome = match (&self.held, &self.pause) {
            (Some(held), _) => Some(Ok(held.token.clone())),
            (None, Some(pause)) if !self.in_flight => Some(Err(pause.error.clone())),
            (None, _) => None,
        };
        (outcome, request)
    }

    /// The request in flight is over. `chance` is from 0 to below 1.
    pub(super) fn settle(
        &mut self,
        outcome: Result<Issued, TokenError>,
        now: Instant,
        chance: f64,
    ) {
        self.in_flight = false;
        match outcome {
            Ok(issued) => self.hold(issued, now, chance),
            Err(error) => {
                let pause = self.pause_after(&error, chance);
                self.failures = self.failures.saturating_add(1);
                self.pause = Some(Pause { until: now + pause, error });
            }
        }
    }

    /// The Platform API accepted the token of that generation.
    pub(super) fn accepted(&mut self, generation: u64) {
        if self.held.as_ref().is_some_and(|held| held.token.generation == generation) {
            self.refusals = 0;
        }
    }

    /// The Platform API refused the token of that generation. A newer one is not meant: however
    /// many calls were refused, the token is renewed once. Whether it was the one that is held.
    pub(super) fn refused(&mut self, generation: u64, error: TokenError, now: Instant) -> bool {
        let Some(held) = self.held.take_if(|held| held.token.generation == generation) else {
            return false;
        };
        // Where each is refused as soon as it is issued, the next will hardly do better.
        let until = held.issued_at + self.doubled(self.refusals);
        self.refusals = self.refusals.saturating_add(1);
        if now < until {
            self.pause = Some(Pause { until, error });
        }
        true
    }

    /// The token, if there is one, is not to be used any more.
    pub(super) fn forget(&mut self) {
        self.held = None;
    }

    pub(super) fn state(&self, now: Instant) -> TokenState {
        let left = |until: Instant| until.saturating_duration_since(now);
        match (&self.held, &self.pause) {
            (Some(held), _) if held.token.expires_at > now => {
                TokenState::Held { expires_in: left(held.token.expires_at) }
            }
            (_, Some(pause)) => {
                TokenState::Failing { error: pause.error.clone(), again_in: left(pause.until) }
            }
            _ => TokenState::None,
        }
    }

    fn hold(&mut self, issued: Issued, now: Instant, chance: f64) {
        let Issued { secret, life } = issued;
        // A token that is over as soon as it is issued is no reason to hammer the login host.
        let life = life.max(self.pace.token_retry);
        let margin = self.pace.token_margin.min(life / 4);
        let ahead = margin + margin.mul_f64(chance);
        self.generation += 1;
        self.failures = 0;
        self.pause = None;
        self.held = Some(Held {
            token: Token { secret, generation: self.generation, expires_at: now + life },
            issued_at: now,
            renew_at: now + life.saturating_sub(ahead),
        });
    }

    fn pause_after(&self, error: &TokenError, chance: f64) -> Duration {
        let jittered = self.doubled(self.failures).mul_f64(1.0 - chance / 2.0);
        match error {
            TokenError::WrongCredentials { .. } => self.pace.wrong_credentials,
            TokenError::Refused { retry_after: Some(wait), .. } => jittered.max(*wait),
            _ => jittered,
        }
    }

    /// The pause after a first failure, doubled as often, up to the longest.
    fn doubled(&self, times: u32) -> Duration {
        let Pace { token_retry, token_retry_cap, .. } = self.pace;
        token_retry.saturating_mul(2_u32.saturating_pow(times)).min(token_retry_cap)
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
