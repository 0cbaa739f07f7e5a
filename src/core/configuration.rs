//! The edge's configuration: one JSON document with one schema for every host.
//!
//! `envoy/configuration.md` shows it member by member. It is read once; an error names the
//! member and what to do about it, and a document with an error is not used at all.

mod node;
mod secrets;
#[cfg(test)]
mod tests;

use alloc::{collections::BTreeMap, format, string::String, sync::Arc, vec::Vec};
use core::fmt;

use self::{node::Node, secrets::Secrets};
use crate::{
    api_key::{ApiKey, ApiKeys, MOST_ACTIVE},
    json::Json,
    look_up::Policy,
    tenant::{Policy as TenantPolicy, Tenant, TenantKey, is_segment},
    translation::BotMessages,
};

/// The edge's configuration, checked.
#[derive(Debug)]
pub struct Configuration {
    /// The paths under which webhooks come in, such as `/webhooks/genesys`; no slash at the end.
    pub path_prefixes: Vec<String>,
    /// The most bytes that a webhook's body may have.
    pub max_body_bytes: usize,
    /// What becomes of messages that a Genesys flow or bot wrote, to tenants that say nothing else.
    pub bot_messages: BotMessages,
    /// Where deliveries go.
    pub upstream: Upstream,
    /// The tenants written in the document.
    pub tenants: BTreeMap<TenantKey<'static>, Arc<Tenant>>,
    /// What becomes of a webhook for another tenant.
    pub unlisted_tenants: UnlistedTenants,
    /// How tenants are looked up.
    pub look_up: LookUp,
    /// What only Envoy is told; other hosts do not read it.
    pub envoy: Envoy,
    /// What is allowed and not advised, one line each.
    pub warnings: Vec<String>,
}

/// Where deliveries go.
pub struct Upstream {
    /// The path on which the upstream takes deliveries.
    pub path: String,
    /// The `Authorization` header that the edge adds, as it is sent.
    pub authorization: String,
}

/// The credential does not show itself.
impl fmt::Debug for Upstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Upstream").field("path", &self.path).finish_non_exhaustive()
    }
}

/// How tenants are looked up at the sidecar.
#[derive(Default)]
pub struct LookUp {
    /// The `Authorization` header that the edge adds, as it is sent; empty where nothing is looked
    /// up.
    pub authorization: String,
    /// For how long what was found is believed.
    pub policy: Policy,
}

/// The credential does not show itself.
impl fmt::Debug for LookUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LookUp").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// What becomes of a webhook for a tenant that the document does not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnlistedTenants {
    /// It is refused.
    #[default]
    Refuse,
    /// The host looks the tenant up.
    LookUp,
}

/// What only Envoy is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envoy {
    /// How it holds a request.
    pub hold: EnvoyHold,
    /// Its cluster for the sidecar's internal listener, where the filter looks tenants up.
    pub look_up_cluster: Option<String>,
    /// What becomes of a delivery that the upstream stored a moment ago.
    pub duplicates: Duplicates,
}

/// What becomes of a verified webhook whose delivery the upstream stored a moment ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// It is answered 200 at once.
    #[default]
    Answer,
    /// It goes up, and the upstream drops it.
    Forward,
}

/// How Envoy holds a request until its body is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnvoyHold {
    /// The filter pauses in the header phase; the plugin has to be loaded with
    /// `allow_on_headers_stop_iteration: true`.
    #[default]
    Pause,
    /// The filter goes on, and `envoy.filters.http.buffer` after it holds the request.
    BufferFilter,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError {
    /// The member, such as `tenants[0].account_id`; empty for the document itself.
    pub member: String,
    /// What is wrong with it and what to do.
    pub problem: String,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let member = if self.member.is_empty() { "the document" } else { &self.member };
        write!(formatter, "edge configuration: {member}: {}", self.problem)
    }
}

impl core::error::Error for ConfigurationError {}

type Result<T> = core::result::Result<T, ConfigurationError>;

/// The default paths under which webhooks come in.
pub const DEFAULT_PATH_PREFIXES: [&str; 2] = ["/webhooks/genesys", "/handoff/webhooks/genesys"];

/// The default limit of a body: Genesys' own limit for requests is 512,000 bytes (Genesys
/// reference, 3.3).
pub const DEFAULT_MAX_BODY_BYTES: usize = 512 * 1024;

/// The largest limit that may be set.
const LARGEST_MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// The longest that anything looked up may be believed: a week.
const LONGEST_LIFETIME_SECONDS: u64 = 7 * 24 * 3_600;

impl Configuration {
    /// The names of the environment's variables that a document takes secrets from, for a host
    /// that has to fetch them before it can read the document.
    pub fn secrets(document: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        if let Ok(root) = Json::parse(document) {
            secrets::names(root, &mut names);
        }
        names
    }

    /// Reads the document. `environment` gives a variable of the host's environment.
    ///
    /// # Errors
    ///
    /// The first member that is wrong.
    pub fn parse(document: &[u8], environment: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let root = Node::root(document)?;
        root.allow_only(&[
            "path_prefixes",
            "max_body_bytes",
            "bot_messages",
            "upstream",
            "tenants",
            "unlisted_tenants",
            "look_up",
            "envoy",
            "dangerous_inline_secrets",
        ])?;
        let may_be_inline = match root.optional("dangerous_inline_secrets")? {
            Some(node) => node.boolean()?,
            None => false,
        };
        let mut secrets = Secrets { environment, may_be_inline, warnings: Vec::new() };
        if may_be_inline {
            secrets.warnings.push(
                "dangerous_inline_secrets: secrets in this document can be read by \
                           whoever may read the host's configuration"
                    .into(),
            );
        }

        let path_prefixes: Vec<_> = match root.optional("path_prefixes")? {
            Some(node) => node.elements()?.iter().map(path).collect::<Result<_>>()?,
            None => DEFAULT_PATH_PREFIXES.map(String::from).into(),
        };
        let upstream = upstream(&root.required("upstream")?, &mut secrets)?;
        let overlaps =
            |prefix: &String| is_under(&upstream.path, prefix) || is_under(prefix, &upstream.path);
        if path_prefixes.iter().any(overlaps) {
            return Err(ConfigurationError {
                member: "upstream.path".into(),
                problem: "one of path_prefixes lies under it, or it under one of them: choose a \
                          path of its own"
                    .into(),
            });
        }
        let max_body_bytes = match root.optional("max_body_bytes")? {
            Some(node) => limit(&node, LARGEST_MAX_BODY_BYTES)?,
            None => DEFAULT_MAX_BODY_BYTES,
        };
        let tenants = tenants(&root.required("tenants")?, max_body_bytes, &mut secrets)?;
        let bot_messages = bot_messages(&root)?.unwrap_or_default();
        let unlisted_tenants = match root.optional("unlisted_tenants")? {
            Some(node) => node.word(&[
                ("refuse", UnlistedTenants::Refuse),
                ("look_up", UnlistedTenants::LookUp),
            ])?,
            None => UnlistedTenants::default(),
        };
        let look_up = match (root.optional("look_up")?, unlisted_tenants) {
            (Some(node), _) => look_up(&node, &mut secrets)?,
            (None, UnlistedTenants::Refuse) => LookUp::default(),
            (None, UnlistedTenants::LookUp) => {
                return Err(ConfigurationError {
                    member: "look_up".into(),
                    problem: "it is missing, and unlisted_tenants is \"look_up\": give the \
                              credential that look-ups show"
                        .into(),
                });
            }
        };
        let envoy = match root.optional("envoy")? {
            Some(node) => envoy(&node)?,
            None => Envoy::default(),
        };
        Ok(Self {
            path_prefixes,
            max_body_bytes,
            bot_messages,
            upstream,
            tenants,
            unlisted_tenants,
            look_up,
            envoy,
            warnings: secrets.warnings,
        })
    }

    /// What becomes of messages that a Genesys flow or bot wrote to this tenant.
    pub fn bot_messages_of(&self, tenant: &Tenant) -> BotMessages {
        tenant.policy.bot_messages.unwrap_or(self.bot_messages)
    }
}

/// Whether the path is the prefix or lies under it.
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn path(node: &Node<'_>) -> Result<String> {
    let text = node.text()?;
    let segments = text.strip_prefix('/').map(|rest| rest.split('/').all(is_segment));
    if segments != Some(true) {
        return Err(node.error(
            "it has to begin with a slash, end without one, and hold only letters, digits, \
             dots, hyphens and underscores between slashes",
        ));
    }
    Ok(text)
}

fn limit(node: &Node<'_>, largest: usize) -> Result<usize> {
    let bytes = usize::try_from(node.integer()?).unwrap_or(usize::MAX);
    if !(1..=largest).contains(&bytes) {
        return Err(node.error(format!("it has to be from 1 to {largest}")));
    }
    Ok(bytes)
}

/// The member `bot_messages` of the document, or of a tenant.
fn bot_messages(node: &Node<'_>) -> Result<Option<BotMessages>> {
    let word = node.optional("bot_messages")?;
    word.map(|node| node.word(&BotMessages::WORDS)).transpose()
}

fn upstream(node: &Node<'_>, secrets: &mut Secrets<'_>) -> Result<Upstream> {
    node.allow_only(&["path", "credential"])?;
    let path = match node.optional("path")? {
        Some(node) => path(&node)?,
        None => "/internal/v1/deliveries".into(),
    };
    let credential = secrets.read_header(&node.required("credential")?)?;
    Ok(Upstream { path, authorization: format!("Bearer {credential}") })
}

fn look_up(node: &Node<'_>, secrets: &mut Secrets<'_>) -> Result<LookUp> {
    node.allow_only(&["credential", "fresh_seconds", "stale_seconds", "unknown_seconds"])?;
    let credential = secrets.read_header(&node.required("credential")?)?;
    let mut policy = Policy::default();
    for (name, lifetime) in [
        ("fresh_seconds", &mut policy.fresh),
        ("stale_seconds", &mut policy.stale),
        ("unknown_seconds", &mut policy.unknown),
    ] {
        let Some(node) = node.optional(name)? else { continue };
        let seconds = node.integer()?;
        if !(1..=LONGEST_LIFETIME_SECONDS).contains(&seconds) {
            return Err(node.error(format!("it has to be from 1 to {LONGEST_LIFETIME_SECONDS}")));
        }
        *lifetime = seconds * 1_000;
    }
    if policy.stale < policy.fresh {
        return Err(node.error("stale_seconds has to be fresh_seconds or more"));
    }
    Ok(LookUp { authorization: format!("Bearer {credential}"), policy })
}

fn tenants(
    node: &Node<'_>,
    max_body_bytes: usize,
    secrets: &mut Secrets<'_>,
) -> Result<BTreeMap<TenantKey<'static>, Arc<Tenant>>> {
    let mut tenants = BTreeMap::new();
    for node in node.elements()? {
        node.allow_only(&[
            "account_id",
            "project_id",
            "client_env",
            "signature_secrets",
            "api_keys",
            "bot_messages",
            "max_body_bytes",
        ])?;
        let segment = |name| segment(&node.required(name)?);
        let key =
            TenantKey::new(segment("account_id")?, segment("project_id")?, segment("client_env")?);
        let listed = node.required("signature_secrets")?.elements()?;
        let signing: Vec<_> =
            listed.iter().map(|secret| secrets.read(secret)).collect::<Result<_>>()?;
        if signing.is_empty() {
            return Err(node.error("signature_secrets has to name at least one secret"));
        }
        let mut tenant = Tenant::new(key.clone(), signing.iter().map(String::as_str));
        if let Some(node) = node.optional("api_keys")? {
            tenant.api_keys = api_keys(&node, secrets)?;
        }
        let own_limit = node.optional("max_body_bytes")?;
        tenant.policy = TenantPolicy {
            bot_messages: bot_messages(&node)?,
            max_body_bytes: own_limit.map(|node| limit(&node, max_body_bytes)).transpose()?,
        };
        if tenants.insert(key, Arc::new(tenant)).is_some() {
            return Err(node.error("the same tenant is listed above: put its secrets together"));
        }
    }
    Ok(tenants)
}

fn api_keys(node: &Node<'_>, secrets: &mut Secrets<'_>) -> Result<ApiKeys> {
    let listed = node.elements()?;
    if !(1..=MOST_ACTIVE).contains(&listed.len()) {
        return Err(node.error("it has to name one key, or two while they are rotated"));
    }
    let mut keys = ApiKeys::default();
    for (active, node) in keys.0.iter_mut().zip(&listed) {
        *active = Some(ApiKey::new(&secrets.read_header(node)?));
    }
    Ok(keys)
}

fn segment(node: &Node<'_>) -> Result<String> {
    let text = node.text()?;
    if is_segment(&text) {
        Ok(text)
    } else {
        Err(node.error("it stands in a path: 1 to 64 of letters, digits, '.', '_' and '-'"))
    }
}

fn envoy(node: &Node<'_>) -> Result<Envoy> {
    node.allow_only(&["hold", "look_up_cluster", "duplicates"])?;
    let hold = match node.optional("hold")? {
        Some(node) => {
            node.word(&[("pause", EnvoyHold::Pause), ("buffer_filter", EnvoyHold::BufferFilter)])?
        }
        None => EnvoyHold::default(),
    };
    let look_up_cluster = match node.optional("look_up_cluster")? {
        Some(node) => Some(cluster(&node)?),
        None => None,
    };
    let duplicates = match node.optional("duplicates")? {
        Some(node) => {
            node.word(&[("answer", Duplicates::Answer), ("forward", Duplicates::Forward)])?
        }
        None => Duplicates::default(),
    };
    Ok(Envoy { hold, look_up_cluster, duplicates })
}

/// The name of one of Envoy's clusters.
fn cluster(node: &Node<'_>) -> Result<String> {
    let text = node.text()?;
    if text.is_empty() {
        return Err(node.error("it has to name a cluster of Envoy's configuration"));
    }
    Ok(text)
}
