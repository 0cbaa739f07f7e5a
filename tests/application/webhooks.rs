//! What happens is told to an application's endpoint: signed, each session's events in order, and
//! until it has them.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use baton_simulator::OauthClient;
use baton_tests::{
    application::{Application, Received, WebhookReceiver, kind_of},
    setting::{SANDBOX_APPLICATION_KEY, WEBHOOK_SECRET},
    wait::until,
    world::{Halt, Setting, World},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// Verifies a webhook as an application does, by the convention's own words: the signature is of
/// id, time and body with dots between them.
fn verify(received: &Received) {
    let (id, at) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let mut signed = format!("{id}.{at}.").into_bytes();
    signed.extend_from_slice(&received.body);
    let secret = STANDARD.decode(WEBHOOK_SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap().chain_update(&signed);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(received.header("webhook-signature"), expected);
    let age = jiff::Timestamp::now().as_second() - at.parse::<i64>().expect("a time");
    assert!((-5..300).contains(&age), "{age}");
    assert_eq!(received.header("content-type"), "application/json");
}

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(|one| kind_of(&one.json())).collect()
}

async fn world(sections: String) -> World {
    let setting = Setting { handoff: String::new(), sections, ..Setting::default() };
    World::start_with(setting, |_| {}).await
}

async fn receives(receiver: &WebhookReceiver, count: usize) -> Vec<Received> {
    let all = async || Some(receiver.received()).filter(|received| received.len() >= count);
    let received = until("webhooks", all).await;
    received.iter().for_each(verify);
    received
}

/// A session that begins, is handed over and ends; its events.
async fn chat(world: &World) -> Vec<Value> {
    let application = world.application();
    let session = application.opens(&json!({"external_id": "chat-1"})).await;
    let path = |action: &str| format!("sessions/{session}/{action}");
    application.posts(&path("handoff"), &json!({}), 202).await;
    application.follows(&session, None).await.waits_for("HANDOFF_ACCEPTED").await;
    application.posts(&path("end"), &Value::Null, 204).await;
    application.follows(&session, None).await.kinds_to_the_end().await;
    application.events(&session, 0).await
}

#[tokio::test]
async fn an_endpoint_is_told_of_every_event_in_order() {
    let receiver = WebhookReceiver::start(&[]).await;
    let world = world(receiver.section("")).await;
    let events = chat(&world).await;
    let received = receives(&receiver, events.len()).await;
    let told: Vec<Value> = received.iter().map(|one| one.json()["data"]["event"].clone()).collect();
    assert_eq!(told, events);
    let first = received[0].json();
    assert_eq!(first["type"], "EVENT_TYPE_SESSION_START");
    assert_eq!(first["timestamp"], events[0]["timestamp"]);
    let session = &first["data"]["session"];
    assert_eq!(session["external_id"], "chat-1");
    assert_eq!(session["client_env"], "live");
    let ids: BTreeSet<&str> = received.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids.len(), received.len());
}

#[tokio::test]
async fn a_webhook_that_fails_comes_again_under_the_same_id_before_any_other_of_its_session() {
    let receiver = WebhookReceiver::start(&[500, 302, 429]).await;
    let world = world(receiver.section("")).await;
    let session = world.application().opens(&json!({})).await;
    world.application().posts(&format!("sessions/{session}/end"), &Value::Null, 204).await;
    let received = receives(&receiver, 5).await;
    let ids: Vec<&str> = received.iter().map(|one| one.header("webhook-id")).collect();
    assert!(ids[..4].iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_ne!(ids[4], ids[0]);
    assert!(received[..4].iter().all(|one| one.body == received[0].body));
}

#[tokio::test]
async fn a_session_whose_webhooks_are_not_taken_stops_no_other_session() {
    for status in [404, 401, 503] {
        let receiver = WebhookReceiver::start(&[]).await;
        let world = world(receiver.section("")).await;
        let application = world.application();
        let stuck = application.opens(&json!({})).await;
        receives(&receiver, 1).await;
        receiver.refuse(&stuck, status);
        application.posts(&format!("sessions/{stuck}/end"), &Value::Null, 204).await;
        receives(&receiver, 2).await;
        let other = application.opens(&json!({})).await;
        application.posts(&format!("sessions/{other}/end"), &Value::Null, 204).await;
        let told = async || {
            let received = receiver.received();
            let of_other =
                received.iter().filter(|one| one.json()["data"]["session"]["id"] == *other);
            let kinds: Vec<_> = of_other.map(|one| kind_of(&one.json())).collect();
            kinds.ends_with(&["SESSION_END".to_owned()]).then_some(())
        };
        until("the end of the other session", told).await;
    }
}

#[tokio::test]
async fn what_was_not_taken_before_a_restart_is_taken_after_it() {
    for halt in Halt::BOTH {
        let receiver = WebhookReceiver::start(&[503; 1_000]).await;
        let mut world = world(receiver.section("")).await;
        let session = world.application().opens(&json!({})).await;
        receives(&receiver, 1).await;
        world.halt_sidecar(halt).await;
        receiver.answer(&[]);
        let before = receiver.received().len();
        world.start_sidecar_again().await;
        let received = receives(&receiver, before + 1).await;
        let last = received.last().expect("one");
        assert_eq!(last.json()["data"]["session"]["id"], session.as_str());
        assert_eq!(last.header("webhook-id"), received[0].header("webhook-id"));
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_not_told_again() {
    let receiver = WebhookReceiver::start(&[410]).await;
    let world = world(receiver.section("")).await;
    world.application().opens(&json!({})).await;
    world.application().opens(&json!({})).await;
    let received = receives(&receiver, 2).await;
    assert_ne!(received[0].header("webhook-id"), received[1].header("webhook-id"));
}

#[tokio::test]
async fn what_an_endpoint_never_took_is_replayed_to_it_under_the_same_id() {
    let receiver = WebhookReceiver::start(&[410]).await;
    let world = world(receiver.section("")).await;
    world.application().opens(&json!({})).await;
    let letters = async || {
        let answer = world.operate("GET", "/internal/v1/dead_letters?kind=notification", "").await;
        let page: Value = serde_json::from_slice(&answer.body).expect("JSON");
        page["dead_letters"].as_array().expect("a list").clone()
    };
    let one = async || letters().await.into_iter().next();
    let letter = until("a dead letter", one).await;
    let reason = letter["reason"].as_str().expect("a sentence");
    assert!(reason.starts_with("the endpoint answered 410 Gone"), "{reason}");
    assert!(reason.contains("take it out of tenants.webhooks"), "{reason}");
    let path = format!("/internal/v1/dead_letters/{}/replay", letter["id"]);
    assert_eq!(world.operate("POST", &path, "").await.status, 204);
    let received = receives(&receiver, 2).await;
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert!(letters().await.is_empty());
}

#[tokio::test]
async fn an_endpoint_gets_only_what_it_asked_for_and_also_of_chat_clients() {
    let receiver = WebhookReceiver::start(&[]).await;
    let world = world(receiver.section("events = ['EVENT_TYPE_SESSION_END']")).await;
    chat(&world).await;
    let mut customer = world.customer().await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    let received = receives(&receiver, 2).await;
    assert_eq!(kinds(&received), ["SESSION_END", "SESSION_END"]);
    let session = &received[1].json()["data"]["session"];
    assert_eq!(session["id"], customer.session.id.as_str());
    assert_eq!(session["external_id"], Value::Null);
}

#[tokio::test]
async fn an_endpoint_is_told_once_of_a_chat_that_a_restore_ended() {
    let (of_ends, of_starts) =
        (WebhookReceiver::start(&[]).await, WebhookReceiver::start(&[]).await);
    let of = |receiver: &WebhookReceiver, kind: &str| {
        receiver.section(&format!("events = ['EVENT_TYPE_SESSION_{kind}']"))
    };
    let sections = of(&of_ends, "END") + &of(&of_starts, "START");
    let mut world = world(sections).await;
    let end = async |world: &World, session: &str| {
        let path = format!("sessions/{session}/end");
        world.application().posts(&path, &Value::Null, 204).await;
    };
    let opens = async |world: &World| world.application().opens(&json!({})).await;
    let (over, open) = (opens(&world).await, opens(&world).await);
    end(&world, &over).await;
    receives(&of_ends, 1).await;
    receives(&of_starts, 2).await;
    let backup = world.back_up().await;

    world.restore(&backup).await;
    let received = receives(&of_ends, 2).await;
    let told = received[1].json();
    assert_eq!(told["data"]["session"]["id"], *open);
    assert_eq!(told["data"]["event"]["payload"]["reason"], "REASON_SYSTEM_RESTORED");
    let events = world.application().events(&open, 0).await;
    assert_eq!(Some(&told["data"]["event"]), events.last());
    world.restart_sidecar().await;
    let next = opens(&world).await;
    end(&world, &next).await;
    let received = receives(&of_ends, 3).await;
    assert_eq!(received[2].json()["data"]["session"]["id"], *next);
    receives(&of_starts, 3).await;
    assert_eq!(kinds(&of_starts.received()), ["SESSION_START"; 3]);
    assert_eq!(of_ends.received().len(), 3, "nobody is told twice");
}

#[tokio::test]
async fn an_endpoint_of_a_tenant_that_is_away_is_told_of_a_restore_when_the_tenant_is_back() {
    let receiver = WebhookReceiver::start(&[]).await;
    let sandbox = OauthClient::default();
    let setting = Setting {
        handoff: String::new(),
        sections: receiver.section("events = ['EVENT_TYPE_SESSION_END']"),
        sandbox: Some(sandbox.clone()),
        ..Setting::default()
    };
    let mut world = World::start_with(setting, |_| {}).await;
    let key = SANDBOX_APPLICATION_KEY.to_owned();
    let of_sandbox = Application { key, ..world.application() }.opens(&json!({})).await;
    let own = world.application().opens(&json!({})).await;
    let backup = world.back_up().await;
    let told = |received: &[Received]| {
        let session = |one: &Received| one.json()["data"]["session"]["id"].clone();
        received.iter().map(session).collect::<Vec<_>>()
    };

    world.configure_sandbox(None);
    world.restore(&backup).await;
    assert_eq!(told(&receives(&receiver, 1).await), [json!(own)]);
    world.configure_sandbox(Some(sandbox));
    world.restart_sidecar().await;
    assert_eq!(told(&receives(&receiver, 2).await), [json!(own), json!(of_sandbox)]);
}
