//! How long things take.

use std::time::Duration;

use baton_application::WebhookPace;
use baton_bot::Pace as BotPace;
use baton_genesys::Pace;
use baton_handoff::Rules;
use baton_process::scaled;

/// How long things take in what the sidecar does with others. The default is the real one; a
/// simulator whose time runs faster is met with [`Pacing::scaled`].
#[derive(Clone, Debug)]
pub struct Pacing {
    pub(crate) pace: Pace,
    pub(crate) rules: Rules,
    /// What lies between two words to the agent that the user types.
    pub(crate) typing: Duration,
    /// What lies between two words to the user that the bot is at work: less than the ten seconds
    /// after which a client forgets it (Messaging API, 8).
    pub(crate) thinking: Duration,
    /// How long a bot may take.
    pub(crate) bot: BotPace,
    /// How long webhooks to applications may take, and when they are tried again.
    pub(crate) webhooks: WebhookPace,
    /// What lies between two looks at sessions in which nothing happens.
    pub(crate) sweeps: Duration,
    /// What lies between two looks at a tenant that does not reach Genesys.
    pub(crate) tenant_checks: Duration,
    /// What part of its real length each duration has.
    factor: f64,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            pace: Pace::default(),
            rules: Rules::default(),
            typing: Duration::from_secs(5),
            thinking: Duration::from_secs(8),
            bot: BotPace::default(),
            webhooks: WebhookPace::default(),
            sweeps: Duration::from_secs(20),
            tenant_checks: Duration::from_secs(30),
            factor: 1.0,
        }
    }
}

impl Pacing {
    /// Every duration multiplied by `factor`, which is more than 0.
    pub fn scaled(factor: f64) -> Self {
        let scaled = |duration| scaled(duration, factor);
        let Self { rules, typing, thinking, sweeps, tenant_checks, .. } = Self::default();
        Self {
            pace: Pace::scaled(factor),
            rules: rules.scaled(scaled),
            typing: scaled(typing),
            thinking: scaled(thinking),
            bot: BotPace::scaled(factor),
            webhooks: WebhookPace::scaled(factor),
            sweeps: scaled(sweeps),
            tenant_checks: scaled(tenant_checks),
            factor,
        }
    }

    /// A configured duration between calls to Genesys, as long as it is at this pace.
    pub(crate) fn of(&self, duration: Duration) -> Duration {
        scaled(duration, self.factor)
    }
}
