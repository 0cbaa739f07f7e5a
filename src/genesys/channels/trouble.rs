//! What goes wrong with a channel in a row, and what that amounts to.

use std::time::Duration;

use baton_process::Random;

use super::retry::Retry;
use crate::Pace;

/// After how many failures in a row a channel counts as lost.
const TRIES: u32 = 10;

/// How often in a row a socket is closed soon after it was opened until that is not chance.
const SHORT_LIVES: u32 = 3;

/// The failures since a socket last lasted.
#[derive(Debug)]
pub(crate) struct Trouble {
    retry: Retry,
    short_lives: u32,
}

impl Trouble {
    /// None yet.
    pub(crate) fn new(pace: &Pace, random: Random) -> Self {
        Self { retry: Retry::new(pace.reconnect, pace.reconnect_cap, random), short_lives: 0 }
    }

    /// Counts a failure. How long to wait before the next try.
    pub(crate) fn after_failure(&mut self) -> Duration {
        let pause = self.retry.after_failure();
        if self.is_contested() { self.retry.longest() } else { pause }
    }

    /// A socket did not last, and a second owner of the channel may be why. Whether that is
    /// certain now, and was not before.
    pub(crate) fn suspect(&mut self, may_be_a_rival: bool) -> bool {
        self.short_lives = match may_be_a_rival {
            true => self.short_lives.saturating_add(1),
            false => 0,
        };
        self.short_lives == SHORT_LIVES
    }

    /// Nobody is suspected any more.
    pub(crate) fn acquit(&mut self) {
        self.short_lives = 0;
    }

    /// The failures in a row.
    pub(crate) fn attempts(&self) -> u32 {
        self.retry.failures()
    }

    /// Whether there were so many that the channel counts as lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.attempts() >= TRIES
    }

    /// Whether somebody else takes the channel away.
    pub(crate) fn is_contested(&self) -> bool {
        self.short_lives >= SHORT_LIVES
    }

    /// Whether there is none.
    pub(crate) fn is_over(&self) -> bool {
        self.attempts() == 0 && self.short_lives == 0
    }

    /// Notes that it is over.
    pub(crate) fn end(&mut self) {
        self.short_lives = 0;
        self.retry.reset();
    }
}
