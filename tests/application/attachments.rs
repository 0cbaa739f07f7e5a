//! What the user of an application attaches reaches the agent as a file that Genesys fetches.

use baton_tests::{
    application::Application,
    sidecar::end_user_id,
    world::{Setting, World, is_queued},
};
use serde_json::{Value, json};

const MESSAGE: &str = "/inbound/open/message";

/// A world whose tenant's handoffs are as these lines say.
async fn world(handoff: &str) -> World {
    let setting = Setting { handoff: handoff.to_owned(), ..Setting::default() };
    World::start_with(setting, |_| {}).await
}

/// The session's conversation, once it is as it is wanted.
async fn conversation(world: &World, session: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    world.conversation_of(&end_user_id(world.internal, session).await, wanted).await
}

/// A session that waits for an agent, and the number of messages that are for the agent.
async fn handed_over(world: &World, application: &Application) -> (String, usize) {
    let session = application.opens(&json!({})).await;
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let waits = |truth: &Value| is_queued(truth) && !said(truth).is_empty();
    let waiting = conversation(world, &session, waits).await;
    let before = said(&waiting).len();
    (session, before)
}

/// What the customer said: text and content of each message.
fn said(truth: &Value) -> Vec<(Value, Value)> {
    let messages = truth["messages"].as_array().expect("a list").iter();
    let inbound = messages.filter(|message| message["direction"] == "inbound");
    inbound.map(|message| (message["text"].clone(), message["content"].clone())).collect()
}

/// The content of a message with this file.
fn file(kind: &str, url: &str, mime: &str) -> Value {
    let attachment = json!({"mediaType": kind, "url": url, "mime": mime});
    json!([{"contentType": "Attachment", "attachment": attachment}])
}

#[tokio::test]
async fn what_a_user_attaches_reaches_the_agent_as_a_file_after_the_words() {
    let world = world("").await;
    let application = world.application();
    let (session, before) = handed_over(&world, &application).await;
    let message = json!({
        "text": "See these",
        "message_id": "m-1",
        "attachments": [
            {"url": "https://files.example.com/bill.pdf?id=7", "title": "The bill"},
            {"url": "https://files.example.com/7", "media_type": "image/png"},
            {"url": "http://files.example.com/voice.mp3"},
            {"url": "https://10.0.0.1/inside.mp4"},
            {"url": "https://example.com/help"},
        ],
    });
    for _repeated in 0..2 {
        application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
    }
    let alone = json!({"attachments": [{"url": "https://files.example.com/a.mp4"}]});
    application.posts(&format!("sessions/{session}/messages"), &alone, 204).await;
    let all = |truth: &Value| said(truth).len() >= before + 4;
    let got = said(&conversation(&world, &session, all).await).split_off(before);
    let words = "See these\nhttp://files.example.com/voice.mp3\nhttps://10.0.0.1/inside.mp4\n\
                 https://example.com/help";
    let bill = file("File", "https://files.example.com/bill.pdf?id=7", "application/pdf");
    let expected = [
        (json!(words), Value::Null),
        (json!("The bill"), bill),
        (Value::Null, file("Image", "https://files.example.com/7", "image/png")),
        (Value::Null, file("Video", "https://files.example.com/a.mp4", "video/mp4")),
    ];
    assert_eq!(got, expected);
    let counters = world.genesys.get("/control/v1/counters").await;
    assert_eq!(counters["unknown_fields"], json!({}));
}

#[tokio::test]
async fn a_file_that_genesys_does_not_take_reaches_the_agent_as_words() {
    let world = world("").await;
    let application = world.application();
    let (session, before) = handed_over(&world, &application).await;
    let refuse = json!({"fault": {"answer": {"status": 400}}, "matching": MESSAGE, "next": 1});
    world.faults(json!({"requests": [refuse]})).await;
    let url = "https://files.example.com/bill.pdf";
    let message = json!({"attachments": [{"url": url, "title": "The bill"}]});
    application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
    let all = |truth: &Value| said(truth).len() > before;
    let got = conversation(&world, &session, all).await;
    assert_eq!(said(&got)[before..], [(json!(format!("The bill: {url}")), Value::Null)]);
}

#[tokio::test]
async fn a_file_is_not_lost_when_genesys_is_away_or_the_sidecar_restarts() {
    let mut world = world("").await;
    let application = world.application();
    let (session, before) = handed_over(&world, &application).await;
    let away = json!({"fault": {"answer": {"status": 503}}, "matching": MESSAGE, "next": 2});
    world.faults(json!({"requests": [away]})).await;
    let url = "https://files.example.com/s.webp";
    let message = json!({"attachments": [{"url": url}]});
    application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
    world.restart_sidecar().await;
    let all = |truth: &Value| said(truth).len() > before;
    let got = conversation(&world, &session, all).await;
    assert_eq!(said(&got)[before..], [(Value::Null, file("Image", url, "image/webp"))]);
}

#[tokio::test]
async fn a_first_message_that_begins_the_handoff_takes_its_files_along() {
    let world = world("start = 'first_message'").await;
    let application = world.application();
    let url = "https://files.example.com/s.png";
    let attachments = json!([{"url": url, "title": "It"}]);
    let in_words = format!("It: {url}");
    for (text, expected) in [
        (
            "Help",
            vec![(json!("Help"), Value::Null), (json!("It"), file("Image", url, "image/png"))],
        ),
        // A handoff begins with words.
        ("", vec![(json!(in_words), Value::Null)]),
    ] {
        let session = application.opens(&json!({})).await;
        let message = json!({"text": text, "attachments": attachments});
        application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
        conversation(&world, &session, |truth| said(truth).ends_with(&expected)).await;
    }
}
