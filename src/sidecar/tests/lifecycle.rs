//! Steps in a conversation's life, as the edge delivers them from EventBridge and triggers.

use serde_json::{Value, json};

use crate::harness::{Running, delivery, message, store_path, text_of};

/// A delivery that the agent's leg ended; it names this integration.
fn user_end(end_user_id: &str, name: &str, integration_id: Option<&str>) -> Value {
    let mut delivery = delivery(end_user_id, name, json!([]));
    delivery["type"] = "baton.genesys.lifecycle".into();
    delivery["data"]["genesys"] = json!({});
    if let Some(integration_id) = integration_id {
        delivery["data"]["genesys"]["integration_id"] = integration_id.into();
    }
    delivery["data"]["lifecycle"] = json!([{"kind": "user_end", "communication_id": "leg"}]);
    delivery
}

#[tokio::test]
async fn a_step_without_an_integration_is_for_the_tenants_own_and_one_of_another_is_for_nobody() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let of_none = user_end(&chat.end_user_id, "of none", None);
    let of_own = user_end(&chat.end_user_id, "of own", Some("integration-acme"));
    let of_other = user_end(&chat.end_user_id, "of other", Some("integration-other"));
    let of_nobody = user_end("baton-nobody", "of nobody", None);
    // A message never goes without its integration.
    let mut message_of_none = message(&chat.end_user_id, "hidden");
    message_of_none["data"]["genesys"] = json!({});
    let shown = message(&chat.end_user_id, "shown");
    for delivery in [&of_none, &of_own, &of_other, &of_nobody, &message_of_none, &shown] {
        assert_eq!(sidecar.deliver(delivery).await, "stored");
    }
    assert_eq!(sidecar.deliver(&of_none).await, "duplicate");
    assert_eq!(text_of(&socket.frame().await), "shown");

    let directory = sidecar.stop().await;
    let file = rusqlite::Connection::open(store_path(&directory)).unwrap();
    let outcome = |delivery: &Value| -> String {
        let query = "SELECT outcome FROM inbox WHERE delivery_id = ?1";
        file.query_row(query, [delivery["id"].as_str().unwrap()], |row| row.get(0)).unwrap()
    };
    assert_eq!(outcome(&of_none), outcome(&of_own));
    assert_eq!(outcome(&of_none), "nothing_to_show");
    assert_eq!(outcome(&of_other), "not_configured");
    assert_eq!(outcome(&of_nobody), "unknown_session");
    assert_eq!(outcome(&message_of_none), "unknown_session");
}
