//! Too many, too large, too slow.

use std::time::{Duration, Instant};

use baton_sidecar::Limits;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{
    ADMIN_CREDENTIAL, Chat, DELIVERY_CREDENTIAL, Running, TOKEN, message, text_of, within,
};

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
    assert_eq!(socket.system_error().await.0, "Sorry, I encountered an error. Please try again.");
}

#[tokio::test]
async fn a_text_over_the_advertised_size_is_refused_and_the_socket_stays_open() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let metadata = json!({"custom": {"local_id": "7"}});
    let text = "x".repeat(131_072);
    socket
        .send(json!({
            "type": "EVENT_TYPE_USER_MESSAGE",
            "payload": {"text": text},
            "metadata": metadata,
        }))
        .await;
    assert_eq!(socket.system_error().await, ("Message too large".to_owned(), metadata));
    sidecar.say(&chat, "Hi!").await;
    assert_eq!(text_of(&socket.frame().await), "Hi!");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_answered_429_and_no_other_is() {
    let sidecar = Running::start_configured("requests_per_minute_per_address = 2").await;
    let ask = async |address: &str| {
        let request = sidecar.access_token_request().header("x-forwarded-for", address);
        request.header("origin", "https://www.example.com").send().await.unwrap()
    };
    for _ in 0..2 {
        assert_eq!(ask("198.51.100.1").await.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = ask("198.51.100.1").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 =
        refused.headers().get("retry-after").unwrap().to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert!(refused.headers().contains_key("access-control-allow-origin"));
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body, json!({"error": "Too many requests", "message": "Too many requests"}));

    // A session is asked for by the same measure.
    let request = sidecar.sessions_request().header("x-forwarded-for", "198.51.100.1");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask("198.51.100.2").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_is_no_trusted_proxy_cannot_choose_an_address() {
    let chat = "trusted_proxies = []\nrequests_per_minute_per_address = 2";
    let sidecar = Running::start_configured(chat).await;
    let mut statuses = Vec::new();
    for address in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        let request = sidecar.access_token_request().header("x-forwarded-for", address);
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 429]);
}

#[tokio::test]
async fn invariant_14_an_address_over_its_rate_still_gets_to_its_sessions() {
    let chat = "trusted_proxies = []\nrequests_per_minute_per_address = 2";
    let sidecar = Running::start_configured(chat).await;
    let chat = sidecar.session().await;
    let asked = sidecar.access_token_request().send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..5 {
        assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
    }
}

#[tokio::test]
async fn invariant_11_whoever_shows_no_token_of_ours_does_not_make_the_store_be_read_without_end() {
    let sidecar = Running::start_configured("requests_per_minute_per_address = 2").await;
    let chat = sidecar.session().await;
    let forged = Chat { access_token: "forged".to_owned(), ..sidecar.session().await };
    let refused = async |address: &str| {
        sidecar.upgrade_from(address, &forged).await.err().map(|(status, _)| status)
    };
    for _ in 0..2 {
        assert_eq!(refused("198.51.100.1").await, Some(401));
    }
    assert_eq!(sidecar.socket_from("198.51.100.1", &forged).await.close_code().await, 1013);
    assert_eq!(sidecar.socket_from("198.51.100.1", &chat).await.batch().await.len(), 1);
    assert_eq!(refused("198.51.100.2").await, Some(401));
}

#[tokio::test]
async fn frames_over_the_rate_are_dropped_and_whoever_writes_is_told() {
    let sidecar = Running::start_configured("frames_per_minute_per_session = 3").await;
    let (chat, other) = (sidecar.session().await, sidecar.session().await);
    let mut socket = sidecar.live_socket(&chat).await;
    let heartbeat = json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}});
    for _ in 0..3 {
        socket.send(heartbeat.clone()).await;
        assert_eq!(socket.frame().await["type"], "EVENT_TYPE_HEARTBEAT");
    }

    // Another socket of the session has no share of its own, and another session has.
    let mut second = sidecar.live_socket(&chat).await;
    let (started, metadata) = (Instant::now(), json!({"custom": {"local_id": "7"}}));
    second.send(heartbeat.clone()).await;
    for _ in 0..50 {
        second
            .send(json!({
                "type": "EVENT_TYPE_USER_MESSAGE",
                "payload": {"text": "Hi!"},
                "metadata": metadata,
            }))
            .await;
    }
    second.send_message(Message::Ping(b"done?".to_vec().into())).await;
    let mut told = 0;
    while let Message::Text(text) = second.receive().await {
        let frame: Value = serde_json::from_str(text.as_str()).unwrap();
        let too_fast = "Our system is experiencing high load. Please try again in a moment.";
        assert_eq!(
            (&frame["payload"]["message"], &frame["metadata"]),
            (&too_fast.into(), &metadata)
        );
        told += 1;
    }
    assert!((1..=1 + started.elapsed().as_secs()).contains(&told), "{told}");
    let mut other = sidecar.live_socket(&other).await;
    other.send(heartbeat).await;
    assert_eq!(other.frame().await["type"], "EVENT_TYPE_HEARTBEAT");
}

#[tokio::test]
async fn invariant_14_a_socket_too_many_is_opened_and_closed_with_1013() {
    let sidecar = Running::start_configured("most_sockets = 2").await;
    let (one, two) = (sidecar.session().await, sidecar.session().await);
    let mut first = sidecar.live_socket(&one).await;
    let second = sidecar.live_socket(&two).await;
    assert_eq!(sidecar.socket(&one).await.close_code().await, 1013);
    sidecar.say(&one, "Hi!").await;
    assert_eq!(text_of(&first.frame().await), "Hi!");
    drop(second);
    let readmitted = async {
        while !sidecar.socket(&two).await.receive().await.is_text() {
            tokio::task::yield_now().await;
        }
    };
    within(readmitted).await;
}

#[tokio::test]
async fn invariant_14_an_address_with_its_share_of_the_sockets_costs_no_other_address_one() {
    let sidecar = Running::start_configured("most_sockets_per_address = 2").await;
    let chat = sidecar.session().await;
    let mut first = sidecar.socket_from("198.51.100.1", &chat).await;
    let second = sidecar.socket_from("198.51.100.1", &chat).await;
    assert_eq!(sidecar.socket_from("198.51.100.1", &chat).await.close_code().await, 1013);
    assert_eq!(first.batch().await.len(), 1);
    // Another address has a share of its own; the house itself is not counted.
    for _ in 0..3 {
        assert_eq!(sidecar.socket(&chat).await.batch().await.len(), 1);
    }
    assert_eq!(sidecar.socket_from("198.51.100.2", &chat).await.batch().await.len(), 1);
    drop(second);
    let readmitted = async {
        while !sidecar.socket_from("198.51.100.1", &chat).await.receive().await.is_text() {
            tokio::task::yield_now().await;
        }
    };
    within(readmitted).await;
}

#[tokio::test]
async fn a_user_who_ends_the_chat_is_heard_whatever_the_rate() {
    let sidecar = Running::start_configured("frames_per_minute_per_session = 1").await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    for _ in 0..20 {
        socket.send(json!({"type": "EVENT_TYPE_USER_TYPING", "payload": {}})).await;
    }
    socket.send(json!({"type": "EVENT_TYPE_USER_END_SESSION", "payload": {}})).await;
    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_disturbs_nobody() {
    let limits = Limits { write: Duration::from_millis(200), ..Limits::default() };
    let sidecar = Running::start_with(limits).await;
    let chat = sidecar.session().await;
    let mut reading = sidecar.live_socket(&chat).await;
    let _stalled = sidecar.live_socket(&chat).await;
    // More than the stalled socket's buffers hold.
    for number in 0..20 {
        sidecar.say(&chat, &format!("{number} {}", "x".repeat(1_000_000))).await;
        assert!(text_of(&reading.frame().await).starts_with(&number.to_string()));
    }
    // With these the session has as many connections as it may have, until one is cut off.
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(sidecar.socket_after(&chat, "21").await);
    }
    let readmitted = async {
        while !sidecar.socket_after(&chat, "21").await.receive().await.is_text() {
            tokio::task::yield_now().await;
        }
    };
    within(readmitted).await;
}

#[tokio::test]
async fn a_refusal_reaches_a_client_whose_body_nobody_wants() {
    let chat = "trusted_proxies = []\nrequests_per_minute_per_address = 2";
    let sidecar = Running::start_configured(chat).await;
    for (path, status) in [("access-token", 401), ("sessions", 401), ("sessions", 429)] {
        let head = format!(
            "POST /api/v1/{path} HTTP/1.1\r\nhost: x\r\nauthorization: x\r\n\
             content-length: 60000\r\n\r\n"
        );
        let mut connection = TcpStream::connect(sidecar.chat).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..60 {
            connection.write_all(&[b' '; 1000]).await.expect("no reset");
            tokio::task::yield_now().await;
        }
        let mut received = String::new();
        within(connection.read_to_string(&mut received)).await.expect("no reset");
        assert!(received.starts_with(&format!("HTTP/1.1 {status} ")), "{received}");
    }
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
    // Whatever it would be answered: an answer before the body is whole may get lost.
    let of_a_stranger =
        "POST /api/v1/access-token HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{";
    for (sent, answer) in [
        ("", ""),
        ("GET /ws HTTP/1.1\r\nho", ""),
        (&half_a_body, "HTTP/1.1 408 "),
        (of_a_stranger, "HTTP/1.1 408 "),
    ] {
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
    let shown = sidecar.admin(&chat.session_id, ADMIN_CREDENTIAL).await;
    assert_eq!(shown.status(), StatusCode::SERVICE_UNAVAILABLE);
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
