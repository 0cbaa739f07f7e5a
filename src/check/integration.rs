//! The integration at Genesys, and what it is set to.

use baton_core::tenant::TenantKey;
use baton_genesys::{
    CallError, Creation, Genesys, IntegrationDetails, IntegrationRef, Secret, TypingDirections,
};
use baton_sidecar::{SecretDigest, Tenant};
use url::Url;

use crate::{
    report::{Findings, Step},
    webhook_url,
};

/// The integration that the tenant names, if Genesys has it.
pub(crate) async fn find_integration(
    genesys: &Genesys,
    reference: &IntegrationRef,
    findings: &mut Findings<'_>,
) -> Option<IntegrationDetails> {
    let found = match genesys.integration(reference).await {
        Ok(found) => found,
        Err(error) => {
            findings.cross(Step::Integration, error.to_string());
            return None;
        }
    };
    match genesys.integration_details(&found.id).await {
        Ok(details) => {
            tell_creation(&details, findings);
            Some(details)
        }
        Err(error) => {
            findings.cross(Step::Integration, error.to_string());
            None
        }
    }
}

fn tell_creation(details: &IntegrationDetails, findings: &mut Findings<'_>) {
    let IntegrationDetails { id, name, .. } = details;
    match &details.creation {
        Creation::Completed => {
            findings.tick(Step::Integration, format!("{name:?} is there ({id})"))
        }
        Creation::Initiated => findings.cross(
            Step::Integration,
            format!("{name:?} is still being made by Genesys: check again in a minute"),
        ),
        Creation::Failed(why) => findings.cross(
            Step::Integration,
            format!("Genesys could not make {name:?} ({why}): delete it there, and make it anew"),
        ),
    }
}

/// Whether Genesys sends the webhooks where the edge takes them. The URL that holds, if any.
pub(crate) fn check_url(
    details: &IntegrationDetails,
    tenant: &TenantKey<'_>,
    public_url: Option<&Url>,
    is_plain: bool,
    findings: &mut Findings<'_>,
) {
    let Some(set) = details.webhook_url.as_deref().filter(|url| !url.is_empty()) else {
        let sentence = "the integration has no webhook URL: set its outbound notification webhook \
                        URL, or run baton setup";
        return findings.cross(Step::WebhookUrl, sentence);
    };
    let Ok(url) = Url::parse(set) else {
        return findings.cross(Step::WebhookUrl, "what the integration has is no URL: set it anew");
    };
    let host = url.host_str().unwrap_or_default();
    if !is_plain && (url.scheme() != "https" || url.port_or_known_default() != Some(443)) {
        let sentence = format!(
            "the integration's URL at {host} is not of https on port 443, and Genesys calls no \
             other: set one that is"
        );
        return findings.cross(Step::WebhookUrl, sentence);
    }
    if let Some(public_url) = public_url {
        let accepted = webhook_url::all(public_url, tenant);
        if accepted.contains(&url) {
            return findings.tick(Step::WebhookUrl, format!("the integration sends to {set}"));
        }
        let wanted = accepted.first().map(Url::as_str).unwrap_or_default();
        let sentence = format!("the integration sends to {set}, not to {wanted}: set that there");
        return findings.cross(Step::WebhookUrl, sentence);
    }
    if webhook_url::is_for(&url, tenant) {
        let sentence = format!("the integration sends to {set}, which is a path of this tenant");
        findings.tick(Step::WebhookUrl, sentence);
    } else {
        let sentence = format!(
            "the integration sends to {set}, which is no path of this tenant: it ends in \
             /webhooks/genesys/{tenant}/events"
        );
        findings.cross(Step::WebhookUrl, sentence);
    }
}

/// Whether Genesys signs with a secret that the edge is told.
pub(crate) fn check_secret(
    details: &IntegrationDetails,
    tenant: &Tenant,
    findings: &mut Findings<'_>,
) {
    let digest = |secret: &Secret| SecretDigest::of(secret.expose().as_bytes());
    match (&details.signature_secret, &tenant.edge) {
        (_, None) => findings.dash(
            Step::WebhookSecret,
            "the configuration has no section [tenants.edge], so that only the edge knows the \
             secret: look whether it is the integration's",
        ),
        (None, Some(_)) => findings.dash(
            Step::WebhookSecret,
            "Genesys does not show the secret: write to a test chat as an agent, and if the edge \
             then refuses a signature, set the secret in the integration anew",
        ),
        (Some(theirs), Some(edge)) => {
            let ours: Vec<SecretDigest> = edge.signature_secrets.iter().map(digest).collect();
            if digest(theirs).is_one_of(&ours) {
                findings
                    .tick(Step::WebhookSecret, "the integration signs with one of the tenant's");
            } else {
                findings.cross(
                    Step::WebhookSecret,
                    "the integration signs with another secret than tenants.edge.signature_secrets: \
                     set one of those in the integration",
                );
            }
        }
    }
}

/// Whether typing passes both ways.
pub(crate) async fn check_typing(
    genesys: &Genesys,
    details: &IntegrationDetails,
    findings: &mut Findings<'_>,
) {
    let Some(setting) = &details.messaging_setting else {
        let sentence = "the integration has no platform configuration, and typing is off without \
                        one: make one with typing on, and choose it in the integration";
        return findings.cross(Step::Typing, sentence);
    };
    match genesys.messaging_setting(&setting.id).await {
        Ok(setting) if setting.typing == TypingDirections::BOTH => {
            findings.tick(Step::Typing, format!("{:?} lets it through both ways", setting.name));
        }
        Ok(setting) => {
            let off = match (setting.typing.inbound, setting.typing.outbound) {
                (false, true) => "from customers",
                (true, false) => "from agents",
                _ => "both ways",
            };
            let sentence = format!(
                "it is off {off}: turn it on in the platform configuration {:?} (Admin, Message, \
                 Platform Configurations)",
                setting.name
            );
            findings.cross(Step::Typing, sentence);
        }
        Err(CallError::Genesys(error)) if error.status == 403 => findings.dash(
            Step::Typing,
            "the OAuth client may not see platform configurations; messaging:setting:view lets it, \
             which nothing but set-up and this check needs",
        ),
        Err(error) => findings.dash(Step::Typing, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Finding, Outcome};

    /// What is found of an integration by this look at it.
    fn found(
        change: impl FnOnce(&mut IntegrationDetails),
        look: impl FnOnce(&IntegrationDetails, &mut Findings<'_>),
    ) -> (Outcome, String) {
        let mut details = IntegrationDetails {
            id: "i".to_owned(),
            name: "Baton".to_owned(),
            webhook_url: None,
            signature_secret: None,
            messaging_setting: None,
            supported_content: None,
            recipient_id: None,
            creation: Creation::Completed,
        };
        change(&mut details);
        let mut tell = |_: &Finding| {};
        let mut findings = Findings::new(&mut tell);
        look(&details, &mut findings);
        let [finding] = <[Finding; 1]>::try_from(findings.report().findings).unwrap();
        (finding.outcome, finding.sentence)
    }

    fn of_url(url: &str, public_url: Option<&str>) -> (Outcome, String) {
        let tenant = TenantKey::new("acme", "support", "live");
        let public_url = public_url.map(|url| Url::parse(url).unwrap());
        found(
            |details| details.webhook_url = Some(url.to_owned()),
            |details, findings| {
                check_url(details, &tenant, public_url.as_ref(), false, findings);
            },
        )
    }

    #[test]
    fn genesys_calls_https_on_port_443_and_nothing_else() {
        let path = "/webhooks/genesys/acme/support/live/events";
        for origin in ["https://chat.example.com", "https://chat.example.com:443"] {
            let (outcome, sentence) = of_url(&format!("{origin}{path}"), None);
            assert_eq!(outcome, Outcome::Passed, "{sentence}");
        }
        for origin in ["http://chat.example.com", "https://chat.example.com:8443"] {
            let (outcome, sentence) = of_url(&format!("{origin}{path}"), None);
            assert_eq!(outcome, Outcome::Failed);
            assert!(sentence.contains("https on port 443"), "{sentence}");
        }
    }

    #[test]
    fn without_a_public_url_the_path_has_to_be_the_tenants() {
        let other = "https://chat.example.com/webhooks/genesys/acme/support/test/events";
        let (outcome, sentence) = of_url(other, None);
        assert_eq!(outcome, Outcome::Failed);
        assert!(sentence.contains("/webhooks/genesys/acme/support/live/events"), "{sentence}");
        for nothing in ["", "chat.example.com"] {
            assert_eq!(of_url(nothing, None).0, Outcome::Failed, "{nothing}");
        }
    }

    #[test]
    fn each_of_the_edges_usual_prefixes_is_as_good_as_the_other() {
        for prefix in ["/webhooks/genesys", "/handoff/webhooks/genesys"] {
            let url = format!("https://chat.example.com{prefix}/acme/support/live/events");
            assert_eq!(of_url(&url, Some("https://chat.example.com/")).0, Outcome::Passed);
            assert_eq!(of_url(&url, Some("https://other.example.com")).0, Outcome::Failed);
        }
    }

    #[test]
    fn an_integration_that_is_not_made_yet_or_never_is_a_cross() {
        let initiated = found(|details| details.creation = Creation::Initiated, tell_creation);
        assert!(initiated.1.contains("in a minute") && initiated.0 == Outcome::Failed);
        let failed = Creation::Failed("no more of them".to_owned());
        let failed = found(|details| details.creation = failed, tell_creation);
        assert!(failed.1.contains("no more of them") && failed.0 == Outcome::Failed);
    }
}
