//! What the sidecar answers when it is asked for a tenant.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use crate::{
    api_key::{ApiKey, ApiKeys},
    json::{Document, Json, Object},
    signature::SHORTEST_SECRET,
    tenant::{Tenant, TenantKey},
    translation::BotMessages,
};

/// What a look-up found.
#[derive(Debug)]
pub enum Answer {
    /// The tenant.
    Known(Arc<Tenant>),
    /// There is no such tenant.
    Unknown,
}

/// Why an answer says nothing. The host goes on as if it had not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUpProblem {
    /// It has another status than 200; or it is a 404 that is not the sidecar's own, as of
    /// whatever else has no such path.
    Status(u16),
    /// It is not the JSON object that the sidecar sends.
    Malformed,
    /// It is about another tenant than the one that was asked for.
    AnotherTenant,
}

impl fmt::Display for LookUpProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(
                    formatter,
                    "the look-up of a tenant was answered {status}: see whether it goes to the sidecar, \
                     and whether its credential is right"
                )
            }
            Self::Malformed => formatter.write_str(
                "the look-up of a tenant was answered with something else than a tenant: see \
                 whether it goes to the sidecar",
            ),
            Self::AnotherTenant => formatter.write_str(
                "the look-up of a tenant was answered with another one: see whether something \
                 between the edge and the sidecar keeps answers",
            ),
        }
    }
}

impl core::error::Error for LookUpProblem {}

impl Answer {
    /// The path that a tenant is looked up at, under the sidecar's internal listener.
    pub fn path(key: &TenantKey<'_>) -> String {
        alloc::format!("/internal/v1/tenants/{key}/edge")
    }

    /// Reads the answer to a look-up of this tenant: its status, and the whole of its body.
    ///
    /// ```json
    /// {
    ///   "account_id": "acme", "project_id": "support", "client_env": "live",
    ///   "signature_secrets": ["the secret itself"],
    ///   "api_keys": ["the SHA-256 of a key, 64 hexadecimal digits"],
    ///   "bot_messages": "drop"
    /// }
    /// ```
    ///
    /// `bot_messages` is `drop` or `forward`; without it the tenant has what the edge has for all.
    ///
    /// That there is no such tenant is a 404 in the sidecar's own words, which name the tenant:
    ///
    /// ```json
    /// {"account_id": "acme", "project_id": "shop", "client_env": "live", "known": false}
    /// ```
    ///
    /// # Errors
    ///
    /// [`LookUpProblem`], if it says nothing of this tenant.
    pub fn read(key: &TenantKey<'_>, status: u16, body: &[u8]) -> Result<Self, LookUpProblem> {
        match status {
            200 => tenant(key, body).map(|tenant| Self::Known(Arc::new(tenant))),
            404 if is_unknown(key, body) => Ok(Self::Unknown),
            other => Err(LookUpProblem::Status(other)),
        }
    }
}

/// Whether the sidecar says itself that there is no such tenant. Whatever else answers 404 would
/// have every webhook of a tenant refused that is there.
fn is_unknown(key: &TenantKey<'_>, body: &[u8]) -> bool {
    let Ok(Document::Object(answer)) = Document::parse(body) else { return false };
    is_about(key, &answer) && answer.get("known").and_then(Json::boolean) == Some(false)
}

fn is_about(key: &TenantKey<'_>, answer: &Object<'_>) -> bool {
    let names = [
        ("account_id", &key.account_id),
        ("project_id", &key.project_id),
        ("client_env", &key.client_env),
    ];
    names.into_iter().all(|(name, part)| answer.text(name).as_ref() == Some(part))
}

fn tenant(key: &TenantKey<'_>, body: &[u8]) -> Result<Tenant, LookUpProblem> {
    let Ok(Document::Object(document)) = Document::parse(body) else {
        return Err(LookUpProblem::Malformed);
    };
    if !is_about(key, &document) {
        return Err(LookUpProblem::AnotherTenant);
    }
    let secrets = texts(&document, "signature_secrets")?;
    if secrets.is_empty() || secrets.iter().any(|secret| secret.chars().count() < SHORTEST_SECRET) {
        return Err(LookUpProblem::Malformed);
    }
    let mut tenant = Tenant::new(key.clone().into_owned(), secrets.iter().map(String::as_str));
    tenant.api_keys = api_keys(&document)?;
    tenant.policy.bot_messages = bot_messages(&document)?;
    Ok(tenant)
}

fn bot_messages(document: &Object<'_>) -> Result<Option<BotMessages>, LookUpProblem> {
    let Some(member) = document.get("bot_messages") else { return Ok(None) };
    let meaning = member.text().and_then(|word| BotMessages::from_word(&word));
    meaning.map(Some).ok_or(LookUpProblem::Malformed)
}

fn api_keys(document: &Object<'_>) -> Result<ApiKeys, LookUpProblem> {
    let digests = texts(document, "api_keys")?;
    let mut keys = ApiKeys::default();
    if digests.len() > keys.0.len() {
        return Err(LookUpProblem::Malformed);
    }
    for (active, digest) in keys.0.iter_mut().zip(&digests) {
        *active = Some(ApiKey::of_digest(digest).ok_or(LookUpProblem::Malformed)?);
    }
    Ok(keys)
}

/// The texts of a list; none, if there is no such member.
fn texts(document: &Object<'_>, name: &str) -> Result<Vec<String>, LookUpProblem> {
    let Some(member) = document.get(name) else { return Ok(Vec::new()) };
    let texts = member.list().ok_or(LookUpProblem::Malformed)?.into_iter().map(|text| text.text());
    let texts: Option<Vec<String>> = texts.map(|text| text.map(Into::into)).collect();
    texts.ok_or(LookUpProblem::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::SigningKey;
    use alloc::format;

    const KNOWN: &str = r#"{
        "account_id": "acme", "project_id": "shop", "client_env": "live",
        "signature_secrets": ["0123456789abcdef", "a secret with a \" in it"],
        "api_keys": ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        "what_is_to_come": 1
    }"#;

    const UNKNOWN: &str = r#"{
        "account_id": "acme", "project_id": "shop", "client_env": "live", "known": false
    }"#;

    fn key() -> TenantKey<'static> {
        TenantKey::new("acme", "shop", "live")
    }

    fn read(body: &str) -> Result<Answer, LookUpProblem> {
        Answer::read(&key(), 200, body.as_bytes())
    }

    #[test]
    fn a_tenant_has_the_secrets_and_keys_that_the_answer_names() {
        let Ok(Answer::Known(tenant)) = read(KNOWN) else { panic!("a tenant") };
        assert_eq!(tenant.key, key());
        for secret in ["0123456789abcdef", "a secret with a \" in it"] {
            assert!(tenant.signing_keys.verify(b"body", &SigningKey::new(secret).sign(b"body")));
        }
        assert!(tenant.api_keys.verify(&ApiKey::new("test")));
        assert!(!tenant.api_keys.verify(&ApiKey::new("another")));
    }

    #[test]
    fn a_tenant_has_the_policy_that_the_answer_names_or_none_of_its_own() {
        let policy = |member: &str| {
            let answer = read(&KNOWN.replace("\"what_is_to_come\": 1", member));
            let Ok(Answer::Known(tenant)) = answer else { panic!("a tenant") };
            tenant.policy.bot_messages
        };
        assert_eq!(policy("\"x\": 1"), None);
        for (word, meaning) in BotMessages::WORDS {
            assert_eq!(policy(&format!("\"bot_messages\": \"{word}\"")), Some(meaning));
            assert_eq!(meaning.word(), word);
        }
    }

    #[test]
    fn a_tenant_that_is_not_there_is_an_answer_and_every_other_status_is_none() {
        assert!(matches!(Answer::read(&key(), 404, UNKNOWN.as_bytes()), Ok(Answer::Unknown)));
        for status in [0, 201, 204, 302, 401, 403, 429, 500, 503] {
            let problem = Answer::read(&key(), status, KNOWN.as_bytes()).unwrap_err();
            assert_eq!(problem, LookUpProblem::Status(status));
        }
    }

    #[test]
    fn a_404_that_is_not_the_sidecars_own_says_nothing_of_the_tenant() {
        let bodies = [
            "",
            "{}",
            "<html>",
            "null",
            r#"{"status": 404, "title": "Not Found"}"#,
            r#"{"known": false}"#,
            KNOWN,
            &UNKNOWN.replace("false", "true"),
            &UNKNOWN.replace("false", "null"),
            &UNKNOWN.replace("shop", "other"),
        ];
        for body in bodies {
            let problem = Answer::read(&key(), 404, body.as_bytes()).unwrap_err();
            assert_eq!(problem, LookUpProblem::Status(404), "{body}");
        }
        assert!(Answer::read(&key(), 200, UNKNOWN.as_bytes()).is_err());
    }

    #[test]
    fn invariant_12_the_answer_for_one_tenant_is_not_taken_for_another() {
        for (from, to) in [("acme", "other"), ("shop", "SHOP"), ("\"live\"", "1")] {
            let problem = read(&KNOWN.replace(from, to)).unwrap_err();
            assert_eq!(problem, LookUpProblem::AnotherTenant, "{to}");
        }
    }

    #[test]
    fn what_is_malformed_is_no_tenant() {
        let secrets = r#"["0123456789abcdef", "a secret with a \" in it"]"#;
        let digest = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"";
        let cases = [
            (secrets, "[]"),
            (secrets, "\"0123456789abcdef\""),
            (secrets, "[\"too short\"]"),
            (secrets, "[7]"),
            (digest, "\"9f86\""),
            (digest, "null"),
            (digest, &format!("{digest},{digest},{digest}")),
            ("\"what_is_to_come\": 1", "\"what_is_to_come\""),
            ("\"what_is_to_come\": 1", "\"bot_messages\": \"keep\""),
            ("\"what_is_to_come\": 1", "\"bot_messages\": null"),
        ];
        for (from, to) in cases {
            let body = KNOWN.replace(from, to);
            assert_ne!(body, KNOWN, "{from}");
            assert_eq!(read(&body).unwrap_err(), LookUpProblem::Malformed, "{to}");
        }
        assert_eq!(read("[]").unwrap_err(), LookUpProblem::Malformed);
    }

    #[test]
    fn invariant_10_an_answer_does_not_show_its_secrets() {
        let shown = format!("{:?}", read(KNOWN).unwrap());
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("9f86d0"), "{shown}");
    }
}
