//! The steps of one tenant.

use baton_genesys::{Genesys, IntegrationDetails, IntegrationRef};
use baton_sidecar::{GenesysAccess, Tenant};
use url::Url;

use crate::{
    Options, RunningSidecar, Surroundings,
    channel::check_channel,
    handoff::check_handoff,
    integration,
    permissions::{check_permissions, check_topics},
    region::{check_region, check_token},
    report::{Findings, Step},
    webhook::{Target, check_webhook},
    webhook_url,
};

/// The steps that need a token.
const WITH_TOKEN: [Step; 6] = [
    Step::Permission,
    Step::Integration,
    Step::WebhookUrl,
    Step::WebhookSecret,
    Step::Typing,
    Step::Channel,
];

/// What was learnt of a tenant at Genesys.
#[derive(Default)]
struct AtGenesys {
    /// The client, where it has a token.
    genesys: Option<Genesys>,
    integration: Option<IntegrationDetails>,
}

pub(crate) async fn check_tenant(
    tenant: &Tenant,
    options: &Options,
    surroundings: &Surroundings,
    sidecar: &impl RunningSidecar,
    findings: &mut Findings<'_>,
) {
    let at_genesys = match &tenant.genesys {
        Some(access) => check_genesys(tenant, access, options, surroundings, findings).await,
        None => {
            let sentence = "the tenant has no section [tenants.genesys]: another program reaches \
                            Genesys for it";
            findings.dash(Step::Region, sentence);
            AtGenesys::default()
        }
    };
    let AtGenesys { genesys, integration } = at_genesys;
    let set = integration.as_ref().and_then(|details| details.webhook_url.as_deref());
    let url = match &options.public_url {
        Some(public_url) => webhook_url::all(public_url, &tenant.key).into_iter().next(),
        None => set.and_then(|url| Url::parse(url).ok()),
    };
    let integration_id = match (&integration, &tenant.integration) {
        (Some(details), _) => Some(details.id.as_str()),
        (None, IntegrationRef::Id(id)) => Some(id.as_str()),
        (None, IntegrationRef::Name(_)) => None,
    };
    match (url, integration_id) {
        (Some(url), Some(integration_id)) => {
            let target = Target { tenant, url: &url, integration_id };
            check_webhook(&target, surroundings, sidecar, findings).await;
        }
        (None, _) => findings.dash(Step::Webhook, "give --public-url to send a test webhook"),
        (_, None) => findings.dash(Step::Webhook, "it needs the id of the integration"),
    }
    if !options.handoff {
        return;
    }
    match (genesys, integration) {
        (Some(genesys), Some(integration)) => {
            check_handoff(&genesys, &integration.id, surroundings, findings).await;
        }
        _ => findings.dash(Step::Handoff, "it needs a token and the integration"),
    }
}

/// The steps that ask Genesys.
async fn check_genesys(
    tenant: &Tenant,
    access: &GenesysAccess,
    options: &Options,
    surroundings: &Surroundings,
    findings: &mut Findings<'_>,
) -> AtGenesys {
    let Surroundings { pace, random, .. } = surroundings;
    let client = Genesys::new(
        access.hosts.clone(),
        access.credentials.clone(),
        pace.clone(),
        random.clone(),
    );
    let genesys = match client {
        Ok(genesys) => genesys,
        Err(error) => {
            findings.cross(Step::Region, error.to_string());
            leave_out(&[Step::Token], "it needs the region", findings);
            leave_out(&WITH_TOKEN, "it needs a token", findings);
            return AtGenesys::default();
        }
    };
    if !check_region(&genesys, access, findings).await {
        leave_out(&[Step::Token], "it needs the region", findings);
        leave_out(&WITH_TOKEN, "it needs a token", findings);
        return AtGenesys::default();
    }
    if !check_token(&genesys, access, findings).await {
        leave_out(&WITH_TOKEN, "it needs a token", findings);
        return AtGenesys::default();
    }
    let integration = integration::find_integration(&genesys, &tenant.integration, findings).await;
    let integration_id = integration.as_ref().map(|details| details.id.as_str());
    check_permissions(&genesys, access, integration_id, findings).await;
    match &integration {
        Some(details) => {
            let public_url = options.public_url.as_ref();
            let is_plain = access.hosts.are_plain();
            integration::check_url(details, &tenant.key, public_url, is_plain, findings);
            integration::check_secret(details, tenant, findings);
            integration::check_typing(&genesys, details, findings).await;
        }
        None => leave_out(
            &[Step::WebhookUrl, Step::WebhookSecret, Step::Typing],
            "it needs the integration",
            findings,
        ),
    }
    let topics = check_channel(&genesys, findings).await;
    check_topics(topics.as_ref(), access, findings);
    AtGenesys { genesys: Some(genesys), integration }
}

fn leave_out(steps: &[Step], why: &str, findings: &mut Findings<'_>) {
    for step in steps {
        findings.dash(*step, why);
    }
}
