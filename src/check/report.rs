//! What was found: a line for each step for people, or JSON for machines.

use std::fmt;

use baton_core::tenant::TenantKey;
use serde::Serialize;

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The configuration can be read.
    Configuration,
    /// The store's file can be opened.
    Store,
    /// The sidecar runs.
    Sidecar,
    /// The hosts of the region answer.
    Region,
    /// The OAuth client gets a token.
    Token,
    /// The OAuth client may do what it has to.
    Permission,
    /// The integration is there, and its making is complete.
    Integration,
    /// Genesys sends webhooks to the edge.
    WebhookUrl,
    /// Genesys signs webhooks with a secret that the edge knows.
    WebhookSecret,
    /// Typing passes, both ways.
    Typing,
    /// A notification channel opens and lives.
    Channel,
    /// A signed webhook arrives.
    Webhook,
    /// A whole handoff goes through.
    Handoff,
}

impl Step {
    /// How people read it.
    const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Store => "store",
            Self::Sidecar => "sidecar",
            Self::Region => "region",
            Self::Token => "token",
            Self::Permission => "permission",
            Self::Integration => "integration",
            Self::WebhookUrl => "webhook URL",
            Self::WebhookSecret => "webhook secret",
            Self::Typing => "typing",
            Self::Channel => "channel",
            Self::Webhook => "webhook",
            Self::Handoff => "handoff",
        }
    }
}

/// What looking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is well.
    Passed,
    /// Something has to be mended.
    Failed,
    /// It was left out, or could not be told.
    NotProven,
}

impl Outcome {
    /// A tick, a cross or a dash.
    const fn sign(self) -> char {
        match self {
            Self::Passed => '✓',
            Self::Failed => '✗',
            Self::NotProven => '–',
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose it is; `None` for what all tenants share.
    pub tenant: Option<TenantKey<'static>>,
    /// What was looked at.
    pub step: Step,
    /// Which one of several, such as the name of a permission.
    pub subject: Option<String>,
    /// What that came to.
    pub outcome: Outcome,
    /// What was found and, unless it passed, what to do: one sentence.
    pub sentence: String,
}

/// A line for people.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, subject, outcome, sentence, .. } = self;
        write!(formatter, "{} {}", outcome.sign(), step.name())?;
        if let Some(subject) = subject {
            write!(formatter, " {subject}")?;
        }
        // What comes over the network must not steer the terminal.
        write!(formatter, ": {}", sentence.replace(char::is_control, " "))
    }
}

/// All that was found. Its JSON is a promise: members are added to it, and none is taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How the whole of it stands.
    pub outcome: Outcome,
    /// How much has to be mended.
    pub failed: usize,
    /// How much is not proven.
    pub not_proven: usize,
    /// Everything, in the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn new(findings: Vec<Finding>) -> Self {
        let count = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
        let (failed, not_proven) = (count(Outcome::Failed), count(Outcome::NotProven));
        let outcome = match (failed, not_proven) {
            (0, 0) => Outcome::Passed,
            (0, _) => Outcome::NotProven,
            _ => Outcome::Failed,
        };
        Self { outcome, failed, not_proven, findings }
    }

    /// The last line for people.
    pub fn summary(&self) -> String {
        match (self.failed, self.not_proven) {
            (0, 0) => "all is well".to_owned(),
            (0, 1) => "nothing is wrong; 1 step is not proven".to_owned(),
            (0, dashes) => format!("nothing is wrong; {dashes} steps are not proven"),
            (1, _) => "1 cross: mend it, and check again".to_owned(),
            (crosses, _) => format!("{crosses} crosses: mend them, and check again"),
        }
    }
}

/// Collects what is found, and tells it at once.
pub(crate) struct Findings<'a> {
    tenant: Option<TenantKey<'static>>,
    all: Vec<Finding>,
    tell: &'a mut dyn FnMut(&Finding),
}

impl<'a> Findings<'a> {
    pub(crate) fn new(tell: &'a mut dyn FnMut(&Finding)) -> Self {
        Self { tenant: None, all: Vec::new(), tell }
    }

    /// What is found from now on is of this tenant.
    pub(crate) fn begin(&mut self, tenant: &TenantKey<'static>) {
        self.tenant = Some(tenant.clone());
    }

    pub(crate) fn tick(&mut self, step: Step, sentence: impl Into<String>) {
        self.add(step, None, Outcome::Passed, sentence.into());
    }

    pub(crate) fn cross(&mut self, step: Step, sentence: impl Into<String>) {
        self.add(step, None, Outcome::Failed, sentence.into());
    }

    pub(crate) fn dash(&mut self, step: Step, sentence: impl Into<String>) {
        self.add(step, None, Outcome::NotProven, sentence.into());
    }

    /// The same for one of several.
    pub(crate) fn add(
        &mut self,
        step: Step,
        subject: Option<String>,
        outcome: Outcome,
        sentence: String,
    ) {
        let finding = Finding { tenant: self.tenant.clone(), step, subject, outcome, sentence };
        (self.tell)(&finding);
        self.all.push(finding);
    }

    pub(crate) fn report(self) -> Report {
        Report::new(self.all)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings() -> Vec<Finding> {
        let mut tell = |_: &Finding| {};
        let mut findings = Findings::new(&mut tell);
        findings.tick(Step::Store, "it can be opened");
        findings.begin(&TenantKey::new("acme", "support", "live"));
        let subject = Some("conversation:message:receive".to_owned());
        findings.add(Step::Permission, subject, Outcome::Failed, "give it".to_owned());
        findings.dash(Step::WebhookUrl, "give\u{1b}[2J --public-url");
        findings.all
    }

    #[test]
    fn the_json_of_a_report_has_a_stable_shape() {
        let report = Report::new(findings());
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            json!({
                "outcome": "failed",
                "failed": 1,
                "not_proven": 1,
                "findings": [
                    {
                        "tenant": null,
                        "step": "store",
                        "subject": null,
                        "outcome": "passed",
                        "sentence": "it can be opened",
                    },
                    {
                        "tenant": {
                            "account_id": "acme",
                            "project_id": "support",
                            "client_env": "live",
                        },
                        "step": "permission",
                        "subject": "conversation:message:receive",
                        "outcome": "failed",
                        "sentence": "give it",
                    },
                    {
                        "tenant": {
                            "account_id": "acme",
                            "project_id": "support",
                            "client_env": "live",
                        },
                        "step": "webhook_url",
                        "subject": null,
                        "outcome": "not_proven",
                        "sentence": "give\u{1b}[2J --public-url",
                    },
                ],
            })
        );
    }

    #[test]
    fn people_read_a_line_for_each_finding() {
        let lines: Vec<String> = findings().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "✓ store: it can be opened",
                "✗ permission conversation:message:receive: give it",
                "– webhook URL: give [2J --public-url",
            ]
        );
    }

    #[test]
    fn the_last_line_says_how_much_is_left_to_do() {
        let some = |outcomes: &[Outcome]| {
            let finding = |outcome: &Outcome| Finding {
                tenant: None,
                step: Step::Store,
                subject: None,
                outcome: *outcome,
                sentence: String::new(),
            };
            Report::new(outcomes.iter().map(finding).collect()).summary()
        };
        assert_eq!(some(&[Outcome::Passed]), "all is well");
        assert_eq!(some(&[Outcome::NotProven]), "nothing is wrong; 1 step is not proven");
        assert_eq!(some(&[Outcome::Failed]), "1 cross: mend it, and check again");
        assert_eq!(some(&[Outcome::Failed; 2]), "2 crosses: mend them, and check again");
    }
}
