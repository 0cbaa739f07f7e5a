//! What an operator is told, at the start, of what waits for somebody who is not there.

use std::{
    fs::{self, File},
    sync::Arc,
};

use baton_core::tenant::TenantKey;
use baton_sidecar::{Limits, Store};
use baton_store::{HandoffRow, NewOutgoing, NewSession, NewTurn, Step};
use tempfile::TempDir;

use crate::harness::{Running, store_path, within};

/// A handoff and two messages that wait for Genesys.
fn handed_over() -> Step {
    let message = |number| NewOutgoing { id: format!("message-{number}"), body: "{}".to_owned() };
    let (conversation_id, state) = (None, "{}".to_owned());
    let handoff = HandoffRow { number: 1, open: true, conversation_id, state };
    let outgoing = vec![message(1), message(2)];
    Step { outgoing, handoff: Some(handoff), ..Step::default() }
}

/// A session of `{account}/support/live` in which this waits.
async fn create(store: &Store, account: &'static str, number: usize, waiting: Step) {
    let session = NewSession {
        session_id: format!("{account}-{number}"),
        tenant: TenantKey::new(account, "support", "live"),
        integration_id: format!("integration-{account}"),
        end_user_id: format!("user-{number}"),
        external_id: None,
        token_digest: [7; 32],
        created_at_ms: 0,
        platform: None,
        custom: None,
    };
    store.create_session(session, waiting).await.unwrap();
}

/// The warnings of a start on this store, once one of them is about the tenant.
async fn warnings(directory: Arc<TempDir>, tenant: &str) -> Vec<String> {
    let log = directory.path().join("log");
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::WARN)
        .with_writer(File::create(&log).unwrap())
        .finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let sidecar = Running::start_in(directory, Limits::default()).await;
    let about = format!("tenant={tenant} ");
    let read = || fs::read_to_string(&log).unwrap();
    within(async {
        while !read().contains(&about) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let _directory = sidecar.stop().await;
    read().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn an_operator_is_told_once_of_each_tenant_that_is_missed_and_how_much_waits_for_it() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let store = Store::open(&store_path(&directory)).unwrap();
    for number in [1, 2, 3] {
        create(&store, "gone", number, handed_over()).await;
    }
    store.end_session("gone-3", Vec::new()).await.unwrap();
    store.close().await.unwrap();
    let warnings = warnings(directory, "gone/support/live").await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["chats=2", "messages=6", "is not configured", "within 600 s"] {
        assert!(warnings[0].contains(part), "{part}: {warnings:?}");
    }
}

#[tokio::test]
async fn an_operator_is_told_of_a_tenant_that_is_configured_without_its_genesys() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let store = Store::open(&store_path(&directory)).unwrap();
    create(&store, "acme", 1, handed_over()).await;
    store.close().await.unwrap();
    let warnings = warnings(directory, "acme/support/live").await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["handoffs=1", "messages=2", "[tenants.genesys]"] {
        assert!(warnings[0].contains(part), "{part}: {warnings:?}");
    }
}

#[tokio::test]
async fn an_operator_is_told_of_a_tenant_that_is_configured_without_its_bot() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let store = Store::open(&store_path(&directory)).unwrap();
    let turn = NewTurn { id: "turn".to_owned(), body: "{}".to_owned() };
    create(&store, "acme", 1, Step { turns: vec![turn], ..Step::default() }).await;
    store.close().await.unwrap();
    let warnings = warnings(directory, "acme/support/live").await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["turns=1", "[tenants.bot]"] {
        assert!(warnings[0].contains(part), "{part}: {warnings:?}");
    }
}
