//! Too many, too large, too slow.

use std::time::Duration;

use baton_sidecar::Limits;
use reqwest::StatusCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{DELIVERY_CREDENTIAL, Running, message, text_of, within};

#[tokio::test]
async fn invariant_14_the_eleventh_connection_is_accepted_and_closed_with_1013() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(sidecar.live_socket(&chat).await);
    }
    assert_eq!(sidecar.socket(&chat).await.close_code().await, 1013);
    sidecar.say(&chat, "Hi!").await;
    for socket in &mut sockets {
        assert_eq!(text_of(&socket.frame().await), "Hi!");
    }

    // A place that was left is free again.
    sockets.pop().unwrap().send_message(Message::Close(None)).await;
    let readmitted = async {
        while !sidecar.socket(&chat).await.receive().await.is_text() {
            tokio::task::yield_now().await;
        }
    };
    within(readmitted).await;
}

#[tokio::test]
async fn invariant_11_a_frame_over_the_limit_closes_the_connection_with_1009() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    for too_large in ["x".repeat(256 * 1024 + 1), "x".repeat(900 * 1024)] {
        let mut socket = sidecar.live_socket(&chat).await;
        socket.send_message(Message::text(too_large)).await;
        assert_eq!(socket.close_code().await, 1009);
    }
}

#[tokio::test]
async fn a_text_of_the_advertised_size_is_taken_however_it_is_escaped() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let text = "\"".repeat(120_000);
    socket.send(json!({"type": "EVENT_TYPE_USER_MESSAGE", "payload": {"text": text}})).await;
    assert_eq!(socket.system_error().await.0, "Failed to forward message to live agent");
}

/// The memory that this process has now, in bytes; 0 where Linux does not tell.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

#[tokio::test]
async fn invariant_11_slow_readers_hold_nobody_up_lose_nothing_and_cost_no_memory() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut quick = sidecar.live_socket(&chat).await;
    let mut slow = Vec::new();
    for _ in 0..9 {
        slow.push(sidecar.live_socket(&chat).await);
    }
    let before = resident_bytes();
    // More than the sockets' buffers hold: 20 MB, for all nine 180 MB.
    let padding = "x".repeat(200_000);
    for number in 0..100 {
        sidecar.say(&chat, &format!("{number} {padding}")).await;
        let event = quick.frame().await;
        assert!(text_of(&event).starts_with(&format!("{number} ")));
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 100_000_000, "{grown}");
    for sequence in 2..102 {
        assert_eq!(slow[0].frame().await["sequence"], sequence);
    }
}

#[tokio::test]
async fn a_client_that_gives_no_sign_of_life_is_closed_with_1001() {
    let client_silence = Duration::from_millis(200);
    let limits = Limits { client_silence, ..Limits::default() };
    let sidecar = Running::start_with(limits).await;
    let chat = sidecar.session().await;
    assert_eq!(sidecar.socket(&chat).await.close_code().await, 1001);
}

#[tokio::test]
async fn invariant_3_while_the_store_cannot_be_used_a_delivery_is_answered_503() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    sidecar.store.clone().close().await.unwrap();
    let body = message(&chat.end_user_id, "Hi!").to_string();
    let response = sidecar.deliver_as(DELIVERY_CREDENTIAL, body).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers().get("retry-after").unwrap(), "1");
    let health = sidecar.get_internal("/internal/v1/health").await;
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn invariant_14_while_the_store_cannot_be_used_a_socket_is_opened_and_closed_with_1013() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    sidecar.store.clone().close().await.unwrap();
    assert_eq!(sidecar.socket(&chat).await.close_code().await, 1013);
    socket.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    let trouble = "Sorry, I encountered an error. Please try again.";
    assert_eq!(socket.system_error().await.0, trouble);
}
