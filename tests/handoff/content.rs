//! What a handoff carries beside words: who the user is, choices, notes, and how long the wait is.

use baton_simulator::OauthClient;
use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::{BEGUN, Customer},
    wait::until,
    world::{FIRST_MESSAGE, Setting, World, is_queued, said},
};
use serde_json::{Value, json};

/// The end of the path by which a choice goes to Genesys.
const RESPONSE: &str = "/inbound/open/structured/response";

/// The route of the estimates.
const ESTIMATE: &str =
    "GET /api/v2/routing/queues/{queueId}/mediatypes/{mediaType}/estimatedwaittime";

async fn world_with(lines: &str) -> World {
    let handoff = format!("{FIRST_MESSAGE}\n{lines}");
    World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await
}

/// The bodies of the requests to Genesys whose path ends so.
async fn sent(world: &World, path: &str) -> Vec<Value> {
    let Value::Array(requests) = world.genesys.get("/control/v1/requests").await else {
        panic!("a list")
    };
    let is_it = |request: &Value| request["path"].as_str().is_some_and(|it| it.ends_with(path));
    let bodies = requests.into_iter().filter(is_it);
    bodies.map(|mut request| request["body"].take()).collect()
}

/// A customer to whom Dana Reyes has just offered Sales and Support.
async fn offered(world: &World) -> (Customer, Value, String) {
    let (mut customer, conversation) = world.served_customer().await;
    let offer = json!({"action": "answer", "shape": "structured-quickreply"});
    let done = world.act(&conversation, offer).await;
    customer.hears("Which team?").await;
    let message_id = done["message_id"].as_str().expect("an id").to_owned();
    (customer, conversation, message_id)
}

/// Everything that the customer said, as Genesys has it: a choice by its payload, in brackets.
fn said_or_chosen(conversation: &Value) -> Vec<String> {
    let messages = conversation["messages"].as_array().expect("a list").iter();
    let inbound = messages.filter(|message| message["direction"] == "inbound");
    let what = |message: &Value| match message["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("[{}]", message["content"][0]["buttonResponse"]["payload"]),
    };
    inbound.map(what).collect()
}

#[tokio::test]
async fn the_agent_learns_who_the_user_says_to_be() {
    let user = json!({
        "name": "Ann Lee", "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org",
        "picture": "https://example.org/ann.png",
    });
    for (lines, expected) in [
        (
            "",
            json!({
                "firstName": "Ann", "lastName": "Lee", "nickname": "Ann Lee",
                "email": "ann@example.org", "image": "https://example.org/ann.png",
            }),
        ),
        ("user_profile = false", json!({})),
    ] {
        let world = world_with(lines).await;
        let mut customer = world.customer_of(json!({"custom": {"user": user}})).await;
        customer.say("Hello").await;
        customer.sees(&BEGUN).await;
        customer.says("It is me").await;
        world.conversation(&customer, |truth| said(truth).len() == 2).await;
        for mut body in sent(&world, "/inbound/open/message").await {
            let from = body["channel"]["from"].as_object_mut().expect("a sender");
            assert!(from.remove("id").is_some() && from.remove("idType").is_some());
            assert_eq!(Value::Object(from.clone()), expected, "{lines}");
        }
    }
}

#[tokio::test]
async fn a_choice_goes_to_genesys_as_the_answer_to_what_offered_it() {
    let world = World::start().await;
    let (mut customer, _, message_id) = offered(&world).await;
    customer.says("Let me see").await;
    customer.says("Sales").await;
    customer.says("Thank you").await;
    let conversation =
        world.conversation(&customer, |truth| said_or_chosen(truth).len() == 4).await;
    let in_order = ["Hello, I need help", "Let me see", "[\"sales\"]", "Thank you"];
    assert_eq!(said_or_chosen(&conversation), in_order);
    let [body] = sent(&world, RESPONSE).await.try_into().expect("one choice");
    assert_eq!(body["originatingMessageId"], message_id);
    let chosen = json!({"type": "QuickReply", "text": "Sales", "payload": "sales"});
    assert_eq!(body["buttonResponse"], chosen);
    let ids: [&Value; 2] = [&body["channel"]["from"]["id"], &body["channel"]["messageId"]];
    assert!(ids[0] == customer.end_user_id.as_str() && ids[1].is_string());
}

#[tokio::test]
async fn the_button_of_a_card_and_a_time_are_told_as_what_they_are() {
    let world = World::start().await;
    let (mut customer, conversation) = world.served_customer().await;
    let cases = [
        ("structured-card", "Choose", "Button", "plan:premium"),
        (
            "structured-datepicker",
            "2026-05-06T10:00:00.000Z",
            "DatePicker",
            "2026-05-06T10:00:00.000Z",
        ),
    ];
    for (shape, text, kind, payload) in cases {
        world.act(&conversation, json!({"action": "answer", "shape": shape})).await;
        let offer = customer.sees(&["LIVE_AGENT_MESSAGE"]).await.remove(0);
        let offered = offer["payload"]["response_suggestions"].as_array().expect("a list");
        assert!(offered.iter().any(|one| one["message_text"] == text), "{offered:?}");
        customer.says(text).await;
        let expected = json!({"type": kind, "text": text, "payload": payload});
        until("the choice", async || {
            let last = sent(&world, RESPONSE).await.pop()?;
            (last["buttonResponse"] == expected).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_was_offered_before_the_agents_last_message_is_no_choice_any_more() {
    let world = World::start().await;
    let (mut customer, conversation, _) = offered(&world).await;
    world.act(&conversation, json!({"action": "answer", "text": "Never mind"})).await;
    customer.hears("Never mind").await;
    customer.says("Sales").await;
    world.conversation(&customer, |truth| said_or_chosen(truth).last().unwrap() == "Sales").await;
    assert!(sent(&world, RESPONSE).await.is_empty());
}

#[tokio::test]
async fn what_we_say_to_reassure_the_user_takes_no_offer_back() {
    let lines = "reassure_after_seconds = 1\nreassurance_with_agent = 'Your agent reads.'";
    let world = world_with(lines).await;
    let (mut customer, _, message_id) = offered(&world).await;
    for _ in 0..2 {
        let reassured = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&reassured), "Your agent reads.");
    }
    customer.says("Sales").await;
    let chosen = |truth: &Value| said_or_chosen(truth).last().unwrap() == "[\"sales\"]";
    world.conversation(&customer, chosen).await;
    let [body] = sent(&world, RESPONSE).await.try_into().expect("one choice");
    assert_eq!(body["originatingMessageId"], message_id);
}

#[tokio::test]
async fn what_our_bot_offered_before_a_handoff_is_no_choice_of_the_agents() {
    let bot = ScriptedBot::start(|turn| match turn["message"]["text"].as_str() {
        Some(_) => (
            200,
            json!({
                "utterance": "Which team?", "response_suggestions": ["Sales"],
                "handoff": {"text_chat": {"genesys_integration": {}}},
            }),
        ),
        None => (204, Value::Null),
    })
    .await;
    let world = with_bot(&bot, "").await;
    let mut customer = world.customer().await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    customer.says("Sales").await;
    world.conversation(&customer, |truth| said_or_chosen(truth).last().unwrap() == "Sales").await;
    assert!(sent(&world, RESPONSE).await.is_empty());
}

#[tokio::test]
async fn a_choice_that_genesys_does_not_take_reaches_the_agent_as_words() {
    let world = World::start().await;
    let (mut customer, _, _) = offered(&world).await;
    let refuse = json!({"fault": {"answer": {"status": 400}}, "matching": RESPONSE, "next": 1});
    world.faults(json!({"requests": [refuse]})).await;
    customer.says("Sales").await;
    world.conversation(&customer, |truth| said_or_chosen(truth).last().unwrap() == "Sales").await;
}

#[tokio::test]
async fn a_choice_is_not_lost_when_genesys_is_away_or_the_sidecar_restarts() {
    let mut world = World::start().await;
    let (mut customer, _, _) = offered(&world).await;
    let away = json!({"fault": {"answer": {"status": 503}}, "matching": RESPONSE, "next": 2});
    world.faults(json!({"requests": [away]})).await;
    customer.says("Sales").await;
    customer.says("as I said").await;
    world.restart_sidecar().await;
    let all = |truth: &Value| said_or_chosen(truth).len() >= 3;
    let conversation = world.conversation(&customer, all).await;
    let in_order = ["Hello, I need help", "[\"sales\"]", "as I said"];
    assert_eq!(said_or_chosen(&conversation), in_order);
}

/// How a handoff begins for a client that its bot hands over.
const HANDED_OVER: [&str; 5] = [
    "POLY_AGENT_JOINED",
    "POLY_AGENT_MESSAGE",
    "POLY_AGENT_TRIGGERED_HANDOFF",
    "POLY_AGENT_LEFT",
    "HANDOFF_ACCEPTED",
];

/// A world whose tenant has this bot, and these lines for its handoffs.
async fn with_bot(bot: &ScriptedBot, lines: &str) -> World {
    let (handoff, sections) = (lines.to_owned(), bot.section());
    World::start_with(Setting { handoff, sections, ..Setting::default() }, |_| {}).await
}

/// A bot that hands over at once, with a word.
async fn impatient_bot() -> ScriptedBot {
    ScriptedBot::start(|turn| match turn["type"].as_str() {
        Some("user_message") => (
            200,
            json!({
                "utterance": "One moment.",
                "handoff": {"text_chat": {"genesys_integration": {}}},
            }),
        ),
        _ => (204, Value::Null),
    })
    .await
}

#[tokio::test]
async fn the_estimated_wait_is_told_when_it_changes() {
    let bot = impatient_bot().await;
    let world = with_bot(&bot, "estimate_every_seconds = 10").await;
    world.switch(json!({"estimated_wait_seconds": 170})).await;
    let mut customer = world.customer().await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let status = customer.sees(&["HANDOFF_QUEUE_STATUS"]).await.remove(0);
    let expected = json!({"queue_name": "Support", "estimated_wait_seconds": 180});
    assert_eq!(status["payload"], expected);
    // Asked again, Genesys says the same, and nothing is told of that.
    let asked = world.calls(ESTIMATE).await + 2;
    until("a question", async || (world.calls(ESTIMATE).await >= asked).then_some(())).await;
    customer.says("Still waiting").await;
    world.switch(json!({"estimated_wait_seconds": 60})).await;
    let status = customer.sees(&["HANDOFF_QUEUE_STATUS"]).await.remove(0);
    assert_eq!(status["payload"]["estimated_wait_seconds"], 60);
    until("what the bot is told", async || {
        let told = |turn: &Value| turn["handover"]["data"]["estimated_wait_seconds"].as_u64();
        let waits: Vec<u64> = bot.turns().iter().filter_map(told).collect();
        (waits == [180, 60]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_an_estimate_or_the_permission_to_ask_nothing_is_told_and_nothing_is_disturbed() {
    let may_not_ask = OauthClient {
        id: "no-estimates".into(),
        secret: "secret".into(),
        permissions: OauthClient::default()
            .permissions
            .into_iter()
            .filter(|permission| permission != "routing:queue:view")
            .collect(),
    };
    for (client, estimate) in [(OauthClient::default(), Value::Null), (may_not_ask, json!(60))] {
        let handoff = format!("{FIRST_MESSAGE}\nestimate_every_seconds = 10");
        let setting = Setting { handoff, client: client.clone(), ..Setting::default() };
        let world = World::start_with(setting, |org| org.oauth_clients.push(client)).await;
        world.switch(json!({"estimated_wait_seconds": estimate})).await;
        let (mut customer, conversation) = world.waiting_customer().await;
        until("questions", async || (world.calls(ESTIMATE).await >= 2).then_some(())).await;
        customer.says("Anybody there?").await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
    }
}

#[tokio::test]
async fn what_an_in_queue_flow_says_is_shown_where_that_is_wanted_and_proves_no_agent() {
    let bot = impatient_bot().await;
    let world = with_bot(&bot, "in_queue_messages = 'show'").await;
    world.switch(json!({"queue_message": "You are number 3 in the queue."})).await;
    let mut customer = world.customer().await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let status = customer.sees(&["HANDOFF_QUEUE_STATUS"]).await.remove(0);
    assert_eq!(status["payload"], json!({"display_message": "You are number 3 in the queue."}));
    until("what the bot is told", async || {
        let of = |turn: &Value| turn["handover"].clone();
        let expected = json!({"state": "update", "text": "You are number 3 in the queue."});
        bot.turns().iter().any(|turn| of(turn) == expected).then_some(())
    })
    .await;
    customer.says("Thank you").await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn what_an_in_queue_flow_repeats_is_told_once_and_again_when_it_has_changed() {
    let world = world_with("in_queue_messages = 'show'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    for text in ["You are third.", "You are third.", "You are second.", "You are third."] {
        world.act(&conversation, json!({"action": "bot_answer", "text": text})).await;
    }
    let told = customer.sees(&["HANDOFF_QUEUE_STATUS"; 3]).await;
    let words = told.iter().map(|status| status["payload"]["display_message"].clone());
    let words: Vec<Value> = words.collect();
    assert_eq!(words, ["You are third.", "You are second.", "You are third."]);
    customer.says("I can wait").await;
}

#[tokio::test]
async fn a_choice_that_an_in_queue_flow_offers_is_answered_as_one() {
    let world = world_with("in_queue_messages = 'show'").await;
    let (mut customer, conversation) = world.waiting_customer().await;
    let offer = json!({"action": "bot_answer", "shape": "structured-quickreplyv2"});
    world.act(&conversation, offer).await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
    customer.says("Support").await;
    let chosen = |truth: &Value| said_or_chosen(truth).last().unwrap() == "[\"support\"]";
    world.conversation(&customer, chosen).await;
}

#[tokio::test]
async fn what_an_in_queue_flow_says_is_hidden_by_default() {
    let bot = impatient_bot().await;
    let world = with_bot(&bot, "").await;
    world.switch(json!({"flow_message": "Welcome!", "queue_message": "Please wait."})).await;
    let mut customer = world.customer().await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    until("the states", async || (bot.states() == ["queued", "active"]).then_some(())).await;
}

#[tokio::test]
async fn without_a_note_the_transcript_comes_first_and_nothing_is_said_of_the_leaving() {
    let bot = impatient_bot().await;
    let world = with_bot(&bot, "joined_note = ''\nleft_note = ''").await;
    let mut customer = world.customer().await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let conversation = world.conversation(&customer, is_queued).await;
    let [transcript] = said(&conversation).try_into().expect("one message");
    assert!(transcript.contains("an agent please"), "{transcript}");
    customer.end().await;
    let ended = |truth: &Value| truth["state"] == "ended";
    let conversation = world.conversation(&customer, ended).await;
    assert_eq!(said(&conversation).len(), 1);
}

#[tokio::test]
async fn a_handoff_with_nothing_else_to_say_says_the_usual_note() {
    let handoff = "joined_note = ''\ntranscript_messages = 0".to_owned();
    let world = World::start_with(Setting { handoff, ..Setting::default() }, |_| {}).await;
    let customer = world.customer().await;
    assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
    let conversation = world.conversation(&customer, is_queued).await;
    assert_eq!(said(&conversation), ["User joined the conversation"]);
}
