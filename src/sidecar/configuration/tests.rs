//! What a configuration may hold, and what is said of one that is wrong.

use std::time::Duration;

use baton_handoff::QueueRef;

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
        "ACME_SIGNATURE_SECRET" => Some(format!("signature-{LONG}")),
        "GENESYS_SECRET" | "ACME_GENESYS_SECRET" => Some(format!("genesys-{LONG}")),
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
    let (default, warnings) = Configuration::parse(default_configuration(), &environment).unwrap();
    let (empty, _) = Configuration::parse("", &environment).unwrap();
    assert_eq!(default.chat_listen, empty.chat_listen);
    assert_eq!(default.chat_allowance, empty.chat_allowance);
    assert_eq!(default.internal_listen, empty.internal_listen);
    assert_eq!(default.edge, empty.edge);
    assert_eq!(default.observation_listen, empty.observation_listen);
    assert_eq!(default.drain, empty.drain);
    assert!(default.look_up_credentials.is_empty());
    assert_eq!(default.application, empty.application);
    assert_eq!(default.store_path, empty.store_path);
    assert_eq!(default.sessions, empty.sessions);
    assert_eq!(default.sessions, SessionOptions::default());
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
    assert_eq!(tenant.edge.as_ref().unwrap().signature_secrets.len(), 1);
    let genesys = tenant.genesys.as_ref().unwrap();
    assert_eq!(genesys.handoff, HandoffOptions::default());
}

#[test]
fn how_much_chat_clients_may_ask_for_is_read() {
    let text = "[chat]
        trusted_proxies = []
        requests_per_minute_per_address = 1
        frames_per_minute_per_session = 2
        most_sockets = 3
        most_sockets_per_address = 4";
    let allowance = Configuration::parse(text, &environment).unwrap().0.chat_allowance;
    assert_eq!(allowance.trusted_proxies, []);
    assert_eq!(allowance.requests_per_minute_per_address.get(), 1);
    assert_eq!(allowance.frames_per_minute_per_session.get(), 2);
    assert_eq!(allowance.most_sockets, 3);
    assert_eq!(allowance.most_sockets_per_address, Some(4));
    for (line, expected) in [
        ("most_sockets = 0", "chat.most_sockets has to be a whole number from 1 to 1000000"),
        ("trusted_proxies = '10.0.0.0/8'", "chat.trusted_proxies has to be a list of texts"),
        ("trusted_proxies = ['proxy']", "chat.trusted_proxies[0] has to be an IP address"),
        ("trusted_proxies = [7]", "chat.trusted_proxies[0] has to be a text"),
    ] {
        let error = error(&format!("[chat]\n{line}"));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn when_sessions_end_by_themselves_is_read() {
    let text = "[sessions]
        idle_seconds = 1
        heartbeats_alone_seconds = 2
        retention_days = 3";
    let sessions = Configuration::parse(text, &environment).unwrap().0.sessions;
    let retention = Some(Duration::from_hours(3 * 24));
    let [idle, heartbeats_alone] = [1, 2].map(Duration::from_secs);
    assert_eq!(sessions, SessionOptions { idle, heartbeats_alone, retention });
    let kept = "[sessions]\nretention_days = 0";
    assert_eq!(Configuration::parse(kept, &environment).unwrap().0.sessions.retention, None);
    let error = error("[sessions]\nidle_seconds = 0");
    assert!(error.contains("sessions.idle_seconds has to be a whole number from 1"), "{error}");
}

#[test]
fn what_reassures_a_user_is_read() {
    let reassurance = |lines: &str| {
        let text = with_genesys(&format!("[tenants.genesys.handoff]\n{lines}"));
        let (mut configuration, _) = Configuration::parse(&text, &environment).unwrap();
        configuration.tenants.remove(0).genesys.unwrap().handoff.reassurance
    };
    assert_eq!(reassurance(""), Some(Reassurance::default()));
    assert_eq!(reassurance("reassure_after_seconds = 0"), None);
    let read = reassurance("reassure_after_seconds = 7\nreassurance_in_queue = 'Soon'").unwrap();
    assert_eq!((read.after, &*read.in_queue), (Duration::from_secs(7), "Soon"));
    assert_eq!(read.with_agent, Reassurance::default().with_agent);
}

fn with_genesys(genesys: &str) -> String {
    let access = "region = 'mypurecloud.de'\nclient_id = 'client'";
    let secret = "client_secret = { env = 'GENESYS_SECRET' }";
    with("", &format!("[tenants.genesys]\n{access}\n{secret}\n{genesys}"))
}

#[test]
fn a_tenant_reaches_genesys_by_region_or_by_address() {
    for (place, api) in [
        ("region = 'https://apps.mypurecloud.ie/x'", "https://api.mypurecloud.ie/"),
        ("base_url = 'http://127.0.0.1:9000'", "http://127.0.0.1:9000/"),
    ] {
        let text = with_genesys("").replace("region = 'mypurecloud.de'", place);
        let (configuration, _) = Configuration::parse(&text, &environment).unwrap();
        let genesys = configuration.tenants[0].genesys.as_ref().unwrap();
        assert_eq!(genesys.hosts.api().as_str(), api);
    }
}

#[test]
fn an_integration_by_name_needs_a_way_to_look_it_up() {
    let by_name = |text: String| {
        text.replace("integration_id = \"integration-1\"", "integration_name = \"Web chat\"")
    };
    let (configuration, _) =
        Configuration::parse(&by_name(with_genesys("")), &environment).unwrap();
    let integration = &configuration.tenants[0].integration;
    assert!(matches!(integration, IntegrationRef::Name(name) if name == "Web chat"));
    let error = error(&by_name(with("", "")));
    assert!(error.contains("tenants[0].integration_name is looked up at Genesys"), "{error}");
}

#[test]
fn two_queues_are_named_by_their_ids_or_their_names() {
    let id = "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5";
    let lines = format!("bot = 'Bot queue'\nagent = '{}'", id.to_uppercase());
    let text = with_genesys(&format!("[tenants.genesys.queues]\n{lines}"));
    let (configuration, _) = Configuration::parse(&text, &environment).unwrap();
    let queues = configuration.tenants[0].genesys.as_ref().unwrap().queues.as_ref().unwrap();
    assert_eq!(queues.bot, QueueRef::Name("Bot queue".to_owned()));
    assert_eq!(queues.agent, QueueRef::Id(id.to_owned()));
}

#[test]
fn what_is_wrong_with_the_genesys_half_is_said_in_one_line() {
    let handoff = |line: &str| with_genesys(&format!("[tenants.genesys.handoff]\n{line}"));
    let queues = |lines: &str| with_genesys(&format!("[tenants.genesys.queues]\n{lines}"));
    let second = |change: (&str, &str)| {
        let second = with_genesys("").replace("[internal]", "").replace("acme", "other");
        with_genesys("")
            + &second
                .replace("{ env = \"TOKEN\" }", "{ env = \"MIDDLING\" }")
                .replace(change.0, change.1)
    };
    for (text, expected) in [
        (
            with_genesys("").replace("mypurecloud.de", "https://"),
            "tenants[0].genesys.region cannot be used",
        ),
        (
            with_genesys("base_url = 'http://127.0.0.1:1'"),
            "tenants[0].genesys.base_url stands beside a region",
        ),
        (
            with_genesys("")
                .replace("region = 'mypurecloud.de'", "base_url = 'http://example.org'"),
            "tenants[0].genesys.base_url cannot be used",
        ),
        (with_genesys("").replace("'client'", "''"), "tenants[0].genesys.client_id is empty"),
        (
            with_genesys("").replace("GENESYS_SECRET", "UNSET"),
            "tenants[0].genesys.client_secret needs the environment variable UNSET",
        ),
        (with_genesys("regoin = ''"), "tenants[0].genesys.regoin is not a key"),
        (
            with_genesys("token_credentials = [{ env = 'BATON_ADMIN_CREDENTIAL' }]"),
            "tenants[0].genesys.token_credentials holds a secret of internal.admin_credentials",
        ),
        (
            with_genesys("handoff_credentials = [{ env = 'TOKEN' }]"),
            "tenants[0].genesys.handoff_credentials holds a secret of tenants[0].connector_tokens",
        ),
        (
            handoff("start = 'soon'"),
            "tenants[0].genesys.handoff.start has to be one of \"on_request\", \"first_message\"",
        ),
        (
            handoff("agent_picture = 'yes'"),
            "tenants[0].genesys.handoff.agent_picture has to be true",
        ),
        (
            handoff("reassure_after_seconds = 540"),
            "tenants[0].genesys.handoff.reassure_after_seconds has to be a whole number from 0 to",
        ),
        (
            handoff("reassurance_in_queue = ' '"),
            "tenants[0].genesys.handoff.reassurance_in_queue is empty, and clients drop",
        ),
        (
            handoff("abandon_after_seconds = 0"),
            "tenants[0].genesys.handoff.abandon_after_seconds has to be a whole number from 1 to",
        ),
        (
            handoff("in_queue_messages = 'some'"),
            "tenants[0].genesys.handoff.in_queue_messages has to be one of \"hide\", \"show\"",
        ),
        (queues("bot = 'Bots'"), "tenants[0].genesys.queues.agent is missing"),
        (queues("bot = ' '\nagent = 'Agents'"), "tenants[0].genesys.queues.bot is empty"),
        (
            queues("bot = 'Bots'\nagent = 'Bots '"),
            "tenants[0].genesys.queues.agent is the queue of",
        ),
        (
            second(("GENESYS_SECRET", "BATON_ADMIN_CREDENTIAL")),
            "tenants[1].genesys.client_secret is another than that of acme/support/live",
        ),
        (
            second(("integration-1", "integration-1")),
            "tenants[1].integration_id is the integration of the tenant acme/support/live",
        ),
        ("[genesys]\nchannels_per_client = 21".to_owned(), "genesys.channels_per_client has to be"),
    ] {
        let error = error(&text);
        assert!(error.starts_with(&format!("configuration: {expected}")), "{error}");
    }
    Configuration::parse(&second(("integration-1", "integration-2")), &environment).unwrap();
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
            "chat.listen is no loopback address, and others could read along; add the section \
             [chat.tls] with certificate and key, or listen on loopback",
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
            "internal.delivery_credentials[0] takes its secret from the environment variable \
                 SHORT, which is shorter than 16 characters",
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
            "internal.admin_credentials holds a secret of internal.delivery_credentials",
        ),
        ("[[tenants]]".to_owned(), "tenants[0].account_id is missing"),
        ("[[tenants]]\naccount_id = 'a/b'".to_owned(), "tenants[0].account_id has to be 1 to 64"),
        (with("", "hosts = ['https://']"), "tenants[0].hosts[0] names no host"),
        (with("", "host = 'a'"), "tenants[0].host is not a key"),
        (
            format!("{}{}", with("", ""), with("", "").replace("[internal]", "")),
            "tenants[1].account_id names a tenant that an earlier section names",
        ),
        (
            with("", "") + &with("", "").replace("[internal]", "").replace("acme", "other"),
            "tenants[1].connector_tokens holds a secret of tenants[0].connector_tokens",
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

#[test]
fn each_note_and_each_detail_of_a_person_can_be_turned_off() {
    let off = "joined_note = ''\nleft_note = ' '\nagent_name = 'hidden'\nagent_picture = false\n\
               user_profile = false\nin_queue_messages = 'hide'";
    let text = with_genesys(&format!("[tenants.genesys.handoff]\n{off}"));
    let (parsed, _) = Configuration::parse(&text, &environment).unwrap();
    let options = parsed.tenants[0].genesys.as_ref().unwrap().handoff.clone();
    assert_eq!((&options.joined_note, &options.left_note), (&None, &None));
    assert!(!options.user_profile && !options.wants_agent_details());
    assert_eq!(options.in_queue_messages, InQueueMessages::Hide);
}
