//! The rotation of a webhook secret while the sidecar runs.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{patch, post},
};
use baton_sidecar::{Store, TenantCommand};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    harness::store_path,
    stored::{
        FILE, MASTER_KEY, NEW_SECRET, OLD_SECRET, ROTATION, Served, TENANT, acme, book, clock,
        document, opened, put, source_of,
    },
};

#[tokio::test]
async fn a_rotated_secret_is_taken_beside_the_old_one_and_then_alone_without_a_restart() {
    let served = Served::start().await;
    assert_eq!(served.looked_up().await, [OLD_SECRET]);
    assert!(served.takes(OLD_SECRET).await && !served.takes(NEW_SECRET).await);

    let begin = json!({"secret": NEW_SECRET, "edge_cache_seconds": 600});
    let begun = served.done(Method::POST, ROTATION, Some(begin.clone())).await;
    assert_eq!(begun["begun_at"], "2026-05-07T12:00:00Z");
    assert_eq!(begun["switch_genesys_from"], "2026-05-07T12:10:00Z");
    assert_eq!(begun["takes_effect"], "now");
    assert_eq!(begun["secret"], Value::Null, "it is not repeated");
    assert_eq!(served.looked_up().await, [NEW_SECRET, OLD_SECRET]);
    assert!(served.takes(OLD_SECRET).await && served.takes(NEW_SECRET).await);
    let why = served.refused(StatusCode::CONFLICT, Method::POST, ROTATION, Some(begin)).await;
    assert!(why.contains("has two webhook secrets already"), "{why}");

    // A restart in the middle changes nothing.
    let served = served.restart().await;
    assert!(served.takes(OLD_SECRET).await && served.takes(NEW_SECRET).await);
    served.pass(599);
    let why = served.refused(StatusCode::CONFLICT, Method::DELETE, ROTATION, None).await;
    assert!(why.contains("before 2026-05-07T12:10:00Z"), "{why}");
    assert!(served.takes(OLD_SECRET).await);

    served.pass(1);
    let ended = served.done(Method::DELETE, ROTATION, None).await;
    assert_eq!(ended["takes_effect"], "now");
    assert_eq!(served.looked_up().await, [NEW_SECRET]);
    assert!(!served.takes(OLD_SECRET).await && served.takes(NEW_SECRET).await);
    let why = served.refused(StatusCode::CONFLICT, Method::DELETE, ROTATION, None).await;
    assert!(why.contains("no rotation"), "{why}");
    let served = served.restart().await;
    assert!(!served.takes(OLD_SECRET).await && served.takes(NEW_SECRET).await);
}

#[tokio::test]
async fn a_fresh_secret_is_shown_once_and_genesys_waits_for_what_edges_may_keep() {
    let served = Served::start().await;
    let begun = served.done(Method::POST, ROTATION, None).await;
    let secret = begun["secret"].as_str().unwrap();
    // 32 bytes in base64url.
    assert_eq!(secret.len(), 43);
    assert!(served.takes(secret).await);
    assert_eq!(begun["edge_cache_seconds"], 24 * 60 * 60);
    assert_eq!(begun["switch_genesys_from"], "2026-05-08T12:00:00Z");
    let shown = served.done(Method::GET, TENANT, None).await;
    assert_eq!(shown["rotation"]["switch_genesys_from"], "2026-05-08T12:00:00Z");
    assert!(!shown.to_string().contains(secret));

    served.refused(StatusCode::CONFLICT, Method::DELETE, ROTATION, None).await;
    served.done(Method::DELETE, &format!("{ROTATION}?force=true"), None).await;
    assert!(!served.takes(OLD_SECRET).await && served.takes(secret).await);
}

#[tokio::test]
async fn a_rotation_that_is_cancelled_leaves_the_old_secret_alone() {
    let served = Served::start().await;
    let begun = served.done(Method::POST, ROTATION, None).await;
    let lost = begun["secret"].as_str().unwrap();
    assert!(served.takes(OLD_SECRET).await && served.takes(lost).await);
    let both = format!("{ROTATION}?cancel=true&force=true");
    served.refused(StatusCode::BAD_REQUEST, Method::DELETE, &both, None).await;
    served.done(Method::DELETE, &format!("{ROTATION}?cancel=true"), None).await;
    assert!(served.takes(OLD_SECRET).await && !served.takes(lost).await);
    assert_eq!(served.looked_up().await, [OLD_SECRET]);
    let shown = served.done(Method::GET, TENANT, None).await;
    assert_eq!(shown["rotation"], Value::Null);
    served.done(Method::POST, ROTATION, None).await;
}

#[tokio::test]
async fn a_document_that_would_undo_a_rotation_is_refused_while_it_goes_on() {
    let served = Served::start().await;
    served.done(Method::POST, ROTATION, Some(json!({"secret": NEW_SECRET}))).await;
    let body = json!({"document": document("Assistant")});
    let why = served.refused(StatusCode::CONFLICT, Method::PUT, TENANT, Some(body.clone())).await;
    assert!(why.contains("is being rotated") && why.contains("--cancel"), "{why}");
    assert_eq!(served.looked_up().await, [NEW_SECRET, OLD_SECRET]);

    // Afterwards a document with the old secret takes effect, and says what that does.
    served.done(Method::DELETE, &format!("{ROTATION}?force=true"), None).await;
    let changed = served.done(Method::PUT, TENANT, Some(body)).await;
    let warnings = changed["warnings"].to_string();
    assert!(warnings.contains("none of its webhook secrets was its own"), "{warnings}");
}

#[tokio::test]
async fn the_configuration_says_for_how_long_edges_use_what_they_looked_up() {
    let configured = FILE.replace("[internal]", "[internal]\nedge_cache_seconds = 120");
    let (clock, _) = clock();
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&store_path(&directory)).unwrap();
    let source = source_of(configured, Some(MASTER_KEY));
    let mut book = opened(&store, source, clock).await.unwrap().unwrap();
    book.carry_out(put(document("Bot"))).await.unwrap();
    let begin = TenantCommand::BeginRotation { key: acme(), secret: None, edge_cache: None };
    let begun = book.carry_out(begin).await.unwrap();
    assert_eq!(begun["switch_genesys_from"], "2026-05-07T12:02:00Z");
}

type Changes = Arc<Mutex<Vec<(String, Value)>>>;

/// As much of Genesys as changes an integration; tells what was changed.
async fn genesys() -> (String, Changes) {
    let changes = Changes::default();
    let change = async |State(changes): State<Changes>, Path(id): Path<String>, Json(body)| {
        changes.lock().unwrap().push((id.clone(), body));
        Json(json!({"id": id, "name": "Chat"}))
    };
    let token = json!({"access_token": "token", "token_type": "bearer", "expires_in": 86_400});
    let router = Router::new()
        .route("/oauth/token", post(async move || Json(token)))
        .route("/api/v2/conversations/messaging/integrations/open/{id}", patch(change))
        .with_state(Arc::clone(&changes));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, changes)
}

#[tokio::test]
async fn genesys_is_given_the_new_secret_once_every_edge_has_it() {
    let (url, changes) = genesys().await;
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let store = Store::open(&store_path(&directory)).unwrap();
    let document = format!(
        "{}\n[tenants.genesys]\nbase_url = \"{url}\"\nclient_id = \"client\"\n\
         client_secret = {{ value = \"client-secret\" }}",
        document("Bot")
    );
    book(&store, clock().0).await.carry_out(put(document)).await.unwrap();
    let served = Served::start_on(directory, store).await;
    let apply = format!("{ROTATION}/apply");
    let why = served.refused(StatusCode::CONFLICT, Method::POST, &apply, None).await;
    assert!(why.contains("no rotation"), "{why}");

    let begin = json!({"secret": NEW_SECRET, "edge_cache_seconds": 60});
    served.done(Method::POST, ROTATION, Some(begin)).await;
    let why = served.refused(StatusCode::CONFLICT, Method::POST, &apply, None).await;
    assert!(why.contains("before 2026-05-07T12:01:00Z"), "{why}");
    assert!(changes.lock().unwrap().is_empty());
    served.pass(60);
    let applied = served.done(Method::POST, &apply, None).await;
    assert_eq!(applied["integration_id"], "integration-acme");
    assert!(!applied.to_string().contains(NEW_SECRET));
    let secret = json!({"outboundNotificationWebhookSignatureSecretToken": NEW_SECRET});
    assert_eq!(*changes.lock().unwrap(), [("integration-acme".to_owned(), secret)]);
    assert!(served.takes(OLD_SECRET).await && served.takes(NEW_SECRET).await);
}
