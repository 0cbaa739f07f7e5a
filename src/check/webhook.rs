//! A signed webhook, sent to where Genesys sends its own.

use std::time::Duration;

use baton_outbound::{Bounds, GuardedClient, OutboundError, OutboundUrl, Reach};
use baton_sidecar::Tenant;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, HeaderName},
};
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::{
    NoAnswer, RunningSidecar, Surroundings,
    report::{Findings, Step},
    test_webhook::TestWebhook,
};

const SIGNATURE: HeaderName = HeaderName::from_static(baton_core::signature::HEADER);

/// Genesys waits no longer for an answer (Genesys reference, 2.2).
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may take to come about.
const CONNECTING: Duration = Duration::from_secs(5);

/// As much as is read of an answer.
const MOST_BYTES: usize = 64 << 10;

/// How long the delivery may take from the answer to the sidecar's word for it.
const ARRIVAL: Duration = Duration::from_secs(5);

/// How often the sidecar is asked meanwhile.
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// Where a test webhook goes.
pub(crate) struct Target<'t> {
    pub(crate) tenant: &'t Tenant,
    pub(crate) url: &'t Url,
    pub(crate) integration_id: &'t str,
}

/// Whether a webhook, signed with each of the tenant's secrets, arrives at the sidecar.
pub(crate) async fn check_webhook(
    target: &Target<'_>,
    surroundings: &Surroundings,
    sidecar: &impl RunningSidecar,
    findings: &mut Findings<'_>,
) {
    let Some(edge) = &target.tenant.edge else {
        let sentence = "the configuration has no section [tenants.edge], and so no secret to sign \
                        a test webhook with: add it, or send one with baton sign";
        return findings.dash(Step::Webhook, sentence);
    };
    for (place, secret) in (1..).zip(&edge.signature_secrets) {
        let outcome = try_webhook(target, secret.expose(), surroundings, sidecar).await;
        let which = match edge.signature_secrets.len() {
            1 => String::new(),
            count => format!(" (secret {place} of {count})"),
        };
        match outcome {
            Ok(sentence) => findings.tick(Step::Webhook, format!("{sentence}{which}")),
            Err(Trouble::Wrong(sentence)) => {
                findings.cross(Step::Webhook, format!("{sentence}{which}"));
            }
            Err(Trouble::NotProven(sentence)) => {
                findings.dash(Step::Webhook, format!("{sentence}{which}"));
            }
        }
    }
}

/// Why it is not known that a webhook arrives.
enum Trouble {
    /// It does not.
    Wrong(String),
    /// It may.
    NotProven(String),
}

async fn try_webhook(
    target: &Target<'_>,
    secret: &str,
    surroundings: &Surroundings,
    sidecar: &impl RunningSidecar,
) -> Result<String, Trouble> {
    let Surroundings { clock, random, .. } = surroundings;
    let Target { tenant, url, integration_id } = target;
    let webhook = TestWebhook::new(&tenant.key, integration_id, clock, random)
        .map_err(|error| Trouble::NotProven(error.to_string()))?;
    let status = post(url, &webhook, secret).await.map_err(Trouble::Wrong)?;
    if !status.is_success() {
        return Err(Trouble::Wrong(refusal(status, url, tenant)));
    }
    let host = url.host_str().unwrap_or_default();
    match arrival(&webhook.delivery_id, sidecar).await {
        Ok(Settled::ByItsTenant) => {
            Ok(format!("one that was sent from here to {host} arrived at the sidecar"))
        }
        Ok(Settled::AsNobodys) => Err(Trouble::Wrong(format!(
            "{host} took one, and the sidecar has nobody for it: there is no tenant {} there with \
             the integration {integration_id}; start it again with this configuration",
            tenant.key
        ))),
        Ok(Settled::NotYet) => Err(Trouble::Wrong(format!(
            "one that was sent to {host} arrived at the sidecar, and waits there: see its log, and \
             whether it finds the integration"
        ))),
        Err(NoAnswer::NotFound) => Err(Trouble::Wrong(format!(
            "{host} answered {}, but the webhook did not arrive at the sidecar that was asked: it \
             belongs to another installation, or something answers in the edge's place",
            status.as_u16()
        ))),
        Err(no_answer) => Err(Trouble::NotProven(format!(
            "{host} took one with {}, but whether it arrived could not be asked: {no_answer}",
            status.as_u16()
        ))),
    }
}

/// Sends the webhook as Genesys would; the sentence says why there is no answer.
async fn post(url: &Url, webhook: &TestWebhook, secret: &str) -> Result<StatusCode, String> {
    // Whoever checks may well be in the network of the edge.
    let reach = Reach::PrivateToo;
    let url = OutboundUrl::parse(url.as_str(), reach).map_err(|problem| problem.to_string())?;
    let client = GuardedClient::new(reach, CONNECTING).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let signature = HeaderValue::from_str(&webhook.signature(secret));
    headers.insert(SIGNATURE, signature.map_err(|error| error.to_string())?);
    let bounds = Bounds { timeout: PATIENCE, most_bytes: MOST_BYTES };
    let body = Bytes::from(webhook.body.clone());
    match client.post(&url, headers, body, bounds).await {
        Ok(answer) => Ok(answer.status),
        // It was carried out; Genesys does not read the answer.
        Err(OutboundError::TooLong { .. }) => Ok(StatusCode::OK),
        Err(error @ OutboundError::TimedOut { .. }) => {
            Err(format!("{error}, and Genesys gives up then too: look at the edge and its proxies"))
        }
        Err(error) => Err(format!(
            "{error}: check its name in the DNS, its certificate, and any firewall before the edge"
        )),
    }
}

/// What a refusal means.
fn refusal(status: StatusCode, url: &Url, tenant: &Tenant) -> String {
    let (host, path, key) = (url.host_str().unwrap_or_default(), url.path(), &tenant.key);
    let code = status.as_u16();
    let meaning = match code {
        300..=399 => {
            "a redirect, which Genesys does not follow: give the URL to which it leads".to_owned()
        }
        401 => format!(
            "the edge does not know this secret for {key}, or does not know the tenant: give the \
             edge the secrets of tenants.edge.signature_secrets"
        ),
        403 => "something before the edge lets nobody in: let Genesys through".to_owned(),
        404 => format!(
            "no edge takes webhooks at {path}: check the public URL, and path_prefixes of the edge"
        ),
        405 => format!("{path} takes no POST: check the public URL and the routes before the edge"),
        413 => {
            "something before the edge takes no body of this length: let 512 KiB through".to_owned()
        }
        429 => "something before the edge limits the rate: lift that for Genesys".to_owned(),
        502 | 504 => "a proxy does not reach the edge: see its log".to_owned(),
        503 => "the edge is there, but the sidecar does not take deliveries from it: see whether \
                it runs, what its /readyz says (a full disk, for one), and whether both have the same \
                delivery credential"
            .to_owned(),
        500.. => "the edge or a proxy before it fails: see its log".to_owned(),
        _ => "something else than the edge answers there: check the public URL".to_owned(),
    };
    format!("{host} refused one with {code}: {meaning}")
}

/// What a sidecar did with a delivery.
enum Settled {
    /// It found its tenant, and looked for its session there.
    ByItsTenant,
    /// It has no such tenant, or the tenant another integration.
    AsNobodys,
    /// Nothing so far.
    NotYet,
}

/// Waits until the sidecar has the delivery and is through with it, for a while.
async fn arrival(delivery_id: &str, sidecar: &impl RunningSidecar) -> Result<Settled, NoAnswer> {
    let latest = Instant::now() + ARRIVAL;
    loop {
        let is_over = Instant::now() >= latest;
        match sidecar.get(&["deliveries", delivery_id]).await {
            Ok(delivery) => match delivery.get("settlement").and_then(Value::as_str) {
                Some("waiting") if is_over => return Ok(Settled::NotYet),
                Some("waiting") => {}
                Some("not_configured") => return Ok(Settled::AsNobodys),
                _ => return Ok(Settled::ByItsTenant),
            },
            Err(NoAnswer::NotFound) if !is_over => {}
            Err(no_answer) => return Err(no_answer),
        }
        sleep(ASKED_EVERY).await;
    }
}
