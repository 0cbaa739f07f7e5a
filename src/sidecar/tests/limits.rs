//! Too many, too large, too slow.

use std::time::Duration;

use baton_sidecar::Limits;
use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{DELIVERY_CREDENTIAL, Running, TOKEN, message, text_of, within};

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
    for excess in [1, 4096] {
        let mut socket = sidecar.live_socket(&chat).await;
        socket.send_message(Message::text("x".repeat(256 * 1024 + excess))).await;
        assert_eq!(socket.close_code().await, 1009);
    }
}

#[tokio::test]
async fn invariant_11_no_room_is_made_for_a_frame_far_over_the_limit() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let socket = sidecar.live_socket(&chat).await;
    // A text frame that claims to have 900 KiB, with none of them.
    let head = [0x81, 0xff, 0, 0, 0, 0, 0, 0x0e, 0x10, 0, 1, 2, 3, 4];
    let mut connection = socket.into_connection();
    connection.write_all(&head).await.unwrap();
    let mut received = Vec::new();
    within(connection.read_to_end(&mut received)).await.unwrap();
    assert_eq!(received.get(..4), Some(&[0x88, 15, 0x03, 0xea][..]), "a close frame with 1002");
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

#[tokio::test]
async fn invariant_11_a_connection_on_which_no_whole_request_comes_is_closed() {
    let limits = Limits { request: Duration::from_millis(50), ..Limits::default() };
    let sidecar = Running::start_with(limits).await;
    let token = sidecar.access_token(TOKEN, "www.example.com").await;
    let half_a_body = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-length: 2\r\n\r\n{{"
    );
    for (sent, answer) in
        [("", ""), ("GET /ws HTTP/1.1\r\nho", ""), (&half_a_body, "HTTP/1.1 408 ")]
    {
        let mut connection = TcpStream::connect(sidecar.chat).await.unwrap();
        connection.write_all(sent.as_bytes()).await.unwrap();
        let mut received = String::new();
        within(connection.read_to_string(&mut received)).await.unwrap();
        assert!(
            received.starts_with(answer) && received.is_empty() == answer.is_empty(),
            "{received}"
        );
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
    sidecar.tamper("ALTER TABLE inbox RENAME TO lost; ALTER TABLE session RENAME TO gone");
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
    sidecar.tamper("ALTER TABLE session RENAME TO gone");
    assert_eq!(sidecar.socket(&chat).await.close_code().await, 1013);
    socket.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    let trouble = "Sorry, I encountered an error. Please try again.";
    assert_eq!(socket.system_error().await.0, trouble);
}
