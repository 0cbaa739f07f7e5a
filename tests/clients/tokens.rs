//! Whom a token lets in, while others chat on.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_tests::{
    chat::Session,
    http1::{self, Answer},
    sdk::{PROFILES, Speaker},
    wait::until,
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_tungstenite::{connect_async, tungstenite::Error};

use crate::{
    neighbours::{Neighbours, chats_with_bot},
    stage::{Stage, Way},
};

/// The status and the text with which a socket is refused; `None` if it is not.
async fn refusal(stage: &Stage, query: &str) -> Option<(u16, String)> {
    match connect_async(format!("ws://{}/ws{query}", stage.address())).await {
        Ok(_) => None,
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            Some((answer.status().as_u16(), text_of(body)))
        }
        Err(error) => panic!("{query}: {error}"),
    }
}

/// What `POST /sessions` answers to whoever shows this token.
async fn asks_for_session(stage: &Stage, token: &str) -> Answer {
    let headers = [("authorization".to_owned(), format!("Bearer {token}"))];
    let request = http1::request("POST", "/api/v1/sessions", &headers, b"{}");
    http1::exchange(stage.address(), &request).await
}

fn text_of(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).expect("JSON");
    body["message"].as_str().unwrap_or_default().to_owned()
}

/// The same token with this change of what it says, signed as the sidecar itself would.
fn signed_again(stage: &Stage, token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').expect("three parts");
    let (claims, _) = rest.split_once('.').expect("three parts");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    let mut claims: Value = serde_json::from_slice(&claims).expect("JSON");
    change(&mut claims);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(&stage.world.token_key()).expect("any length");
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_12_a_socket_is_for_the_token_that_made_its_session_and_nobody_is_disturbed() {
    let stage = Stage::set(Way::Direct).await;
    let neighbours = Neighbours::move_in(&stage).await;
    let neighbour = neighbours.with_bot.session();
    let other = Session::make(stage.address()).await;
    let (id, token) = (&neighbour.id, neighbour.access_token());
    let (head, rest) = token.split_once('.').expect("three parts");
    let (payload, signature) = rest.split_once('.').expect("three parts");
    let expired = signed_again(&stage, token, |claims| claims["exp"] = claims["iat"].clone());
    let unknown = "00000000-0000-4000-8000-000000000000";
    let wrong = "authentication failed";
    for (number, (query, status, text)) in [
        (String::new(), 400, "invalid connection parameters"),
        (format!("?session_id={id}"), 400, "invalid connection parameters"),
        (format!("?access_token=x&session_id={id}"), 401, wrong),
        (format!("?access_token={}&session_id={id}", other.access_token()), 401, wrong),
        (format!("?access_token={head}.{payload}.{payload}&session_id={id}"), 401, wrong),
        (format!("?access_token={payload}.{payload}.{signature}&session_id={id}"), 401, wrong),
        (format!("?access_token={expired}&session_id={id}"), 401, wrong),
        (format!("?access_token={expired}&session_id={unknown}"), 401, wrong),
        (format!("?access_token={token}&session_id={unknown}"), 404, "session not found"),
        (format!("?access_token={token}&session_id=%ff%00'"), 404, "session not found"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = refusal(&stage, &query).await;
        assert_eq!(refused, Some((status, text.to_owned())), "{query}");
        neighbours.chat_on(&stage, number).await;
    }
    neighbours.assert_whole().await;
}

#[tokio::test]
async fn a_token_that_has_expired_makes_no_session() {
    let stage = Stage::set(Way::Direct).await;
    let session = Session::make(stage.address()).await;
    let token = session.access_token();
    let anew = signed_again(&stage, token, |claims| claims["sub"] = json!("somebody else"));
    assert_eq!(asks_for_session(&stage, &anew).await.status, 200, "it is well signed");
    let expired = signed_again(&stage, token, |claims| claims["exp"] = claims["iat"].clone());
    is_no_good(&stage, &expired).await;
}

async fn is_no_good(stage: &Stage, token: &str) {
    let refused = asks_for_session(stage, token).await;
    assert_eq!((refused.status, &*text_of(&refused.body)), (401, "Invalid access token"));
}

#[tokio::test]
async fn invariant_14_a_chat_of_more_than_a_day_outlives_its_token() {
    for profile in PROFILES {
        let stage = Stage::set(Way::Direct).await;
        let client = stage.greeted_client(profile).await;
        let token = client.session().access_token();
        for hour in 0..25 {
            stage.world.advance_clock(SignedDuration::from_hours(1));
            chats_with_bot(&client, hour).await;
        }
        is_no_good(&stage, token).await;
        client.lose_network();
        client.sees("another socket", |screen| screen.opened == 2).await;
        let said = client.gets_across("still here").await;
        client.hears(Speaker::Bot, &format!("You said {said}")).await;
        client.assert_whole().await;

        client.end();
        let (id, wrong) = (&client.session().id, (401, "authentication failed".to_owned()));
        let query = format!("?access_token={token}&session_id={id}");
        // It may be a moment until the session has ended.
        let look = async || (refusal(&stage, &query).await? == wrong).then_some(());
        until("a refusal", look).await;
    }
}
