//! The configuration: what it holds, and how it is read.

mod application;
mod bot;
mod chat;
mod edge;
mod genesys;
mod queues;
mod reassurance;
mod sessions;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf};

use baton_application::{FrameAncestor, Webhook};
use baton_chat::{Allowance, Host, SecretDigest};
use baton_core::tenant::{TenantKey, is_segment};
use baton_genesys::IntegrationRef;

use crate::{secret::Secrets, section::Section};

pub use application::ApplicationAccess;
pub use bot::{BotAccess, BotKind, Destination, Target, WhenDown};
pub use edge::{EdgeAccess, TenantEdge};
pub(crate) use genesys::JOINED_NOTE;
pub use genesys::{
    After, AgentName, GenesysAccess, HandoffOptions, InQueueMessages, Start, StrayMessages,
};
pub use reassurance::Reassurance;
pub use sessions::SessionOptions;

/// The default configuration with every key explained: the reference of the configuration.
pub const fn default_configuration() -> &'static str {
    include_str!("baton.default.toml")
}

/// What a sidecar is told from outside.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Where chat clients connect: a loopback address.
    pub chat_listen: SocketAddr,
    /// How much chat clients may ask for.
    pub chat_allowance: Allowance,
    /// Where the edge delivers and operators ask: a loopback address.
    pub internal_listen: SocketAddr,
    /// What the edge shows when it delivers.
    pub delivery_credentials: Vec<SecretDigest>,
    /// What an operator shows.
    pub admin_credentials: Vec<SecretDigest>,
    /// What an edge shows that looks tenants up here; none where none does.
    pub look_up_credentials: Vec<SecretDigest>,
    /// The edge in this process, which runs only when it is asked for.
    pub edge: EdgeAccess,
    /// The API for applications.
    pub application: ApplicationAccess,
    /// The file of the store.
    pub store_path: PathBuf,
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
    pub fn application_listen(&self) -> Option<SocketAddr> {
        let Self { application, tenants, .. } = self;
        let is_used = application.public_url.is_some()
            || tenants.iter().any(|tenant| !tenant.api_keys.is_empty());
        is_used.then_some(application.listen)
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

    /// Reads a configuration in TOML. `environment` gives the value of an environment variable.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, in one line.
    pub fn parse(
        text: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(Self, Vec<ConfigurationProblem>), ConfigurationProblem> {
        let mut secrets = Secrets { environment, warnings: Vec::new() };
        let mut document = Section::document(text)?;

        let mut chat = document.section("chat")?;
        let chat_listen = listen(&mut chat, "127.0.0.1:8080")?;
        let chat_allowance = chat::allowance(&mut chat)?;
        chat.finish()?;

        let mut internal = document.section("internal")?;
        let internal_listen = listen(&mut internal, "127.0.0.1:8081")?;
        let delivery_credentials = secrets.read(
            &mut internal,
            "delivery_credentials",
            Some("BATON_DELIVERY_CREDENTIAL"),
        )?;
        let admin_credentials =
            secrets.read(&mut internal, "admin_credentials", Some("BATON_ADMIN_CREDENTIAL"))?;
        let look_up_credentials = secrets.read_optional(&mut internal, "look_up_credentials")?;
        let mut purposes = Purposes::default();
        purposes.add(internal.name("delivery_credentials"), &delivery_credentials)?;
        purposes.add(internal.name("admin_credentials"), &admin_credentials)?;
        purposes.add(internal.name("look_up_credentials"), &look_up_credentials)?;
        internal.finish()?;

        let edge = edge::read(document.section("edge")?)?;
        let application = application::read(document.section("application")?)?;

        let mut store = document.section("store")?;
        let store_path = store.text("path")?.unwrap_or_else(|| "baton.db".to_owned());
        if store_path.is_empty() {
            return Err(ConfigurationProblem::new("store.path", "is empty; name a file"));
        }
        store.finish()?;

        let sessions = sessions::read(document.section("sessions")?)?;

        let mut genesys = document.section("genesys")?;
        let channels = genesys.number("channels_per_client", 1..=20)?.unwrap_or(20);
        genesys.finish()?;

        let mut tenants = Vec::new();
        for section in document.sections("tenants")? {
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
        if tenants.is_empty() {
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
            edge,
            application,
            store_path: store_path.into(),
            sessions,
            channels_per_client: channels as usize,
            tenants,
        };
        Ok((configuration, secrets.warnings))
    }
}

fn listen(section: &mut Section, default: &str) -> Result<SocketAddr, ConfigurationProblem> {
    let text = section.text("listen")?.unwrap_or_else(|| default.to_owned());
    let name = section.name("listen");
    let Ok(address) = text.parse::<SocketAddr>() else {
        let problem = "has to be an IP address and a port, such as 127.0.0.1:8080";
        return Err(ConfigurationProblem::new(name, problem));
    };
    if !address.ip().is_loopback() {
        let problem = "is no loopback address; TLS is not built in yet: listen on loopback and \
                       put a TLS proxy before it";
        return Err(ConfigurationProblem::new(name, problem));
    }
    Ok(address)
}

fn tenant(
    mut section: Section,
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
    section: &Section,
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
    section: &mut Section,
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

fn segment(section: &mut Section, key: &str) -> Result<String, ConfigurationProblem> {
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
