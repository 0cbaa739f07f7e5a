//! Sessions that an application opens, hands over, and follows.

use baton_tests::{
    application::{Application, kind_of},
    bot::ScriptedBot,
    sidecar::end_user_id,
    wait::until,
    world::{SANDBOX_APPLICATION_KEY, Setting, World, is_queued, said},
};
use serde_json::{Value, json};

/// A world in which a handoff begins when it is asked for.
async fn world() -> World {
    World::start_with(Setting { handoff: String::new(), ..Setting::default() }, |_| {}).await
}

/// The conversation of a session, once it is as it is wanted.
async fn conversation(world: &World, session_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end_user_id = end_user_id(world.internal, session_id).await;
    world.conversation_of(&end_user_id, wanted).await
}

#[tokio::test]
async fn an_application_hands_its_user_over_and_follows_the_chat_to_its_end() {
    let world = world().await;
    let application = world.application();
    let session = application.opens(&json!({"external_id": "chat-1"})).await;
    let path = |action: &str| format!("sessions/{session}/{action}");
    let mut events = application.follows(&session, None).await;
    assert_eq!(events.status, 200);
    let order = json!({
        "message": "I want a human",
        "reason": "billing",
        "routing": {"queue": "Sales"},
        "attributes": {"vip": true},
        "data": {"customer_id": 7},
        "transcript": [
            {"speaker": "bot", "text": "Hello from elsewhere", "at": "2026-05-07T12:00:00Z"},
            {"speaker": "user", "text": "My bill is wrong"},
        ],
    });
    application.posts(&path("handoff"), &order, 202).await;
    application.posts(&path("handoff"), &order, 409).await;
    events.waits_for("HANDOFF_ACCEPTED").await;
    let waiting =
        conversation(&world, &session, |truth| is_queued(truth) && said(truth).len() == 2).await;
    let words = said(&waiting);
    assert_eq!(words[0], "I want a human");
    assert!(words[1].contains("Hello from elsewhere") && words[1].contains("My bill is wrong"));
    let participants = waiting["participants"].as_array().expect("a list");
    let customer = participants.iter().find(|one| one["purpose"] == "customer");
    let attributes = &customer.expect("a customer")["attributes"];
    for (name, value) in [("queueName", "Sales"), ("vip", "1"), ("handoffReason", "billing")] {
        assert_eq!(attributes[name], value, "{attributes}");
    }
    assert_eq!(attributes["customer_id"], Value::Null);

    world.act(&waiting, json!({"action": "accept", "user": "Dana"})).await;
    events.waits_for("LIVE_AGENT_JOINED").await;
    world.act(&waiting, json!({"action": "answer", "text": "How can I help?"})).await;
    let heard = events.waits_for("LIVE_AGENT_MESSAGE").await;
    assert_eq!(heard.data["payload"]["text"], "How can I help?");
    let message = json!({
        "text": "See this",
        "message_id": "m-1",
        "attachments": [{"url": "https://example.com/bill/7", "title": "The bill"}],
    });
    // The second is a repetition.
    application.posts(&path("messages"), &message, 204).await;
    application.posts(&path("messages"), &message, 204).await;
    application.posts(&path("typing"), &Value::Null, 204).await;
    let echo = events.waits_for("USER_MESSAGE").await;
    let text = "See this\nThe bill: https://example.com/bill/7";
    assert_eq!(echo.data["payload"]["text"], text);
    let got = conversation(&world, &session, |truth| said(truth).len() == 3).await;
    assert_eq!(said(&got)[2], text);

    world.act(&waiting, json!({"action": "end"})).await;
    assert_eq!(events.kinds_to_the_end().await, ["LIVE_AGENT_LEFT", "SESSION_END"]);
    application.posts(&path("messages"), &json!({"text": "Hello?"}), 409).await;
    application.posts(&path("end"), &Value::Null, 409).await;
}

#[tokio::test]
async fn invariant_5_a_stream_that_broke_goes_on_after_the_last_event_that_came() {
    let mut world = world().await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    let mut events = application.follows(&session, None).await;
    assert_eq!(kind_of(&events.next().await.expect("the start").data), "SESSION_START");
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let triggered = events.waits_for("POLY_AGENT_TRIGGERED_HANDOFF").await;
    world.restart_sidecar().await;
    let mut again = application.follows(&session, triggered.id).await;
    let accepted = again.waits_for("HANDOFF_ACCEPTED").await;
    assert_eq!(accepted.id, triggered.id.map(|id| id + 1));
    application.posts(&format!("sessions/{session}/end"), &Value::Null, 204).await;
    let kinds = again.kinds_to_the_end().await;
    assert_eq!(kinds.last().map(String::as_str), Some("SESSION_END"));
    let logged = application.events(&session, 0).await;
    let numbers: Vec<u64> =
        logged.iter().map(|event| event["sequence"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=logged.len() as u64).collect::<Vec<_>>());
    // An `EventSource` that comes again is told that nothing follows.
    let nothing = application.follows(&session, numbers.last().copied()).await;
    assert_eq!(nothing.status, 204);
}

#[tokio::test]
async fn the_agents_typing_is_shown_without_a_place_in_the_log() {
    let world = world().await;
    world.switch(json!({"typing_outbound": true})).await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let mut events = application.follows(&session, None).await;
    let waiting = conversation(&world, &session, is_queued).await;
    world.act(&waiting, json!({"action": "accept", "user": "Dana"})).await;
    events.waits_for("LIVE_AGENT_JOINED").await;
    world.act(&waiting, json!({"action": "type"})).await;
    assert_eq!(events.waits_for("LIVE_AGENT_TYPING").await.id, None);
}

#[tokio::test]
async fn the_same_external_id_is_the_same_session_for_one_tenant() {
    let sandbox = baton_simulator::OauthClient::default();
    let setting = Setting { sandbox: Some(sandbox), ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let application = world.application();
    let body = json!({"external_id": "chat-1"});
    let answers = tokio::join!(
        application.ask("POST", "sessions", &body),
        application.ask("POST", "sessions", &body),
        application.ask("POST", "sessions", &body),
    );
    let answers = [answers.0, answers.1, answers.2];
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    let ids: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let opened: Value = serde_json::from_slice(&answer.body).expect("JSON");
            opened["session_id"].clone()
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    let stranger = Application { key: SANDBOX_APPLICATION_KEY.to_owned(), ..application.clone() };
    assert_ne!(stranger.opens(&body).await, ids[0]);
    let session = ids[0].as_str().expect("an id");
    for (method, action) in [
        ("POST", "messages"),
        ("POST", "handoff"),
        ("POST", "typing"),
        ("POST", "end"),
        ("GET", "events"),
    ] {
        let path = format!("sessions/{session}/{action}");
        let answer = stranger.ask(method, &path, &json!({"text": "x"})).await;
        assert_eq!(answer.status, 404, "{action}");
    }
    assert_eq!(application.events(session, 0).await.len(), 1);
}

#[tokio::test]
async fn the_projects_bot_answers_an_application_too() {
    let bot = ScriptedBot::start(|turn| {
        let text = turn["message"]["text"].as_str().unwrap_or_default();
        (200, json!({ "utterance": format!("You said {text}") }))
    })
    .await;
    let setting = Setting { handoff: String::new(), sections: bot.section(), ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let application = world.application();
    let facts = json!({
        "external_id": "chat-7",
        "platform": "whatsapp",
        "custom": {"plan": "gold"},
        "user": {"name": "Ann"},
    });
    let session = application.opens(&facts).await;
    let message = json!({"text": "hello"});
    application.posts(&format!("sessions/{session}/messages"), &message, 204).await;
    let answered = async || {
        let events = application.events(&session, 0).await;
        let heard = events.iter().find(|event| kind_of(event) == "POLY_AGENT_MESSAGE")?;
        Some(heard["payload"]["text"].clone())
    };
    assert_eq!(until("an answer", answered).await, "You said hello");
    let told = &bot.turns()[0]["session"];
    assert_eq!(told["external_id"], "chat-7");
    assert_eq!(told["platform"], "whatsapp");
    assert_eq!(told["custom"], json!({"plan": "gold", "user": {"name": "Ann"}}));
}

#[tokio::test]
async fn without_a_bot_and_a_handoff_nobody_takes_a_message() {
    let world = world().await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    let message = json!({"text": "hello"});
    application.posts(&format!("sessions/{session}/messages"), &message, 409).await;
}

#[tokio::test]
async fn an_application_may_name_a_destination_of_the_project() {
    let sections = "[[tenants.destinations]]\nname = 'billing'\nqueue = 'Billing'\n\
                    [[tenants.destinations]]\nname = 'phone'\nroute = 'https://example.com/call'\n";
    let setting =
        Setting { handoff: String::new(), sections: sections.to_owned(), ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    let path = format!("sessions/{session}/handoff");
    application.posts(&path, &json!({"destination": "nowhere"}), 400).await;
    application.posts(&path, &json!({"destination": "phone"}), 400).await;
    let order = json!({"destination": "billing", "routing": {"queue": "Sales", "priority": 3}});
    application.posts(&path, &order, 202).await;
    let waiting = conversation(&world, &session, |truth| !said(truth).is_empty()).await;
    let participants = waiting["participants"].as_array().expect("a list");
    let customer = participants.iter().find(|one| one["purpose"] == "customer");
    let attributes = &customer.expect("a customer")["attributes"];
    assert_eq!(
        (&attributes["queueName"], &attributes["priority"]),
        (&json!("Billing"), &json!("3"))
    );
}

#[tokio::test]
async fn a_user_whose_application_is_not_connected_does_not_count_as_gone() {
    let setting = Setting { handoff: "abandon_after_seconds = 1".to_owned(), ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let application = world.application();
    let session = application.opens(&json!({})).await;
    application.posts(&format!("sessions/{session}/handoff"), &json!({}), 202).await;
    let waiting = conversation(&world, &session, is_queued).await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    world.act(&waiting, json!({"action": "accept", "user": "Dana"})).await;
    application.follows(&session, None).await.waits_for("LIVE_AGENT_JOINED").await;
}
