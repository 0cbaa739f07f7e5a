//! The configuration: what it holds, and how it is read.

use std::{net::SocketAddr, path::PathBuf};

use baton_chat::{Host, SecretDigest};
use baton_core::tenant::{TenantKey, is_segment};

use crate::{secret::Secrets, section::Section};

/// The default configuration with every key explained: the reference of the configuration.
pub const fn default_configuration() -> &'static str {
    include_str!("baton.default.toml")
}

/// What a sidecar is told from outside.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Where chat clients connect: a loopback address.
    pub chat_listen: SocketAddr,
    /// Where the edge delivers and operators ask: a loopback address.
    pub internal_listen: SocketAddr,
    /// What the edge shows when it delivers.
    pub delivery_credentials: Vec<SecretDigest>,
    /// What an operator shows.
    pub admin_credentials: Vec<SecretDigest>,
    /// The file of the store.
    pub store_path: PathBuf,
    /// Whose chats are served.
    pub tenants: Vec<Tenant>,
}

/// A tenant's part of the configuration.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Whose it is.
    pub key: TenantKey<'static>,
    /// The Open Messaging integration that belongs to it.
    pub integration_id: String,
    /// By which tokens chat clients come in.
    pub connector_tokens: Vec<SecretDigest>,
    /// From where chat clients come.
    pub hosts: Vec<Host>,
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
        if share_one(&delivery_credentials, &admin_credentials) {
            return Err(ConfigurationProblem::new(
                internal.name("admin_credentials"),
                "holds a delivery credential; take one of its own",
            ));
        }
        internal.finish()?;

        let mut store = document.section("store")?;
        let store_path = store.text("path")?.unwrap_or_else(|| "baton.db".to_owned());
        if store_path.is_empty() {
            return Err(ConfigurationProblem::new("store.path", "is empty; name a file"));
        }
        store.finish()?;

        let mut tenants = Vec::new();
        for section in document.sections("tenants")? {
            let tenant = tenant(section, &mut secrets, &tenants)?;
            tenants.push(tenant);
        }
        document.finish()?;
        if tenants.is_empty() {
            let problem = "holds no tenant, so nobody can connect; add one";
            secrets.warnings.push(ConfigurationProblem::new("tenants", problem));
        }
        let configuration = Self {
            chat_listen,
            internal_listen,
            delivery_credentials,
            admin_credentials,
            store_path: store_path.into(),
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
    let integration_id = section.needed_text("integration_id")?;
    if integration_id.is_empty() {
        return Err(ConfigurationProblem::new(section.name("integration_id"), "is empty; fill it"));
    }
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
        if share_one(&other.connector_tokens, &connector_tokens) {
            let problem = format!("holds a token of the tenant {}; give each its own", other.key);
            return Err(ConfigurationProblem::new(section.name("connector_tokens"), problem));
        }
    }
    section.finish()?;
    Ok(Tenant { key, integration_id, connector_tokens, hosts })
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

fn share_one(some: &[SecretDigest], others: &[SecretDigest]) -> bool {
    some.iter().any(|digest| digest.is_one_of(others))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    /// Credentials, and one tenant to which a line may be added.
    fn with(internal: &str, tenant: &str) -> String {
        format!(
            r#"
[internal]
{internal}

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "integration-1"
connector_tokens = [{{ env = "TOKEN" }}]
{tenant}
"#
        )
    }

    fn environment(name: &str) -> Option<String> {
        match name {
            "BATON_DELIVERY_CREDENTIAL" => Some(format!("delivery-{LONG}")),
            "BATON_ADMIN_CREDENTIAL" => Some(format!("admin-{LONG}")),
            "TOKEN" | "ACME_CONNECTOR_TOKEN" => Some(LONG.to_owned()),
            "MIDDLING" => Some("a-middling-secret".to_owned()),
            "SHORT" => Some("short-secret".to_owned()),
            _ => None,
        }
    }

    fn error(text: &str) -> String {
        let error = Configuration::parse(text, &environment).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    }

    #[test]
    fn the_default_configuration_is_what_an_empty_one_means() {
        let (default, warnings) =
            Configuration::parse(default_configuration(), &environment).unwrap();
        let (empty, _) = Configuration::parse("", &environment).unwrap();
        assert_eq!(default.chat_listen, empty.chat_listen);
        assert_eq!(default.internal_listen, empty.internal_listen);
        assert_eq!(default.store_path, empty.store_path);
        let same = |one: &[SecretDigest], other: &[SecretDigest]| share_one(one, other);
        assert!(same(&default.delivery_credentials, &empty.delivery_credentials));
        assert!(same(&default.admin_credentials, &empty.admin_credentials));
        let warnings: Vec<String> = warnings.iter().map(ConfigurationProblem::to_string).collect();
        assert_eq!(
            warnings,
            ["configuration: tenants holds no tenant, so nobody can connect; add one"]
        );
    }

    #[test]
    fn the_tenant_that_the_default_configuration_shows_can_be_used() {
        let (before, example) = default_configuration().split_once("# [[tenants]]").unwrap();
        let example: Vec<&str> =
            example.lines().map(|line| line.strip_prefix("# ").unwrap_or("")).collect();
        let text = format!("{before}[[tenants]]\n{}", example.join("\n"));
        let (configuration, warnings) = Configuration::parse(&text, &environment).unwrap();
        assert_eq!(warnings, []);
        let [tenant] = configuration.tenants.as_slice() else { panic!("one tenant") };
        assert_eq!(tenant.key.to_string(), "acme/support/live");
        assert_eq!(tenant.hosts.len(), 2);
    }

    #[test]
    fn each_error_is_one_line_that_names_the_key_and_what_to_do() {
        let hex = "0".repeat(64);
        for (text, expected) in [
            ("[chat]\nlisten = ".to_owned(), "line 2 is not valid TOML"),
            ("[chat]\nlisten = 1".to_owned(), "chat.listen has to be a text"),
            ("[chat]\nlisten = 'localhost:1'".to_owned(), "chat.listen has to be an IP address"),
            (
                "[chat]\nlisten = '0.0.0.0:8080'".to_owned(),
                "chat.listen is no loopback address; TLS is not built in yet: listen on \
                 loopback and put a TLS proxy before it",
            ),
            ("[chat]\nlissten = ''".to_owned(), "chat.lissten is not a key"),
            ("[chatt]".to_owned(), "chatt is not a key"),
            ("chat = 1".to_owned(), "chat has to be a section"),
            ("[store]\npath = ''".to_owned(), "store.path is empty"),
            (
                with("delivery_credentials = []", ""),
                "internal.delivery_credentials has to hold one or two",
            ),
            (
                with("delivery_credentials = [{ env = 'UNSET' }]", ""),
                "internal.delivery_credentials[0] needs the environment variable UNSET; set it",
            ),
            (
                with("delivery_credentials = [{ env = 'SHORT' }]", ""),
                "internal.delivery_credentials[0] takes its secret from SHORT, which is shorter \
                 than 16 characters",
            ),
            (
                with("delivery_credentials = [{ sha256 = 'abc' }]", ""),
                "internal.delivery_credentials[0].sha256 has to hold 64",
            ),
            (
                with(&format!("admin_credentials = [{{ sha256 = '{hex}', env = 'X' }}]"), ""),
                "internal.admin_credentials[0] has to be { env",
            ),
            (
                with("admin_credentials = [{ env = 'BATON_DELIVERY_CREDENTIAL' }]", ""),
                "internal.admin_credentials holds a delivery credential",
            ),
            ("[[tenants]]".to_owned(), "tenants[0].account_id is missing"),
            (
                "[[tenants]]\naccount_id = 'a/b'".to_owned(),
                "tenants[0].account_id has to be 1 to 64",
            ),
            (with("", "hosts = ['https://']"), "tenants[0].hosts[0] names no host"),
            (with("", "host = 'a'"), "tenants[0].host is not a key"),
            (
                format!("{}{}", with("", ""), with("", "").replace("[internal]", "")),
                "tenants[1].account_id names a tenant that an earlier section names",
            ),
            (
                with("", "") + &with("", "").replace("[internal]", "").replace("acme", "other"),
                "tenants[1].connector_tokens holds a token of the tenant acme/support/live",
            ),
        ] {
            let error = error(&text);
            assert!(error.starts_with(&format!("configuration: {expected}")), "{error}");
        }
    }

    #[test]
    fn invariant_10_a_secret_in_the_wrong_place_is_not_repeated() {
        let secret = "Sup3r-secret-value";
        for value in [
            format!("'{secret}'"),
            format!("['{secret}']"),
            format!("[{{ env = '{secret}' }}]"),
            format!("[{{ sha256 = '{secret}' }}]"),
            format!("[{{ secret = '{secret}' }}]"),
            secret.to_owned(),
        ] {
            let text = format!("[internal]\ndelivery_credentials = {value}");
            assert!(!error(&text).contains(secret));
        }
        let (configuration, _) = Configuration::parse(&with("", ""), &environment).unwrap();
        assert!(!format!("{configuration:?}").contains(LONG));
    }

    #[test]
    fn what_is_weak_but_works_is_warned_of() {
        let text = with("admin_credentials = [{ env = 'MIDDLING' }]", "hosts = []");
        let (_, warnings) = Configuration::parse(&text, &environment).unwrap();
        let warnings: Vec<String> = warnings.iter().map(ConfigurationProblem::to_string).collect();
        let [credential, hosts] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(credential.contains("internal.admin_credentials[0]"), "{credential}");
        assert!(hosts.contains("tenants[0].hosts is empty"), "{hosts}");
    }

    #[test]
    fn a_secret_and_its_digest_mean_the_same() {
        let hex: String = SecretDigest::of(format!("delivery-{LONG}").as_bytes())
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let text = with(&format!("delivery_credentials = [{{ sha256 = '{hex}' }}]"), "");
        let (by_digest, _) = Configuration::parse(&text, &environment).unwrap();
        let (by_secret, _) = Configuration::parse(&with("", ""), &environment).unwrap();
        assert!(share_one(&by_digest.delivery_credentials, &by_secret.delivery_credentials));
    }
}
