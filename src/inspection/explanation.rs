//! Why the gate ruled as it did, in a sentence that says what to do.
//!
//! The gate tells a caller nothing, so that it cannot be probed. Whoever holds the secret may
//! know more: here a body is tried in the ways in which bodies change on their way.

use baton_core::{
    configuration::Configuration, refusal::Refusal, signature::SignatureProblem, tenant::Tenant,
    translation::BotMessages,
};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{Webhook, trials::Trial};

/// What the gate ruled on.
pub(crate) struct Request<'a> {
    /// The gate's configuration.
    pub(crate) configuration: &'a Configuration,
    /// The webhook; of a body that is too long there may be only the beginning.
    pub(crate) webhook: &'a Webhook<'a>,
    /// The secrets, if they were given on their own and not by a configuration.
    pub(crate) secrets: &'a [String],
}

/// Why the request is refused.
pub(crate) fn of_refusal(
    refusal: Refusal,
    request: &Request<'_>,
    tenant: Option<&Tenant>,
    tried: &[Trial],
) -> String {
    let configuration = request.configuration;
    match refusal {
        Refusal::NotFound if request.webhook.path.starts_with(&configuration.upstream.path) => {
            format!(
                "{} is the path on which the edge itself delivers, and nobody else may call it; \
             give the webhook's path",
                configuration.upstream.path
            )
        }
        Refusal::NotFound => format!(
            "this is no path of a webhook: behind the prefix ({}) it has to go on with \
             /{{account_id}}/{{project_id}}/{{client_env}}/events, each part 1 to 64 letters, \
             digits, dots, underscores and hyphens",
            prefixes(configuration)
        ),
        Refusal::MethodNotAllowed => format!(
            "a webhook is a POST, and this is {}; correct the method, or what calls the edge",
            request.webhook.method
        ),
        Refusal::MediaType => {
            "The content type is gRPC's: Genesys sends application/json, so this is not a webhook \
             of Genesys."
                .to_owned()
        }
        Refusal::TooLarge => format!(
            "the body is longer than {} bytes; raise max_body_bytes in the edge's configuration \
             if such webhooks are real",
            tenant
                .and_then(|own| own.policy.max_body_bytes)
                .unwrap_or(configuration.max_body_bytes)
        ),
        Refusal::UnknownTenant => format!(
            "the configuration lists {}, and not the tenant of this path; add it there, or \
             correct the path (a caller cannot tell this from a wrong signature)",
            tenants(configuration)
        ),
        Refusal::TenantLookUpFailed => "the configuration leaves this tenant to a look-up, and \
             there is none here; inspect it with the secret itself and without a configuration"
            .to_owned(),
        Refusal::NotJson => format!(
            "the signature is right, but the body is not JSON{}; look at what wrote it",
            place_of_error(request.webhook.body)
        ),
        Refusal::Signature(problem) => of_signature(problem, tried),
        Refusal::ApiKey(_) => "this path takes events by EventBridge and by triggers, which show \
             an API key and no signature; give a webhook's path, which ends with /events"
            .to_owned(),
        Refusal::UpstreamFailed => {
            "the delivery could not be written; that is a fault of Baton, report it".to_owned()
        }
    }
}

/// Why the request goes on untouched.
pub(crate) fn of_not_ours(request: &Request<'_>) -> String {
    format!(
        "the path lies under none of the prefixes of webhooks ({}), so that the edge passes the \
         request on untouched; correct the path, or path_prefixes in the edge's configuration",
        prefixes(request.configuration)
    )
}

/// What a reader may wonder about in a delivery: why nothing of it reaches the chat.
pub(crate) fn of_delivery(
    configuration: &Configuration,
    tenant: Option<&Tenant>,
    delivery: &str,
) -> Option<&'static str> {
    let delivery: Value = serde_json::from_str(delivery).ok()?;
    let data = delivery.get("data")?;
    let is_empty = |member| data.get(member).and_then(Value::as_array).is_none_or(Vec::is_empty);
    if !["events", "receipts", "unhandled"].into_iter().all(is_empty) {
        return None;
    }
    let origin = |member| data.pointer(&format!("/genesys/{member}")).and_then(Value::as_str);
    if origin("direction") == Some("Inbound") {
        return Some("nothing reaches the chat: it is the customer's own message, sent back");
    }
    let bot_messages = tenant.map(|tenant| configuration.bot_messages_of(tenant));
    if origin("originating_entity") == Some("Bot") && bot_messages == Some(BotMessages::Drop) {
        return Some(
            "nothing reaches the chat: a Genesys flow or bot wrote it, and bot_messages in the \
             edge's configuration is drop",
        );
    }
    None
}

/// What a reader may wonder about in a signature that holds: that Genesys did not write it so.
pub(crate) fn of_value(value: &str) -> Option<&'static str> {
    let encoded = value.strip_prefix("sha256=")?;
    let is_hexadecimal = encoded.len() == 64 && encoded.bytes().all(|b| b.is_ascii_hexdigit());
    is_hexadecimal.then_some(
        "the signature is written in hexadecimal, and Genesys writes base64: something else made \
         it. The edge takes both",
    )
}

fn of_signature(problem: SignatureProblem, tried: &[Trial]) -> String {
    let found = tried.iter().find(|trial| trial.holds).map(|trial| trial.why);
    let why = match problem {
        SignatureProblem::Missing => {
            "there is no signature; give the value of X-Hub-Signature-256, or make one with \
             baton sign. If Genesys sends none, its integration has no \
             outboundNotificationWebhookSignatureSecretToken"
        }
        SignatureProblem::Duplicate => {
            "the signature header is there more than once; see which proxy adds it"
        }
        SignatureProblem::CommaJoined => {
            "the value holds a comma: a proxy has joined several headers into one, or it was \
             copied with something else"
        }
        SignatureProblem::Whitespace => {
            "there is a blank or a line break inside the value; copy it again without"
        }
        SignatureProblem::MissingPrefix => {
            "the value has to begin with sha256= in lower case; what follows is base64"
        }
        SignatureProblem::UrlSafeBase64 => {
            "the value is base64 of the alphabet for URLs; Genesys writes the standard one, with \
             + and / in the place of - and _"
        }
        SignatureProblem::UnpaddedBase64 => "the value lacks the = at its end; copy it completely",
        SignatureProblem::Malformed => {
            "what follows sha256= are neither 32 bytes in base64 (44 characters) nor in \
             hexadecimal (64); copy the value completely"
        }
        SignatureProblem::Mismatch => return found.unwrap_or(GENERAL_MISMATCH).to_owned(),
    };
    match found {
        Some(found) => format!("{why}. {found}"),
        None if tried.is_empty() => why.to_owned(),
        None => {
            format!("{why}. Put right, it does not hold either: see to the secret and the body")
        }
    }
}

const GENERAL_MISMATCH: &str = "none of the secrets signed these bytes: either it is another \
    secret than the integration's, or the body has changed since it was signed. A signature \
    holds for the raw bytes: keep the body as it was received, and do not parse and write it \
    again";

fn prefixes(configuration: &Configuration) -> String {
    configuration.path_prefixes.join(" or ")
}

/// The tenants, as many as a sentence takes.
fn tenants(configuration: &Configuration) -> String {
    const MOST: usize = 5;
    let tenants = &configuration.tenants;
    if tenants.is_empty() {
        return "no tenant".to_owned();
    }
    let mut names: Vec<String> = tenants.keys().take(MOST).map(ToString::to_string).collect();
    if tenants.len() > MOST {
        names.push(format!("{} more", tenants.len() - MOST));
    }
    names.join(", ")
}

fn place_of_error(body: &[u8]) -> String {
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => String::new(),
        Err(error) => format!(" (line {}, column {})", error.line(), error.column()),
    }
}
