//! The two requests that lead to a session, with the SDKs' patience (Messaging API, 2 and 3).

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::Profile;
use crate::{
    chat::Session,
    http1::{self, PATIENCE},
    sidecar::HOST,
};

/// How often a request is tried after a network error or a 5xx.
const ATTEMPTS: u32 = 4;

/// What lies between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// A new session.
pub(super) async fn session(
    profile: Profile,
    chat: SocketAddr,
    connector_token: &str,
    pace: f64,
) -> Session {
    let headers = [("x-token", connector_token), ("x-host", HOST)];
    let answer = post(chat, "/api/v1/access-token", &headers, &json!({}), pace).await;
    let access_token = answer["access_token"].as_str().expect("an access token");
    assert!(answer["expires_in"].as_i64() > Some(300), "a client would mint another: {answer}");
    let bearer = format!("Bearer {access_token}");
    let agent = format!("PolyMessaging-{}/0.9.0", profile.platform);
    let headers = [("authorization", &*bearer), ("user-agent", &*agent)];
    let body = json!({
        "streaming_enabled": true, "platform": profile.platform, "device_type": "mobile",
    });
    let answer = post(chat, "/api/v1/sessions", &headers, &body, pace).await;
    let id = answer["session_id"].as_str().expect("a session id");
    Session::known(id, access_token)
}

async fn post(
    chat: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
    pace: f64,
) -> Value {
    let further = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-polyai-correlation-id", "5649193e-0000-4000-8000-000000000000"),
        ("connection", "close"),
    ];
    let headers: Vec<_> = headers
        .iter()
        .chain(&further)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let request = http1::request("POST", path, &headers, body.to_string().as_bytes());
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match timeout(PATIENCE, exchange(chat, &request)).await.ok().flatten() {
            Some((200, body)) => return serde_json::from_str(&body).expect("JSON"),
            Some((status, body)) if status < 500 => panic!("{path}: {status}: {body}"),
            failed => last = failed,
        }
        sleep(PAUSE.mul_f64(pace)).await;
    }
    panic!("{path} is not to be had: {last:?}");
}

/// A status and a body, of a server that closes after them; `None` for a network error.
async fn exchange(server: SocketAddr, request: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.write_all(request).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
