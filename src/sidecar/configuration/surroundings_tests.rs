//! What a configuration refers to, and what the environment overrides in it.

use std::{collections::BTreeMap, io, path::Path};

use super::*;
use crate::surroundings::ReadFile;

/// Surroundings with these variables and files, and with the two credentials that each
/// configuration needs.
#[derive(Default)]
struct Given {
    variables: BTreeMap<String, String>,
    files: BTreeMap<&'static str, (Vec<u8>, bool)>,
}

impl Given {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn with_file(mut self, path: &'static str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path, (content.into(), false));
        self
    }

    fn open_to_others(mut self) -> Self {
        self.files.values_mut().for_each(|(_, is_open_to_others)| *is_open_to_others = true);
        self
    }

    fn parse(&self, text: &str) -> Result<(Configuration, Vec<String>), String> {
        match Configuration::parse(text, self) {
            Ok((configuration, warnings)) => {
                Ok((configuration, warnings.iter().map(ToString::to_string).collect()))
            }
            Err(problem) => Err(problem.to_string()),
        }
    }

    fn read(&self, text: &str) -> Configuration {
        self.parse(text).unwrap().0
    }

    fn error(&self, text: &str) -> String {
        self.parse(text).unwrap_err()
    }
}

impl Surroundings for Given {
    fn variable(&self, name: &str) -> Option<String> {
        let credential = format!("{name}-0123456789abcdef0123456789abcdef");
        let is_needed = matches!(name, "BATON_DELIVERY_CREDENTIAL" | "BATON_ADMIN_CREDENTIAL");
        self.variables.get(name).cloned().or_else(|| is_needed.then_some(credential))
    }

    fn variable_names(&self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }

    fn file(&self, path: &Path, most: u64) -> io::Result<ReadFile> {
        let found = path.to_str().and_then(|path| self.files.get(path));
        let (content, is_open_to_others) = found.ok_or(io::ErrorKind::NotFound)?;
        let content = content.iter().copied().take(most as usize).collect();
        Ok(ReadFile { content, is_open_to_others: *is_open_to_others })
    }
}

const TENANT: &str = "[[tenants]]
    account_id = 'acme'
    project_id = 'support'
    client_env = 'live'
    integration_id = 'i1'
    connector_tokens = [{ env = 'TOKEN' }]
    hosts = ['www.example.com']
";

fn with_token() -> Given {
    Given::default().with("TOKEN", "token-0123456789abcdef0123456789abcdef")
}

#[test]
fn a_value_of_each_kind_may_stand_in_a_variable_or_in_a_file() {
    let given = with_token()
        .with("LISTEN", "127.0.0.1:1")
        .with("NAME", "preferred")
        .with("CLIENT_SECRET", "shh")
        .with_file("/most", "7\n")
        .with_file("/picture", "true")
        .with_file("/proxies", "[\n  '10.0.0.0/8', # ours\n  '::1',\n]\n")
        .with_file("/host", "a.example");
    let text = format!(
        "[chat]
        listen = {{ env = 'LISTEN' }}
        most_sockets = {{ file = '/most' }}
        trusted_proxies = {{ file = '/proxies' }}
        {}
        [tenants.genesys]
        region = 'mypurecloud.de'
        client_id = 'client'
        client_secret = {{ env = 'CLIENT_SECRET' }}
        [tenants.genesys.handoff]
        agent_name = {{ env = 'NAME' }}
        agent_picture = {{ file = '/picture' }}",
        TENANT.replace("'www.example.com'", "{ file = '/host' }, 'b.example'")
    );
    let configuration = given.read(&text);
    assert_eq!(configuration.chat_listen.to_string(), "http://127.0.0.1:1");
    assert_eq!(configuration.chat_allowance.most_sockets, 7);
    assert_eq!(configuration.chat_allowance.trusted_proxies.len(), 2);
    let tenant = &configuration.tenants[0];
    assert_eq!(tenant.hosts, ["a.example", "b.example"].map(|host| Host::parse(host).unwrap()));
    let genesys = tenant.genesys.as_ref().unwrap();
    assert_eq!(genesys.credentials.client_secret.expose(), "shh");
    assert_eq!(genesys.handoff.agent_name, AgentName::Preferred);
    assert!(genesys.handoff.agent_picture);
}

#[test]
fn one_newline_at_the_end_of_a_file_is_no_part_of_its_value() {
    let path = |content: &str| {
        let given = Given::default().with_file("/path", content);
        given.read("store.path = { file = '/path' }").store_path
    };
    assert_eq!(path("a"), Path::new("a"));
    assert_eq!(path("a\n"), Path::new("a"));
    assert_eq!(path("a \n\n"), Path::new("a \n"));
}

#[test]
fn a_reference_that_leads_to_nothing_names_its_key_and_where_it_leads() {
    let large = vec![b'a'; 64 * 1024 + 1];
    let given = Given::default()
        .with("EMPTY", "")
        .with_file("/empty", "\n")
        .with_file("/large", large.clone())
        .with_file("/not-quite", &large[1..])
        .with_file("/bytes", [0xff]);
    for (reference, expected) in [
        ("{ env = 'UNSET' }", "store.path needs the environment variable UNSET; set it"),
        ("{ env = 'EMPTY' }", "store.path needs the environment variable EMPTY, which is empty"),
        ("{ file = '/unread' }", "store.path needs the file /unread, which cannot be read"),
        ("{ file = '/empty' }", "store.path needs the file /empty, which is empty"),
        ("{ file = '/large' }", "store.path needs the file /large, which is larger than 65536"),
        ("{ file = '/bytes' }", "store.path needs the file /bytes, which holds no text"),
        ("{ file = 'relative' }", "store.path.file has to be the absolute path of a file"),
        ("{ env = 'a name' }", "store.path.env has to be the name of an environment variable"),
        ("{ env = 'A', file = '/b' }", "store.path has to be a text"),
        ("{ sha256 = 'a' }", "store.path has to be a text"),
    ] {
        let error = given.error(&format!("store.path = {reference}"));
        assert!(error.starts_with(&format!("configuration: {expected}")), "{error}");
    }
    given.read("store.path = { file = '/not-quite' }");
}

#[test]
fn a_value_that_cannot_be_used_is_not_repeated_but_where_it_comes_from_is() {
    let given = Given::default().with("WRONG", "hunter2").with_file("/wrong", "['a', hunter2]");
    for (line, expected) in [
        (
            "chat.listen = { env = 'WRONG' }",
            "chat.listen (from the environment variable WRONG) has",
        ),
        ("chat.most_sockets = { env = 'WRONG' }", "chat.most_sockets (from the environment"),
        (
            "chat.trusted_proxies = { file = '/wrong' }",
            "chat.trusted_proxies (from the file /wrong)",
        ),
        (
            "internal.admin_credentials = { file = '/wrong' }",
            "internal.admin_credentials (from the",
        ),
    ] {
        let error = given.error(line);
        assert!(error.starts_with(&format!("configuration: {expected}")), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = given.error("chat = { env = 'WRONG' }");
    assert!(error.contains("chat.env is not a key"), "{error}");
}

#[test]
fn a_secret_may_stand_in_a_file_which_others_should_not_read() {
    let given = Given::default()
        .with_file("/token", "token-0123456789abcdef0123456789abcdef\n")
        .with_file("/admins", "['one-0123456789abcdef', 'two-0123456789abcdef0123456789abcdef']");
    let text = format!(
        "internal.admin_credentials = {{ file = '/admins' }}\n{}",
        TENANT.replace("env = 'TOKEN'", "file = '/token'")
    );
    let (configuration, warnings) = given.parse(&text).unwrap();
    let token = SecretDigest::of(b"token-0123456789abcdef0123456789abcdef");
    assert!(token.is_one_of(&configuration.tenants[0].connector_tokens));
    assert_eq!(configuration.admin_credentials.len(), 2);
    let [short] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(short.contains("from the file /admins, which is shorter than 32"), "{short}");

    let (_, warnings) = given.open_to_others().parse(&text).unwrap();
    let open: Vec<&String> = warnings.iter().filter(|text| text.contains("may get at")).collect();
    assert_eq!(open.len(), 2, "{warnings:?}");
    assert!(
        open[1].contains("tenants[0].connector_tokens[0] takes its secret from the file /token")
    );
}

#[test]
fn a_secret_with_a_blank_at_an_end_is_warned_of() {
    let given = Given::default()
        .with("TOKEN", "token-0123456789abcdef0123456789abcdef\n")
        .with_file("/admins", "[' one-0123456789abcdef0123456789abcdef']");
    let text = format!("internal.admin_credentials = {{ file = '/admins' }}\n{TENANT}");
    let (_, warnings) = given.parse(&text).unwrap();
    let [admin, token] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(admin.contains("admin_credentials (from the file /admins)[0] takes its"), "{admin}");
    let expected = "from the environment variable TOKEN, which begins or ends with a blank";
    assert!(token.contains(expected), "{token}");
    assert!(!token.contains("0123456789abcdef"), "{token}");
}

#[test]
fn a_text_that_looks_like_a_reference_is_not_taken_for_the_value() {
    for (line, key) in [
        ("store.path = 'env:STORE'", "store.path"),
        ("store.path = 'file:/run/secrets/path'", "store.path"),
        ("application.frame_ancestors = ['env:PAGES']", "application.frame_ancestors[0]"),
    ] {
        let error = Given::default().error(line);
        let expected = format!("configuration: {key} looks like a reference");
        assert!(error.starts_with(&expected), "{error}");
    }
    Given::default().read("store.path = 'env: mine.db'");
}

#[test]
fn a_secret_that_has_to_be_known_is_given_by_no_digest() {
    let digest = "0".repeat(64);
    let text = format!(
        "{TENANT}[tenants.genesys]\nregion = 'mypurecloud.de'\nclient_id = 'client'\n\
         client_secret = {{ sha256 = '{digest}' }}"
    );
    let error = with_token().error(&text);
    assert!(error.contains("client_secret has to be { env"), "{error}");
}

#[test]
fn the_environment_overrides_what_the_file_says_and_adds_what_it_leaves_out() {
    let given = with_token()
        .with("BATON__CHAT__LISTEN", "127.0.0.1:1")
        .with("BATON__SESSIONS__IDLE_SECONDS", "5")
        .with("BATON__TENANTS__0__CLIENT_ENV", "draft")
        .with("BATON__TENANTS__0__HOSTS__1", "b.example")
        .with("BATON__TENANTS__0__BOT__BUILTIN", "true");
    let configuration = given.read(&format!("chat.listen = '127.0.0.1:2'\n{TENANT}"));
    assert_eq!(configuration.chat_listen.to_string(), "http://127.0.0.1:1");
    assert_eq!(configuration.sessions.idle.as_secs(), 5);
    let tenant = &configuration.tenants[0];
    assert_eq!(tenant.key.to_string(), "acme/support/draft");
    assert_eq!(tenant.hosts.len(), 2);
    assert!(matches!(tenant.bot.as_ref().unwrap().answers, BotKind::Builtin));
}

#[test]
fn a_whole_tenant_may_come_from_the_environment() {
    let tenant = |given: Given, place: usize, name: &str| {
        let key = |key: &str| format!("BATON__TENANTS__{place}__{key}");
        given
            .with(&key("ACCOUNT_ID"), name)
            .with(&key("PROJECT_ID"), "support")
            .with(&key("CLIENT_ENV"), "live")
            .with(&key("INTEGRATION_ID"), name)
            .with(&key("CONNECTOR_TOKENS__0"), &format!("{name}-0123456789abcdef0123456789abcdef"))
            .with(&key("HOSTS"), "['www.example.com']")
    };
    let all = (1..12).fold(with_token(), |given, place| tenant(given, place, &format!("t{place}")));
    let keys: Vec<String> =
        all.read(TENANT).tenants.iter().map(|tenant| tenant.key.to_string()).collect();
    assert_eq!(keys.len(), 12);
    assert_eq!(keys[10], "t10/support/live");

    let error = tenant(with_token(), 2, "t").error(TENANT);
    let expected = "configuration: BATON__TENANTS__2__ACCOUNT_ID leaves out a place of its list; \
                    the next free one is 1";
    assert_eq!(error, expected);
}

#[test]
fn a_variable_that_names_no_key_is_named() {
    for variable in [
        "BATON__",
        "BATON____",
        "BATON__CHAT",
        "BATON__CHAT__",
        "BATON__CHAT__LISSTEN",
        "BATON__chat__listen",
        "BATON__CHAT_LISTEN",
        "BATON__CHAT__LISTEN__0",
        "BATON__CHAT__LISTEN__PORT",
        "BATON__CHATT__LISTEN",
        "BATON__CHAT__0",
        "BATON__0",
        "BATON__TENANTS",
        "BATON__TENANTS__0",
        "BATON__TENANTS__ACCOUNT_ID",
        "BATON__TENANTS__0__BOTT__URL",
        "BATON__TENANTS__0__BOT",
        "BATON__TENANTS__0__CONNECTOR_TOKENS__0__ENV",
        "BATON__TENANTS__0__CONNECTOR_TOKENS__0__FILE",
        "BATON__TENANTS__0__HOSTS__0__FILE",
        "BATON__TENANTS__99999999999999999999__HOSTS",
        &format!("BATON__{}", "A__".repeat(10_000)),
    ] {
        let text = format!("chat.listen = '127.0.0.1:0'\n{TENANT}");
        let error = with_token().with(variable, "hunter2").error(&text);
        let expected = format!("configuration: {variable} names no key of the configuration");
        assert!(error.starts_with(&expected), "{error}");
    }
    with_token().with("BATON_OTHER", "b").with("BATON_LOG", "info").read(TENANT);
}
