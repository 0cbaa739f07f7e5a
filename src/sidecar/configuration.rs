//! The configuration: what it holds, and how it is read.

mod application;
mod bot;
mod chat;
#[cfg(test)]
mod default_tests;
mod drain;
mod edge;
mod genesys;
mod listen;
mod queues;
mod reassurance;
mod sessions;
pub(crate) mod stored;
#[cfg(test)]
mod surroundings_tests;
#[cfg(test)]
mod tests;
mod traces;

use std::{path::PathBuf, time::Duration};

use baton_application::{FrameAncestor, Webhook};
use baton_chat::{Allowance, Host, SecretDigest};
use baton_core::tenant::{TenantKey, is_segment};
use baton_genesys::IntegrationRef;
use baton_listener::Listen;
use baton_store::{MasterKey, MasterKeyError};

use crate::{secret::Secrets, section::Section, surroundings::Surroundings};

pub use application::ApplicationAccess;
pub use bot::{BotAccess, BotKind, Destination, Target, WhenDown};
pub use drain::Drain;
pub use edge::{EdgeAccess, TenantEdge};
pub(crate) use genesys::JOINED_NOTE;
pub use genesys::{
    After, AgentName, GenesysAccess, HandoffOptions, InQueueMessages, Start, StrayMessages,
};
pub use reassurance::Reassurance;
pub use sessions::SessionOptions;
pub(crate) use stored::StoredSection;
pub use stored::self_contained_tenant;

/// The longest time for which an edge can be told to use what it has looked up, in seconds:
/// `baton_core` takes no longer one.
const LONGEST_EDGE_CACHE: u32 = 7 * 24 * 3_600;

/// The default configuration with every key explained: the reference of the configuration.
pub const fn default_configuration() -> &'static str {
    include_str!("baton.default.toml")
}

/// What a sidecar is told from outside.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Where chat clients connect.
    pub chat_listen: Listen,
    /// How much chat clients may ask for.
    pub chat_allowance: Allowance,
    /// Where the edge delivers and operators ask.
    pub internal_listen: Listen,
    /// What the edge shows when it delivers.
    pub delivery_credentials: Vec<SecretDigest>,
    /// What an operator shows.
    pub admin_credentials: Vec<SecretDigest>,
    /// What an edge shows that looks tenants up here; none where none does.
    pub look_up_credentials: Vec<SecretDigest>,
    /// For how long an edge may use what it has looked up here, where that differs from the default
    /// of edges.
    pub edge_cache: Option<Duration>,
    /// The edge in this process, which runs only when it is asked for.
    pub edge: EdgeAccess,
    /// Where monitoring asks how the process stands; absent where nobody may.
    pub observation_listen: Option<Listen>,
    /// How the process stops.
    pub drain: Drain,
    /// Where spans are collected; absent where they are not.
    pub traces: Option<baton_traces::Settings>,
    /// The API for applications.
    pub application: ApplicationAccess,
    /// The file of the store.
    pub store_path: PathBuf,
    /// Under what the tenants in the store are sealed; absent where there are none.
    pub master_key: Option<MasterKey>,
    /// When sessions end by themselves, and for how long they are kept.
    pub sessions: SessionOptions,
    /// How many notification channels each OAuth client may have.
    pub channels_per_client: usize,
    /// Whose chats are served.
    pub tenants: Vec<Tenant>,
}

/// A tenant's part of the configuration.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Whose it is.
    pub key: TenantKey<'static>,
    /// The Open Messaging integration that belongs to it.
    pub integration: IntegrationRef,
    /// By which tokens chat clients come in.
    pub connector_tokens: Vec<SecretDigest>,
    /// From where chat clients come.
    pub hosts: Vec<Host>,
    /// How it reaches Genesys; absent where another program does.
    pub genesys: Option<GenesysAccess>,
    /// What answers before a human does; absent where the chat begins with a human.
    pub bot: Option<BotAccess>,
    /// By what its webhooks are known; absent where the edge knows by itself.
    pub edge: Option<TenantEdge>,
    /// Where the bot may hand over to by a name.
    pub destinations: Vec<Destination>,
    /// By which keys its applications come in; none where there are no applications.
    pub api_keys: Vec<SecretDigest>,
    /// Where its applications want to be told what happens.
    pub webhooks: Vec<Webhook>,
}

/// What is wrong with a configuration: which key, and what to do. It is one line, and never
/// shows a value. As an error it says why the configuration is refused; beside a configuration,
/// what it should better not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration: {key} {problem}")]
pub struct ConfigurationProblem {
    key: String,
    problem: String,
}

impl ConfigurationProblem {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }
}

impl Configuration {
    /// Where the API for applications listens; `None` where nobody could use it.
    pub fn application_listen(&self) -> Option<Listen> {
        let Self { application, tenants, .. } = self;
        let is_used = application.public_url.is_some()
            || tenants.iter().any(|tenant| !tenant.api_keys.is_empty());
        is_used.then(|| application.listen.clone())
    }

    /// Whose pages may show a context in a frame: those that are listed, or else Genesys' apps in
    /// the tenants' regions, where agents work.
    pub fn frame_ancestors(&self) -> Vec<FrameAncestor> {
        if let Some(listed) = &self.application.frame_ancestors {
            return listed.clone();
        }
        let regions = self.tenants.iter().filter_map(|tenant| tenant.genesys.as_ref());
        let mut apps: Vec<String> = regions.filter_map(|access| access.hosts.apps()).collect();
        apps.sort();
        apps.dedup();
        apps.iter().filter_map(|origin| FrameAncestor::parse(origin).ok()).collect()
    }

    /// Reads a configuration in TOML, with what the surroundings override in it. They give what it
    /// refers to.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in one line.
    pub fn parse(
        text: &str,
        surroundings: &dyn Surroundings,
    ) -> Result<(Self, Vec<ConfigurationProblem>), ConfigurationProblem> {
        Self::parse_with(text, surroundings, None)
    }

    /// The same with these tenants too, which stand in the store; `None` where the store was not
    /// looked into.
    pub(crate) fn parse_with(
        text: &str,
        surroundings: &dyn Surroundings,
        stored: Option<&[StoredSection]>,
    ) -> Result<(Self, Vec<ConfigurationProblem>), ConfigurationProblem> {
        let mut secrets = Secrets { surroundings, warnings: Vec::new() };
        let mut document = Section::document(text, surroundings)?;

        let mut chat = document.section("chat")?;
        let chat_listen = listen::address(&mut chat, "127.0.0.1:8080")?;
        let chat_allowance = chat::allowance(&mut chat)?;
        chat.finish()?;

        let mut internal = document.section("internal")?;
        let internal_listen = listen::address_or_socket(&mut internal, "127.0.0.1:8081")?;
        let delivery_credentials = secrets.read(
            &mut internal,
            "delivery_credentials",
            Some("BATON_DELIVERY_CREDENTIAL"),
        )?;
        let admin_credentials =
            secrets.read(&mut internal, "admin_credentials", Some("BATON_ADMIN_CREDENTIAL"))?;
        let look_up_credentials = secrets.read_optional(&mut internal, "look_up_credentials")?;
        let edge_cache = internal.number("edge_cache_seconds", 1..=LONGEST_EDGE_CACHE)?;
        let edge_cache = edge_cache.map(|seconds| Duration::from_secs(seconds.into()));
        let mut purposes = Purposes::default();
        purposes.add(internal.name("delivery_credentials"), &delivery_credentials)?;
        purposes.add(internal.name("admin_credentials"), &admin_credentials)?;
        purposes.add(internal.name("look_up_credentials"), &look_up_credentials)?;
        internal.finish()?;

        let edge = edge::read(document.section("edge")?)?;
        let application = application::read(document.section("application")?)?;

        let mut observation = document.section("observation")?;
        let is_observed = observation.truth("enabled")?.unwrap_or(true);
        let observation_listen = listen::address(&mut observation, "127.0.0.1:8084")?;
        let observation_listen = is_observed.then_some(observation_listen);
        observation.finish()?;

        let drain = drain::read(document.section("drain")?)?;
        let traces = traces::read(document.section("traces")?, &mut secrets)?;

        let mut store = document.section("store")?;
        let store_path = store.text("path")?.unwrap_or_else(|| "baton.db".to_owned());
        if store_path.is_empty() {
            return Err(ConfigurationProblem::new("store.path", "is empty; name a file"));
        }
        let master_key = master_key(&mut store, &mut secrets)?;
        store.finish()?;

        let sessions = sessions::read(document.section("sessions")?)?;

        let mut genesys = document.section("genesys")?;
        let channels = genesys.number("channels_per_client", 1..=20)?.unwrap_or(20);
        genesys.finish()?;

        let mut tenants = Vec::new();
        let in_file = document.sections("tenants")?;
        let in_store = stored.unwrap_or_default().iter().map(|tenant| tenant.section(surroundings));
        for section in in_file.into_iter().chain(in_store) {
            let [connector, api_keys, edge_keys, token, handoff] = [
                "connector_tokens",
                "api_keys",
                "edge.api_keys",
                "genesys.token_credentials",
                "genesys.handoff_credentials",
            ]
            .map(|key| section.name(key));
            let tenant = tenant(section, &mut secrets, &tenants)?;
            purposes.add(connector, &tenant.connector_tokens)?;
            purposes.add(api_keys, &tenant.api_keys)?;
            if let Some(edge) = &tenant.edge {
                purposes.add(edge_keys, &edge.api_keys)?;
            }
            if let Some(genesys) = &tenant.genesys {
                purposes.add(token, &genesys.token_credentials)?;
                purposes.add(handoff, &genesys.handoff_credentials)?;
            }
            tenants.push(tenant);
        }
        document.finish()?;
        // Without a master key the store holds none.
        let all_are_known = stored.is_some() || master_key.is_none();
        if tenants.is_empty() && all_are_known {
            let problem = "holds no tenant, so nobody can connect; add one";
            secrets.warnings.push(ConfigurationProblem::new("tenants", problem));
        }
        let configuration = Self {
            chat_listen,
            chat_allowance,
            internal_listen,
            delivery_credentials,
            admin_credentials,
            look_up_credentials,
            edge_cache,
            edge,
            observation_listen,
            drain,
            traces,
            application,
            store_path: store_path.into(),
            master_key,
            sessions,
            channels_per_client: channels as usize,
            tenants,
        };
        listen::check_apart(&configuration)?;
        Ok((configuration, secrets.warnings))
    }
}

fn master_key(
    section: &mut Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<Option<MasterKey>, ConfigurationProblem> {
    let Some(text) = secrets.read_itself_if_there(section, "master_key")? else { return Ok(None) };
    let key = MasterKey::parse(text.expose());
    let problem = |error: MasterKeyError| {
        ConfigurationProblem::new(section.name("master_key"), error.to_string())
    };
    key.map(Some).map_err(problem)
}

fn tenant(
    mut section: Section<'_>,
    secrets: &mut Secrets<'_>,
    others: &[Tenant],
) -> Result<Tenant, ConfigurationProblem> {
    let key = TenantKey::new(
        segment(&mut section, "account_id")?,
        segment(&mut section, "project_id")?,
        segment(&mut section, "client_env")?,
    );
    let genesys = section.optional_section("genesys")?;
    let genesys = genesys.map(|section| genesys::read(section, secrets)).transpose()?;
    let bot = section.optional_section("bot")?;
    let bot = bot.map(|section| bot::read(section, secrets)).transpose()?;
    let edge = section.optional_section("edge")?;
    let edge = edge.map(|section| edge::tenant(section, secrets)).transpose()?;
    let destinations = bot::destinations(section.sections("destinations")?)?;
    let api_keys = secrets.read_optional(&mut section, "api_keys")?;
    let webhooks = application::webhooks(section.sections("webhooks")?, &key, secrets)?;
    let integration = integration(&mut section, genesys.is_some())?;
    let connector_tokens = secrets.read(&mut section, "connector_tokens", None)?;
    let mut hosts = Vec::new();
    for (name, text) in section.texts("hosts")? {
        let problem = "names no host; write one such as www.example.com";
        hosts.push(Host::parse(&text).ok_or_else(|| ConfigurationProblem::new(name, problem))?);
    }
    if hosts.is_empty() {
        let problem = "is empty, so no chat client of the tenant can connect; add a host";
        secrets.warnings.push(ConfigurationProblem::new(section.name("hosts"), problem));
    }
    for other in others {
        if other.key == key {
            let problem = "names a tenant that an earlier section names; take one of them out";
            return Err(ConfigurationProblem::new(section.name("account_id"), problem));
        }
        check_beside(&section, other, &integration, genesys.as_ref())?;
    }
    section.finish()?;
    Ok(Tenant {
        key,
        integration,
        connector_tokens,
        hosts,
        genesys,
        bot,
        edge,
        destinations,
        api_keys,
        webhooks,
    })
}

/// Checks that two tenants do not get into each other's way at Genesys.
fn check_beside(
    section: &Section<'_>,
    other: &Tenant,
    integration: &IntegrationRef,
    genesys: Option<&GenesysAccess>,
) -> Result<(), ConfigurationProblem> {
    let (Some(access), Some(others)) = (genesys, &other.genesys) else { return Ok(()) };
    if access.hosts.api() != others.hosts.api() {
        return Ok(());
    }
    let (one, two) = (&access.credentials, &others.credentials);
    if one.client_id == two.client_id && one.client_secret.expose() != two.client_secret.expose() {
        let key = section.name("genesys.client_secret");
        let problem = format!(
            "is another than that of {}, for the same OAuth client; give both the same",
            other.key
        );
        return Err(ConfigurationProblem::new(key, problem));
    }
    if *integration == other.integration {
        let key = match integration {
            IntegrationRef::Id(_) => "integration_id",
            IntegrationRef::Name(_) => "integration_name",
        };
        let problem = format!(
            "is the integration of the tenant {}; give each tenant its own, so that a webhook \
             belongs to one of them",
            other.key
        );
        return Err(ConfigurationProblem::new(section.name(key), problem));
    }
    Ok(())
}

/// By id, or by a name that is looked up at Genesys.
fn integration(
    section: &mut Section<'_>,
    reaches_genesys: bool,
) -> Result<IntegrationRef, ConfigurationProblem> {
    let (id, name) = (section.text("integration_id")?, section.text("integration_name")?);
    let (key, text, integration): (_, _, fn(String) -> IntegrationRef) = match (id, name) {
        (Some(id), None) => ("integration_id", id, IntegrationRef::Id),
        (None, Some(name)) if reaches_genesys => ("integration_name", name, IntegrationRef::Name),
        (None, Some(_)) => {
            let problem = "is looked up at Genesys, and the tenant has no genesys section; add \
                           one, or give integration_id";
            return Err(ConfigurationProblem::new(section.name("integration_name"), problem));
        }
        (Some(_), Some(_)) => {
            let problem = "stands beside integration_id; take one of the two out";
            return Err(ConfigurationProblem::new(section.name("integration_name"), problem));
        }
        (None, None) => {
            return Err(ConfigurationProblem::new(
                section.name("integration_id"),
                "is missing; add it",
            ));
        }
    };
    if text.is_empty() {
        return Err(ConfigurationProblem::new(section.name(key), "is empty; fill it"));
    }
    Ok(integration(text))
}

fn segment(section: &mut Section<'_>, key: &str) -> Result<String, ConfigurationProblem> {
    let text = section.needed_text(key)?;
    if is_segment(&text) {
        Ok(text)
    } else {
        let problem = "has to be 1 to 64 characters of A-Z a-z 0-9 . _ -";
        Err(ConfigurationProblem::new(section.name(key), problem))
    }
}

/// Which secrets serve which purpose. None serves two: each would open the other's door.
#[derive(Default)]
struct Purposes(Vec<(String, Vec<SecretDigest>)>);

impl Purposes {
    fn add(&mut self, name: String, digests: &[SecretDigest]) -> Result<(), ConfigurationProblem> {
        if let Some((other, _)) = self.0.iter().find(|(_, others)| share_one(others, digests)) {
            let problem = format!("holds a secret of {other}; give each its own");
            return Err(ConfigurationProblem::new(name, problem));
        }
        self.0.push((name, digests.to_vec()));
        Ok(())
    }
}

fn share_one(some: &[SecretDigest], others: &[SecretDigest]) -> bool {
    some.iter().any(|digest| digest.is_one_of(others))
}
