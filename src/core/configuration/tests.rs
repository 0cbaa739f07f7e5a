//! The document, member by member.

use super::*;
use alloc::string::ToString;

const GOOD: &str = r#"{
    "upstream": {"credential": {"env": "CREDENTIAL"}},
    "tenants": [{
        "account_id": "acme", "project_id": "shop", "client_env": "live",
        "signature_secrets": [{"env": "SECRET"}, {"env": "OLD_SECRET"}],
        "api_keys": [{"env": "KEY"}]
    }]
}"#;

fn environment(name: &str) -> Option<String> {
    match name {
        "CREDENTIAL" | "SECRET" | "KEY" => Some("0123456789abcdef0123456789abcdef".into()),
        "OLD_SECRET" => Some("0123456789abcdef".into()),
        "SHORT" => Some("0123456789abcde".into()),
        "BLANKS" => Some("0123456789abcdef 0123456789abcdef".into()),
        _ => None,
    }
}

fn parse(document: &str) -> Result<Configuration> {
    Configuration::parse(document.as_bytes(), &environment)
}

#[test]
fn a_short_document_gets_the_defaults() {
    let configuration = parse(GOOD).unwrap();
    assert_eq!(configuration.max_body_bytes, 524_288);
    assert_eq!(configuration.upstream.path, "/internal/v1/deliveries");
    assert_eq!(configuration.path_prefixes.len(), 2);
    assert_eq!(configuration.bot_messages, BotMessages::Drop);
    let envoy =
        Envoy { hold: EnvoyHold::Pause, look_up_cluster: None, duplicates: Duplicates::Answer };
    assert_eq!(configuration.envoy, envoy);
    assert!(configuration.tenants.contains_key(&TenantKey::new("acme", "shop", "live")));
}

#[test]
fn a_secret_under_32_characters_is_warned_about_by_its_place() {
    let warnings = parse(GOOD).unwrap().warnings;
    assert_eq!(
        warnings,
        ["tenants[0].signature_secrets[1]: the secret has 16 characters: 32 or more are advised"]
    );
}

#[test]
fn an_error_names_the_member_and_what_to_do() {
    let replaced = |from: &str, to: &str| {
        let document = GOOD.replace(from, to);
        assert_ne!(document, GOOD, "{from}");
        parse(&document).expect_err(to).to_string()
    };
    let cases = [
        (
            "SECRET\"}, {\"env\": \"OLD_SECRET",
            "SHORT",
            "tenants[0].signature_secrets[0]: the secret has 15 characters: it needs at least 16",
        ),
        (
            "\"SECRET\"",
            "\"UNSET\"",
            "tenants[0].signature_secrets[0].env: there is no environment variable of this name",
        ),
        (
            "{\"env\": \"SECRET\"}",
            "\"0123456789abcdef\"",
            "tenants[0].signature_secrets[0]: a secret must not stand in this document",
        ),
        ("{\"env\": \"SECRET\"}", "7", "tenants[0].signature_secrets[0]: it has to be an object"),
        (
            "[{\"env\": \"SECRET\"}, {\"env\": \"OLD_SECRET\"}]",
            "[]",
            "tenants[0]: signature_secrets has to name at least one secret",
        ),
        ("\"acme\"", "\"a/b\"", "tenants[0].account_id: it stands in a path"),
        ("\"acme\"", "true", "tenants[0].account_id: it has to be a string"),
        ("\"account_id\"", "\"acount_id\"", "tenants[0].acount_id: there is no such member"),
        ("\"account_id\": \"acme\",", "", "tenants[0].account_id: it is missing"),
        ("\"CREDENTIAL\"", "\"BLANKS\"", "upstream.credential: it goes into a header"),
        (
            "[{\"env\": \"KEY\"}]",
            "[]",
            "tenants[0].api_keys: it has to name one key, or two while they are rotated",
        ),
        (
            "[{\"env\": \"KEY\"}]",
            "[{\"env\": \"KEY\"}, {\"env\": \"SECRET\"}, {\"env\": \"CREDENTIAL\"}]",
            "tenants[0].api_keys: it has to name one key, or two while they are rotated",
        ),
        (
            "\"KEY\"",
            "\"SHORT\"",
            "tenants[0].api_keys[0]: the secret has 15 characters: it needs at least 16",
        ),
        ("\"KEY\"", "\"BLANKS\"", "tenants[0].api_keys[0]: it goes into a header"),
        (
            "{\"env\": \"KEY\"}",
            "\"0123456789abcdef\"",
            "tenants[0].api_keys[0]: a secret must not stand in this document",
        ),
        (
            "\"upstream\": {",
            "\"upstream\": {\"path\": \"/webhooks/genesys/x\",",
            "upstream.path: one of path_prefixes lies under it",
        ),
        (
            "\"upstream\": {",
            "\"max_body_bytes\": 0, \"upstream\": {",
            "max_body_bytes: it has to be from 1 to 16777216",
        ),
        (
            "\"upstream\": {",
            "\"bot_messages\": \"keep\", \"upstream\": {",
            "bot_messages: it has to be one of drop, forward",
        ),
        (
            "\"account_id\"",
            "\"bot_messages\": \"keep\", \"account_id\"",
            "tenants[0].bot_messages: it has to be one of drop, forward",
        ),
        (
            "\"account_id\"",
            "\"max_body_bytes\": 524289, \"account_id\"",
            "tenants[0].max_body_bytes: it has to be from 1 to 524288",
        ),
        (
            "\"upstream\": {",
            "\"path_prefixes\": [\"/a/\"], \"upstream\": {",
            "path_prefixes[0]: it has to begin with a slash",
        ),
        (
            "\"upstream\": {",
            "\"envoy\": {\"hold\": \"host\"}, \"upstream\": {",
            "envoy.hold: it has to be one of pause, buffer_filter",
        ),
        (
            "\"upstream\": {",
            "\"envoy\": {\"look_up_cluster\": \"\"}, \"upstream\": {",
            "envoy.look_up_cluster: it has to name a cluster of Envoy's configuration",
        ),
        (
            "\"upstream\": {",
            "\"envoy\": {\"duplicates\": \"drop\"}, \"upstream\": {",
            "envoy.duplicates: it has to be one of answer, forward",
        ),
        (
            "\"upstream\": {",
            "\"unlisted_tenants\": \"look_up\", \"upstream\": {",
            "look_up: it is missing, and unlisted_tenants is \"look_up\"",
        ),
        (
            "\"upstream\": {",
            "\"look_up\": {\"credential\": {\"env\": \"KEY\"}, \"fresh_seconds\": 0}, \"upstream\": {",
            "look_up.fresh_seconds: it has to be from 1 to 604800",
        ),
        (
            "\"upstream\": {",
            "\"look_up\": {\"credential\": {\"env\": \"KEY\"}, \"stale_seconds\": 59}, \"upstream\": {",
            "look_up: stale_seconds has to be fresh_seconds or more",
        ),
    ];
    for (from, to, expected) in cases {
        let message = replaced(from, to);
        let expected = format!("edge configuration: {expected}");
        assert!(message.starts_with(&expected), "{message}\n{expected}");
    }
    assert_eq!(
        parse("{").unwrap_err().to_string(),
        "edge configuration: the document: it is not JSON"
    );
    assert!(parse("[]").unwrap_err().to_string().contains("the document: it has to be an object"));
    let twice = GOOD.replace("}]\n    }]", "}]\n    }, {\"account_id\": \"acme\", \"project_id\": \"shop\", \"client_env\": \"live\", \"signature_secrets\": [{\"env\": \"SECRET\"}]}]");
    assert!(
        parse(&twice)
            .unwrap_err()
            .to_string()
            .contains("tenants[1]: the same tenant is listed above")
    );
}

#[test]
fn a_tenant_may_have_a_policy_of_its_own_and_the_others_have_that_of_all() {
    let other = r#"}, {
        "account_id": "acme", "project_id": "desk", "client_env": "live",
        "bot_messages": "forward", "max_body_bytes": 1000,
        "signature_secrets": [{"env": "SECRET"}]
    }]"#;
    let configuration = parse(&GOOD.replace("}]\n    }]", &alloc::format!("}}]\n    {other}")));
    let configuration = configuration.unwrap();
    let policy = |project| {
        let tenant = &configuration.tenants[&TenantKey::new("acme", project, "live")];
        (configuration.bot_messages_of(tenant), tenant.policy.max_body_bytes)
    };
    assert_eq!(policy("shop"), (BotMessages::Drop, None));
    assert_eq!(policy("desk"), (BotMessages::Forward, Some(1000)));
}

#[test]
fn secrets_may_stand_in_the_document_only_when_that_is_asked_for() {
    let inline = GOOD
        .replace("{\"env\": \"SECRET\"}", "\"0123456789abcdef0123456789abcdef\"")
        .replacen('{', "{\"dangerous_inline_secrets\": true,", 1);
    let configuration = parse(&inline).unwrap();
    assert!(configuration.warnings[0].starts_with("dangerous_inline_secrets: "));
}

#[test]
fn invariant_10_a_configuration_does_not_show_its_secrets() {
    let shown = format!("{:?}", parse(GOOD).unwrap());
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn the_variables_that_a_document_names_are_found_before_it_is_read() {
    let mut names = Configuration::secrets(GOOD.as_bytes());
    names.sort();
    assert_eq!(names, ["CREDENTIAL", "KEY", "OLD_SECRET", "SECRET"]);
    assert!(Configuration::secrets(b"{").is_empty());
}
