//! What goes wrong with a call, and what that means.

use std::{collections::BTreeMap, time::Duration};

use baton_genesys::{CallError, EndUser, Genesys, InboundMessage, Pace, Taken};
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::scripted::{Reply, Scripted, client_of};

const FORBIDDEN: &str = include_str!("samples/error-403-missing-any-permissions.json");
const INVALID: &str = include_str!("samples/error-400-invalid-value.json");

async fn say(genesys: &Genesys, text: &str) -> Result<Taken, CallError> {
    let message = InboundMessage {
        from: EndUser::new("u"),
        message_id: "m".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        text: text.to_owned(),
        attributes: BTreeMap::new(),
    };
    genesys.send_message("i", &message).await
}

/// What a call is answered with such a status, with Genesys' words or without.
async fn refusal(status: u16, body: &'static str) -> CallError {
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(status, body)).await;
    say(&scripted.genesys(), "hi").await.unwrap_err()
}

#[tokio::test]
async fn only_what_genesys_says_against_the_message_itself_is_final() {
    for status in [302, 303, 500, 502, 503, 504].into_iter().chain(400..=431).chain([451]) {
        let error = refusal(status, INVALID).await;
        assert_eq!(error.is_final(), [400, 413, 415, 422].contains(&status), "{error}");
        assert_eq!(error.is_not_found(), status == 404, "{error}");
    }
}

#[tokio::test]
async fn a_bad_request_without_genesys_word_for_it_may_come_from_something_in_between() {
    for body in ["", "<html>", "{}", r#"{"code": ""}"#, r#"{"code": null}"#] {
        let error = refusal(400, body).await;
        assert!(!error.is_final() && error.needs_operator(), "{error}");
    }
}

#[tokio::test]
async fn what_does_not_pass_by_itself_takes_an_operator() {
    for status in [302, 400, 401, 403, 405, 407, 408, 409, 410, 413, 422, 425, 429, 451, 500, 503] {
        let error = refusal(status, INVALID).await;
        let expected = [302, 401, 403, 405, 407, 410, 451].contains(&status);
        assert_eq!(error.needs_operator(), expected, "{error}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(403, FORBIDDEN)).await;
    let error = scripted.genesys().disconnect("c", "p").await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("role of the OAuth client one of: conversation:communication:disconnect")
    );
    assert!(text.contains("context id 5f2c8d31-9b0a-4c11-8e7d-2a3b4c5d6e7f"), "{text}");
}

#[tokio::test]
async fn no_error_shows_what_a_user_wrote() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(400, INVALID)).await;
    let error = say(&scripted.genesys(), "carrier-pigeon").await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("carrier-pigeon"), "{text}");
    assert!(text.contains("Value [{value}] is not valid for field type [{fieldType}]"), "{text}");
}

#[tokio::test]
async fn an_answer_that_is_not_what_was_asked_for_is_not_shown() {
    let body = r#"{"normalizedMessage": 1, "normalizedMessage": "private words"}"#;
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, body)).await;
    let error = scripted.genesys().message("c", "m").await.unwrap_err();
    assert!(matches!(error, CallError::Unreadable { .. }));
    assert!(!format!("{error} {error:?}").contains("private"));
    assert!(!error.is_final());
}

#[tokio::test]
async fn a_slow_answer_may_mean_that_the_message_was_taken() {
    let scripted =
        Scripted::with_tokens(|_, _| Reply::new(202, "{}").after(Duration::from_secs(60))).await;
    let request_timeout = Duration::from_secs(1);
    let genesys = scripted.genesys_at(Pace { request_timeout, ..Pace::default() });
    let error = say(&genesys, "hi").await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
    assert!(!error.is_final());
}

#[tokio::test]
async fn a_connection_that_breaks_may_mean_that_the_message_was_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let grant = r#"{"access_token":"t","expires_in":60}"#;
        let yes = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{grant}", grant.len());
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            // The token, then the call, come over one connection.
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(yes.as_bytes()).await;
            let _ = socket.read(&mut request).await;
        }
    });
    let error = say(&client_of(&address, Pace::default()), "hi").await.unwrap_err();
    assert!(matches!(error, CallError::Interrupted { .. }), "{error}");
    assert!(!error.is_final());
}

#[tokio::test]
async fn a_host_that_is_not_there_was_not_told_anything() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = say(&client_of(&address, Pace::default()), "hi").await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1 cannot be reached"), "{error}");
    assert!(!error.is_final());
}

#[tokio::test]
async fn an_answer_longer_than_any_of_its_kind_is_not_read() {
    let long = format!(r#"{{"normalizedMessage": "{}"}}"#, "x".repeat(1 << 20));
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &long)).await;
    let error = scripted.genesys().message("c", "m").await.unwrap_err();
    assert!(matches!(error, CallError::TooLong { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("reading the message") && text.contains("1048576 bytes"), "{text}");
    assert!(!error.is_final());
}

#[tokio::test]
async fn a_conversation_may_be_longer_than_anything_else() {
    for (length, is_read) in [(4 << 20, true), (17 << 20, false)] {
        let long = format!(r#"{{"id": "c", "subject": "{}"}}"#, "x".repeat(length));
        let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &long)).await;
        let read = scripted.genesys().conversation("c").await;
        assert!(matches!(read, Err(CallError::TooLong { .. })) != is_read);
    }
}

#[tokio::test]
async fn a_message_was_taken_however_much_genesys_says_of_it() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "x".repeat(2 << 20))).await;
    let genesys = scripted.genesys();
    assert_eq!(say(&genesys, "hi").await.unwrap(), Taken::default());
    genesys.disconnect("c", "p").await.unwrap();
}

#[tokio::test]
async fn an_error_too_long_to_be_read_keeps_its_status() {
    let long = format!(r#"{{"code": "x", "message": "{}"}}"#, "x".repeat(64 << 10));
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(404, &long)).await;
    let error = scripted.genesys().message("c", "m").await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().len() < 300, "{error}");
}
