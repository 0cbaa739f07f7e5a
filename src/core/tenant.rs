//! Whose traffic it is.

use alloc::{borrow::Cow, format, string::String};
use core::fmt;
use serde::{Deserialize, Serialize};

use crate::{api_key::ApiKeys, signature::SigningKeys, translation::BotMessages};

/// Account, project and environment: the triple that keeps customers apart.
///
/// A secret, a token or a session of one tenant is never used for another. On the wire it is
/// an object with these three members; in a path the three are segments, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TenantKey<'a> {
    /// The customer.
    #[serde(borrow)]
    pub account_id: Cow<'a, str>,
    /// The customer's bot.
    #[serde(borrow)]
    pub project_id: Cow<'a, str>,
    /// The bot's environment, such as `sandbox`, `pre-release` or `live`.
    #[serde(borrow)]
    pub client_env: Cow<'a, str>,
}

impl<'a> TenantKey<'a> {
    /// The key of these three path segments; [`is_segment`] says which text is one.
    pub fn new(
        account_id: impl Into<Cow<'a, str>>,
        project_id: impl Into<Cow<'a, str>>,
        client_env: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            account_id: account_id.into(),
            project_id: project_id.into(),
            client_env: client_env.into(),
        }
    }

    /// The same key, borrowed from this one.
    pub fn borrowed(&self) -> TenantKey<'_> {
        TenantKey::new(&*self.account_id, &*self.project_id, &*self.client_env)
    }

    /// The same key, independent of the text that it was read from.
    pub fn into_owned(self) -> TenantKey<'static> {
        let own = |part: Cow<'a, str>| Cow::<'static, str>::Owned(String::from(part));
        TenantKey {
            account_id: own(self.account_id),
            project_id: own(self.project_id),
            client_env: own(self.client_env),
        }
    }
}

/// As in a path: `account/project/environment`.
impl fmt::Display for TenantKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.account_id, self.project_id, self.client_env)
    }
}

/// A tenant as the edge needs it.
#[derive(Debug)]
pub struct Tenant {
    /// Which tenant.
    pub key: TenantKey<'static>,
    /// What its deliveries name as their source, whatever path prefix is in use.
    pub source: String,
    /// The secrets that may have signed its webhooks.
    pub signing_keys: SigningKeys,
    /// The keys that EventBridge and triggers may show.
    pub api_keys: ApiKeys,
    /// What is the tenant's own where other tenants have the edge's.
    pub policy: Policy,
}

/// What a tenant may have of its own; `None` is as the edge's configuration has it for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of messages that a Genesys flow or bot wrote.
    pub bot_messages: Option<BotMessages>,
    /// The most bytes that a webhook's body may have: not more than the edge's.
    pub max_body_bytes: Option<usize>,
}

/// What a source begins with, before the tenant.
const SOURCE: &str = "/webhooks/genesys/";

impl Tenant {
    /// The tenant with these active secrets, without API keys and without a policy of its own.
    pub fn new<'a>(key: TenantKey<'static>, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let source = format!("{SOURCE}{key}");
        let signing_keys = SigningKeys::new(secrets);
        let (api_keys, policy) = (ApiKeys::default(), Policy::default());
        Self { key, source, signing_keys, api_keys, policy }
    }

    /// The key as in a path: `account/project/environment`.
    pub fn name(&self) -> &str {
        self.source.strip_prefix(SOURCE).unwrap_or_default()
    }
}

/// Whether the text can stand for an account, a project or an environment in a path:
/// `[A-Za-z0-9._-]{1,64}`, as sent, undecoded, and neither `.` nor `..`, which mean another path
/// (RFC 3986, 3.3).
pub fn is_segment(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(legal) && !matches!(text, "." | "..")
}
