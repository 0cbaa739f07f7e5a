//! Tenants that stand in the store: served from the next start on.

use std::{fs, sync::Arc};

use baton_core::tenant::TenantKey;
use baton_sidecar::{Clock, Random, Secret, Store, TenantCommand};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    harness::{
        ADMIN_CREDENTIAL, DELIVERY_CREDENTIAL, OTHER_TOKEN, Running, TOKEN, store_path, text_of,
    },
    stored::{
        FILE, LOOK_UP_CREDENTIAL, MASTER_KEY, NEW_SECRET, OLD_SECRET, ROTATION, Served, TENANT,
        acme, agent_says, book, clock, document, opened, put, source, source_of,
    },
};

#[tokio::test]
async fn a_stored_tenant_serves_a_chat_from_its_webhook_to_its_client() {
    let served = Served::start().await;
    let chat = served.running.session().await;
    let mut socket = served.running.live_socket(&chat).await;
    let said = agent_says(&chat.end_user_id, "m1", "Good morning!");
    assert_eq!(served.webhook(OLD_SECRET, &said).await, StatusCode::OK);
    let event = loop {
        let frame = socket.frame().await;
        if frame["type"] == "EVENT_TYPE_LIVE_AGENT_MESSAGE" {
            break frame;
        }
    };
    assert_eq!(text_of(&event), "Good morning!");
}

#[tokio::test]
async fn a_tenant_that_is_added_changed_or_removed_takes_effect_at_the_next_start() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let store = Store::open(&store_path(&directory)).unwrap();
    let served = Served::start_on(directory, store).await;
    let list = async |served: &Served| served.done(Method::GET, "", None).await["tenants"].take();
    assert_eq!(list(&served).await, json!([]));

    let body = json!({"document": document("Bot")});
    let added = served.done(Method::PUT, TENANT, Some(body.clone())).await;
    assert_eq!(added["change"], "added");
    assert_eq!(added["takes_effect"], "at_restart");
    assert_eq!(list(&served).await[0]["takes_effect"], "at_restart");
    assert!(!served.takes(OLD_SECRET).await);

    let served = served.restart().await;
    assert!(served.takes(OLD_SECRET).await);
    assert_eq!(list(&served).await[0]["takes_effect"], "now");
    let unchanged = served.done(Method::PUT, TENANT, Some(body)).await;
    assert_eq!(
        (&unchanged["change"], &unchanged["takes_effect"]),
        (&json!("unchanged"), &json!("now"))
    );
    let body = json!({"document": document("Assistant")});
    let changed = served.done(Method::PUT, TENANT, Some(body)).await;
    assert_eq!(
        (&changed["change"], &changed["takes_effect"]),
        (&json!("changed"), &json!("at_restart"))
    );
    let why = served.refused(StatusCode::CONFLICT, Method::POST, ROTATION, None).await;
    assert!(why.contains("takes effect when the sidecar is started again"), "{why}");

    served.running.session().await;
    let removed = served.done(Method::DELETE, TENANT, None).await;
    assert_eq!(
        (&removed["change"], &removed["takes_effect"]),
        (&json!("removed"), &json!("at_restart"))
    );
    let warning = removed["warnings"][0].as_str().unwrap();
    assert!(warning.contains("its sessions that go on (1 of them)"), "{warning}");
    assert!(served.takes(OLD_SECRET).await);
    let why = served.refused(StatusCode::NOT_FOUND, Method::GET, TENANT, None).await;
    assert!(why.contains("there is no tenant acme/support/live in the store"), "{why}");
    let served = served.restart().await;
    assert!(!served.takes(OLD_SECRET).await);
}

#[tokio::test]
async fn what_makes_no_configuration_is_refused_before_it_is_stored() {
    let served = Served::start().await;
    let before = served.done(Method::GET, TENANT, None).await;
    let document = document("Bot");
    let other = "integration_id = \"integration-acme\"";
    for (status, wrong, expected) in [
        (400, "[[tenants]".to_owned(), "line 1 is not valid TOML"),
        (
            400,
            document.replace("\"live\"", "\"draft\""),
            "the document is that of acme/support/draft",
        ),
        (400, document.replace("value =", "env ="), "refers to something outside"),
        (422, document.replace(other, ""), "stored_tenants[acme/support/live].integration_id is"),
        (
            422,
            document.replace(TOKEN, OTHER_TOKEN),
            "holds a secret of tenants[0].connector_tokens",
        ),
        (422, document.replace(TOKEN, "too short"), "takes its secret from the store, which is"),
    ] {
        let (status, body) = (StatusCode::from_u16(status).unwrap(), json!({"document": wrong}));
        let why = served.refused(status, Method::PUT, TENANT, Some(body)).await;
        assert!(why.contains(expected), "{why}");
        assert!(!why.contains("secret-0123") && !why.contains("too short"), "{why}");
    }
    let too_large = StatusCode::PAYLOAD_TOO_LARGE;
    for length in [300 << 10, 3 << 20] {
        let body = Some(json!({"document": "#".repeat(length)}));
        let why = served.refused(too_large, Method::PUT, TENANT, body).await;
        assert!(why.contains("long"), "{why}");
    }
    for (body, expected) in [
        (json!({"secret": "too short"}), "fewer than 16 characters"),
        (json!({"secret": OLD_SECRET}), "is the webhook secret that"),
        (json!({"sekret": NEW_SECRET}), "no more than secret"),
        (json!({"edge_cache_seconds": 1_u64 << 40}), "2592000 at most"),
    ] {
        let (_, answer) = served.ask(Method::POST, ROTATION, Some(body)).await;
        let why = answer["detail"].as_str().unwrap();
        assert!(why.contains(expected) && !why.contains("secret-0123"), "{why}");
    }
    assert_eq!(served.done(Method::GET, TENANT, None).await, before);
    let path = "/other/support/live/rotation";
    let why = served.refused(StatusCode::CONFLICT, Method::POST, path, None).await;
    assert!(why.contains("stands in the configuration file"), "{why}");
}

#[tokio::test]
async fn invariant_10_no_answer_and_no_file_shows_a_secret_of_a_stored_tenant() {
    let served = Served::start().await;
    served.done(Method::POST, ROTATION, Some(json!({"secret": NEW_SECRET}))).await;
    let body = json!({"document": document("Assistant")});
    let refused = served.refused(StatusCode::CONFLICT, Method::PUT, TENANT, Some(body)).await;
    let shown = served.done(Method::GET, TENANT, None).await;
    let since = json!({"set_since": "2026-05-07T12:00:00Z"});
    assert_eq!(shown["section"]["edge"]["signature_secrets"], json!([since, since]));
    assert_eq!(shown["section"]["connector_tokens"], json!([since]));
    assert_eq!(shown["section"]["bot"]["name"], "Bot");
    let answers = [shown, served.done(Method::GET, "", None).await, refused.into()];
    let (store, directory) = served.running.into_store().await;
    let files = fs::read_dir(directory.path()).unwrap();
    let files: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    drop(store);
    for secret in [OLD_SECRET, NEW_SECRET, TOKEN, MASTER_KEY] {
        for answer in &answers {
            assert!(!answer.to_string().contains(secret), "{answer}");
        }
        let holds =
            |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!files.iter().any(holds));
    }
}

#[tokio::test]
async fn invariant_12_only_an_operator_reaches_the_stored_tenants() {
    let served = Served::start().await;
    let apply = format!("{ROTATION}/apply");
    // The last is what the tenant's own chat clients show.
    for credential in ["", "wrong", DELIVERY_CREDENTIAL, LOOK_UP_CREDENTIAL, TOKEN] {
        for (method, path) in [
            (Method::GET, ""),
            (Method::GET, TENANT),
            (Method::PUT, TENANT),
            (Method::DELETE, TENANT),
            (Method::POST, ROTATION),
            (Method::DELETE, ROTATION),
            (Method::POST, &apply),
        ] {
            let url =
                format!("http://{}/internal/v1/stored_tenants{path}", served.running.internal);
            let request = served.http.request(method, url).bearer_auth(credential);
            assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn without_the_right_master_key_nothing_starts_and_nothing_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&store_path(&directory)).unwrap();
    assert!(opened(&store, source(None), clock().0).await.unwrap().is_none());
    book(&store, clock().0).await.carry_out(put(document("Bot"))).await.unwrap();
    let error = opened(&store, source(None), clock().0).await.unwrap_err();
    assert!(error.to_string().contains("no store.master_key to open them with"), "{error}");
    let another = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
    let error = opened(&store, source(Some(another)), clock().0).await.unwrap_err();
    assert!(error.to_string().contains("the master key is not the one"), "{error}");
    let mut book = book(&store, clock().0).await;
    let shown = book.carry_out(TenantCommand::Show(acme())).await.unwrap();
    assert_eq!(shown["section"]["bot"]["name"], "Bot");
}

#[tokio::test]
async fn the_same_tenant_in_file_and_store_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&store_path(&directory)).unwrap();
    let mut book = book(&store, clock().0).await;
    let document = document("Bot").replace("\"acme\"", "\"other\"");
    let document = Secret::new(document);
    let key = TenantKey::new("other", "support", "live");
    let error = book.carry_out(TenantCommand::Put { key, document }).await.unwrap_err();
    assert!(error.to_string().contains("names a tenant that an earlier section names"), "{error}");
}

#[tokio::test]
async fn without_a_master_key_the_running_sidecar_says_how_to_get_one() {
    let running = Running::start().await;
    let url = format!("http://{}/internal/v1/stored_tenants", running.internal);
    let answer = Client::new().get(url).bearer_auth(ADMIN_CREDENTIAL).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let why: Value = answer.json().await.unwrap();
    assert!(why["detail"].as_str().unwrap().contains("baton store new-key"), "{why}");
}

#[tokio::test]
async fn file_and_store_are_read_together_from_outside_while_another_has_the_store_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_path(&folder);
    let store = Store::open(&path).unwrap();
    book(&store, Clock::system()).await.carry_out(put(document("Poly"))).await.unwrap();

    let text = FILE.replace("[store]", &format!("[store]\n    path = '{}'", path.display()));
    let read =
        |master_key| source_of(text.clone(), Some(master_key)).read_with_store(Random::system());
    let (configuration, _) = read(MASTER_KEY).unwrap();
    let keys: Vec<String> =
        configuration.tenants.iter().map(|tenant| tenant.key.to_string()).collect();
    assert_eq!(keys, ["other/support/live", "acme/support/live"]);
    let another = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let problem = read(another).map(drop).unwrap_err().to_string();
    assert!(problem.contains("master"), "{problem}");
    store.close().await.unwrap();
}
