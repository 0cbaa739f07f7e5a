//! What survives the end of the process.

use baton_core::{id::Id, tenant::TenantKey};
use baton_sidecar::Limits;
use baton_store::{Acceptance, Arrived};

use crate::harness::{Running, message, text_of};

#[tokio::test]
async fn invariant_3_a_delivery_that_was_stored_and_not_appended_is_appended_after_a_restart() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let (store, directory) = sidecar.into_store().await;
    for text in ["one", "two"] {
        let delivery = message(&chat.end_user_id, text);
        let arrived = Arrived {
            delivery_id: Id::from_text(delivery["id"].as_str().unwrap()).unwrap(),
            tenant: TenantKey::new("acme", "support", "live"),
            end_user_id: Some(chat.end_user_id.clone()),
            integration_id: Some("integration-acme".to_owned()),
            received_at_ms: 0,
            body: delivery.to_string().into_bytes(),
        };
        assert_eq!(store.accept(arrived).await.unwrap(), Acceptance::New);
    }
    store.close().await.unwrap();

    let sidecar = Running::start_in(directory, Limits::default()).await;
    let mut socket = sidecar.socket_after(&chat, "1").await;
    sidecar.say(&chat, "three").await;
    let repeated = message(&chat.end_user_id, "one");
    assert_eq!(sidecar.deliver(&repeated).await, "duplicate");
    let mut events = socket.batch().await;
    while events.len() < 3 {
        events.push(socket.frame().await);
    }
    let texts: Vec<&str> = events.iter().map(text_of).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    for (event, sequence) in events.iter().zip(2_u64..) {
        assert_eq!(event["sequence"], sequence);
    }
    let (store, _directory) = sidecar.into_store().await;
    assert_eq!(store.pending(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn invariant_14_a_stop_closes_sockets_with_1012_and_the_token_is_good_afterwards() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    sidecar.say(&chat, "before").await;
    let before = socket.frame().await;
    let stopping = tokio::spawn(sidecar.stop());
    assert_eq!(socket.close_code().await, 1012);
    drop(socket);
    let directory = stopping.await.unwrap();

    let sidecar = Running::start_in(directory, Limits::default()).await;
    let events = sidecar.socket(&chat).await.batch().await;
    assert_eq!(events.last(), Some(&before));
}
