//! When sessions end by themselves, and for how long they are kept.

use std::time::Duration;

use super::ConfigurationProblem;
use crate::section::Section;

/// When sessions end by themselves, and for how long they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOptions {
    /// How long a session may be without a client and without an event.
    pub idle: Duration,
    /// How long a session may be without an event while a client is connected.
    pub heartbeats_alone: Duration,
    /// How long a session is kept once it has ended; absent for ever.
    pub retention: Option<Duration>,
}

impl SessionOptions {
    /// Before that, no session can be abandoned.
    pub(crate) fn shortest(&self) -> Duration {
        self.idle.min(self.heartbeats_alone)
    }
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(10),
            heartbeats_alone: Duration::from_hours(2),
            retention: Some(days(30)),
        }
    }
}

/// Reads `[sessions]`.
pub(super) fn read(mut section: Section<'_>) -> Result<SessionOptions, ConfigurationProblem> {
    let default = SessionOptions::default();
    let idle = section.number("idle_seconds", 1..=86_400)?;
    let heartbeats_alone = section.number("heartbeats_alone_seconds", 1..=604_800)?;
    let retention = section.number("retention_days", 0..=36_500)?;
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let options = SessionOptions {
        idle: idle.map_or(default.idle, seconds),
        heartbeats_alone: heartbeats_alone.map_or(default.heartbeats_alone, seconds),
        retention: match retention {
            None => default.retention,
            Some(0) => None,
            Some(number) => Some(days(number)),
        },
    };
    section.finish()?;
    Ok(options)
}

fn days(days: u32) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}
