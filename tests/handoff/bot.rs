//! The bot has the chat first, gives it up, and may get it back.

use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{POST, Setting, World, is_queued, said},
};
use serde_json::{Value, json};

/// How a handoff begins for a client, once its bot was there.
pub(crate) const HANDED_OVER: [&str; 4] =
    ["POLY_AGENT_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT", "HANDOFF_ACCEPTED"];

/// How the bot comes for a client, if it has nothing to say.
pub(crate) const BOT_CAME: [&str; 2] = ["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED"];

/// Repeats what the user writes, and gives up at the word "agent".
pub(crate) fn hands_over(turn: &Value) -> (u16, Value) {
    let text = turn["message"]["text"].as_str().unwrap_or_default();
    let hints = json!({"queue": "Sales", "skills": ["billing"], "priority": 7, "vip": true});
    match turn["type"].as_str() {
        Some("session_start") => (200, json!({"utterance": "How can I help?"})),
        Some("user_message") if text.contains("agent") => (
            200,
            json!({
                "utterance": "One moment.",
                "handoff": {"text_chat": {"genesys_integration": hints}},
            }),
        ),
        Some("user_message") => (200, json!({ "utterance": format!("You said {text}") })),
        _ => (204, Value::Null),
    }
}

/// A world whose tenant has this bot, and these lines for its handoffs.
pub(crate) async fn world(bot: &ScriptedBot, handoff: &str) -> World {
    let (sections, handoff) = (bot.section(), handoff.to_owned());
    World::start_with(Setting { handoff, sections, ..Setting::default() }, |_| {}).await
}

/// A customer whom the bot has greeted.
pub(crate) async fn greeted(world: &World) -> Customer {
    let mut customer = world.customer().await;
    customer.joins().await;
    let seen = customer
        .sees(&["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"])
        .await;
    assert_eq!(seen[1]["payload"]["agent_name"], "Ada");
    assert_eq!(text_of(&seen[2]), "How can I help?");
    customer
}

/// The bot is told of these states of handovers, in order, and of no others.
pub(crate) async fn bot_is_told(bot: &ScriptedBot, states: &[&str]) {
    until("the states of the handover", async || (bot.states() == states).then_some(())).await;
}

#[tokio::test]
async fn the_bot_answers_until_it_hands_over_and_is_told_how_that_goes() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "agent_name = 'full'").await;
    let mut customer = greeted(&world).await;
    customer.says("my order").await;
    let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    assert_eq!(text_of(&answer), "You said my order");

    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    customer.says("There you are").await;
    let is_there = |truth: &Value| said(truth).last() == Some(&"There you are");
    world.conversation(&customer, is_there).await;
    world.act(&conversation, json!({"action": "end"})).await;
    customer.sees_the_end().await;

    bot_is_told(&bot, &["queued", "active", "completed"]).await;
    let told = |text: &str| bot.turns().iter().any(|turn| turn["message"]["text"] == text);
    assert!(told("my order") && !told("There you are"));
    let turns = bot.turns();
    assert_eq!(turns[0]["session"]["id"], customer.session.id.as_str());
    until("the end", async || (bot.turns().last()?["type"] == "session_end").then_some(())).await;
}

#[tokio::test]
async fn the_agent_gets_what_was_said_and_the_flow_what_it_routes_by() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "").await;
    let mut customer = greeted(&world).await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let has_two = |truth: &Value| said(truth).len() == 2;
    let conversation = world.conversation(&customer, has_two).await;
    let said = said(&conversation);
    assert_eq!(said[0], "User joined the conversation");
    for part in ["What was said before", "How can I help?", "an agent please", "One moment."] {
        assert!(said[1].contains(part), "{}", said[1]);
    }
    let participants = conversation["participants"].as_array().expect("a list");
    let customer = participants.iter().find(|one| one["purpose"] == "customer");
    let attributes = &customer.expect("a customer")["attributes"];
    for (name, value) in
        [("queueName", "Sales"), ("mySkills", "billing"), ("priority", "7"), ("vip", "1")]
    {
        assert_eq!(attributes[name], value, "{attributes}");
    }
}

#[tokio::test]
async fn after_the_agent_the_bot_has_the_chat_again() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "after = 'keep_open'").await;
    let mut customer = greeted(&world).await;
    for _ in 0..2 {
        customer.says("an agent please").await;
        customer.sees(&HANDED_OVER).await;
        let conversation = world.conversation(&customer, is_queued).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees(&["LIVE_AGENT_LEFT", "SESSION_START", "POLY_AGENT_JOINED"]).await;
        customer.says("still there?").await;
        let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&answer), "You said still there?");
    }
}

#[tokio::test]
async fn a_user_who_waits_too_long_is_left_with_the_bot() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "longest_wait_seconds = 1").await;
    let mut customer = greeted(&world).await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    customer.sees(&["HANDOFF_TIMEOUT", "POLY_AGENT_JOINED"]).await;
    customer.says("well then").await;
    let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    assert_eq!(text_of(&answer), "You said well then");
    bot_is_told(&bot, &["queued", "error"]).await;
}

#[tokio::test]
async fn a_bot_that_is_down_is_apologised_for_and_tried_again() {
    let bot = ScriptedBot::start(|turn| match turn["message"]["text"].as_str() {
        Some("break") => (400, Value::Null),
        _ => hands_over(turn),
    })
    .await;
    let world = world(&bot, "").await;
    let mut customer = greeted(&world).await;
    customer.says("break").await;
    let sorry = customer.sees(&["SYSTEM_MESSAGE"]).await.remove(0);
    let text = "Sorry, I'm having trouble responding right now. Please try again.";
    assert_eq!(sorry["payload"]["message"], text);
    customer.says("again").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
}

#[tokio::test]
async fn for_a_bot_that_is_down_a_human_may_take_over() {
    let bot = ScriptedBot::start(|turn| match turn["type"].as_str() {
        Some("user_message") => (500, Value::Null),
        _ => (204, Value::Null),
    })
    .await;
    let sections = format!("{}when_down = 'hand_over'", bot.section());
    let world = World::start_with(
        Setting { handoff: String::new(), sections, ..Setting::default() },
        |_| {},
    )
    .await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    customer.says("Hello?").await;
    customer.sees(&HANDED_OVER[1..]).await;
}

#[tokio::test]
async fn a_bot_that_is_down_hands_nobody_over_who_has_said_nothing() {
    let bot = ScriptedBot::start(|_| (400, Value::Null)).await;
    let sections = format!("{}when_down = 'hand_over'", bot.section());
    let setting = Setting { handoff: String::new(), sections, ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    customer.sees(&["SYSTEM_MESSAGE"]).await;
    assert!(world.conversations(&customer).await.is_empty());
    customer.says("Hello?").await;
    customer.sees(&HANDED_OVER[1..]).await;
}

#[tokio::test]
async fn what_nobody_here_can_do_is_told_to_the_client_and_to_the_bot() {
    let bot = ScriptedBot::start(|turn| match turn["message"]["text"].as_str() {
        Some("zendesk") => (200, json!({"handoff": {"text_chat": {"zendesk_integration": {}}}})),
        Some("far away") => (200, json!({"destination": "x".repeat(100), "reason": "POLICY"})),
        Some("phone") => (200, json!({"destination": "phone", "reason": "wants a call"})),
        Some("billing") => (200, json!({"handoff": {"destination": "billing"}})),
        Some(_) => (200, json!({"utterance": "Well."})),
        None => match turn["handover"]["reason"].as_str() {
            Some("unsupported: zendesk") => (200, json!({"utterance": "I am back."})),
            _ => (204, Value::Null),
        },
    })
    .await;
    let destinations = "
        [[tenants.destinations]]
        name = 'phone'
        route = 'https://example.com/call'
        [[tenants.destinations]]
        name = 'billing'
        queue = 'Billing'";
    let sections = format!("{}{destinations}", bot.section());
    let setting = Setting { handoff: String::new(), sections, ..Setting::default() };
    let mut world = World::start_with(setting, |_| {}).await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    let ladder = ["POLY_AGENT_TRIGGERED_HANDOFF", "CLIENT_HANDOFF_REQUIRED", "POLY_AGENT_LEFT"];
    let required = |seen: Vec<Value>| seen[1]["payload"].clone();
    customer.says("zendesk").await;
    let to_client = json!({"reason": "AGENT_DECISION", "queue_name": "zendesk"});
    assert_eq!(required(customer.sees(&ladder).await), to_client);
    // It is said who answers next, once.
    let seen = customer.sees(&["POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"]).await;
    assert_eq!(seen[0]["payload"]["agent_name"], "Ada");
    assert_eq!(text_of(&seen[1]), "I am back.");
    customer.says("what now?").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;

    customer.says("far away").await;
    let to_client = json!({"reason": "POLICY", "queue_name": "x".repeat(64)});
    let seen = customer.sees(&ladder).await;
    let left = seen[2].clone();
    assert_eq!(required(seen), to_client);
    bot_is_told(&bot, &["error", "error"]).await;
    let told = bot.turns().pop().expect("a turn");
    assert_eq!(told["handover"]["reason"], format!("unsupported: {}", "x".repeat(64)));
    world.restart_sidecar().await;
    customer.reconnect_after(&left).await;

    customer.says("phone").await;
    let to_client = json!({
        "reason": "AGENT_DECISION", "queue_name": "phone", "route": "https://example.com/call",
    });
    assert_eq!(required(customer.sees(&ladder).await), to_client);
    customer.says("and now?").await;
    customer.sees(&["POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"]).await;
    customer.says("billing").await;
    customer.sees(&HANDED_OVER[1..]).await;
}

#[tokio::test]
async fn a_bot_that_always_wants_who_is_not_there_is_not_asked_round_and_round() {
    let bot = ScriptedBot::start(|_| (200, json!({"destination": "nowhere"}))).await;
    let world = world(&bot, "").await;
    let mut customer = world.customer().await;
    let ladder = ["POLY_AGENT_TRIGGERED_HANDOFF", "CLIENT_HANDOFF_REQUIRED", "POLY_AGENT_LEFT"];
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    customer.sees(&ladder).await;
    for text in ["Hello?", "Anybody?"] {
        // Nothing comes before the echo.
        customer.says(text).await;
        customer.sees(&ladder).await;
    }
    bot_is_told(&bot, &["error"; 3]).await;
    customer.says("Well then").await;
    customer.sees(&ladder).await;
    bot_is_told(&bot, &["error"; 4]).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    until("the end", async || (bot.turns().last()?["type"] == "session_end").then_some(())).await;
    assert_eq!(bot.states(), ["error"; 4]);
}

#[tokio::test]
async fn a_bot_that_wants_a_human_whenever_none_is_to_be_had_tries_once_for_each_message() {
    let wish = json!({"handoff": {"text_chat": {"genesys_integration": {}}}});
    let bot = ScriptedBot::start(move |turn| match turn["type"].as_str() {
        Some("session_start") => (204, Value::Null),
        _ => (200, wish.clone()),
    })
    .await;
    let world = world(&bot, "").await;
    let refused = json!({"fault": {"answer": {"status": 400}}, "matching": POST, "probability": 1});
    world.faults(json!({ "requests": [refused] })).await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    for tries in 1..=2 {
        customer.say("Is anybody there?").await;
        bot_is_told(&bot, &vec!["error"; tries]).await;
    }
    customer.end().await;
    let is_end = |event: &Value| event["type"] == "EVENT_TYPE_SESSION_END";
    let events = customer.socket.events_until(is_end).await;
    for kind in ["EVENT_TYPE_POLY_AGENT_TRIGGERED_HANDOFF", "EVENT_TYPE_HANDOFF_FAILED"] {
        assert_eq!(events.iter().filter(|event| event["type"] == kind).count(), 2, "{kind}");
    }
}

#[tokio::test]
async fn a_message_of_an_earlier_handoff_that_genesys_refuses_does_not_end_the_next_one() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "longest_wait_seconds = 1").await;
    let refused = json!({"answer": {"status": 400, "milliseconds": 1700}});
    world.faults(json!({"requests": [{"fault": refused, "matching": POST, "next": 1}]})).await;
    let mut customer = greeted(&world).await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER[..2]).await;
    customer.sees(&["HANDOFF_TIMEOUT", "POLY_AGENT_JOINED"]).await;
    customer.says("an agent, now").await;
    customer.sees(&HANDED_OVER).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
}

#[tokio::test]
async fn a_bot_may_end_the_chat() {
    let bot = ScriptedBot::start(|turn| match turn["type"].as_str() {
        Some("user_message") => (200, json!({"utterance": "Bye.", "end_conversation": true})),
        _ => (204, Value::Null),
    })
    .await;
    let world = world(&bot, "").await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    customer.says("That is all").await;
    let end = customer.sees(&["POLY_AGENT_MESSAGE", "SESSION_END"]).await.remove(1);
    assert_eq!(end["payload"]["reason"], "REASON_NATURAL_END");
}

#[tokio::test]
async fn nobody_hears_the_bot_while_a_human_has_the_chat() {
    let bot = ScriptedBot::start(|turn| match turn["handover"]["state"].as_str() {
        Some(_) => (200, json!({"utterance": "I am still here!", "destination": "anywhere"})),
        None => hands_over(turn),
    })
    .await;
    let world = world(&bot, "").await;
    let mut customer = greeted(&world).await;
    customer.says("an agent please").await;
    customer.sees(&HANDED_OVER).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    bot_is_told(&bot, &["queued", "already_in_progress", "active", "already_in_progress"]).await;
    customer.says("It is quiet here").await;
}

#[tokio::test]
async fn what_the_bot_was_not_asked_before_a_restart_it_is_asked_after_it() {
    let bot = ScriptedBot::start(hands_over).await;
    let mut world = world(&bot, "").await;
    let mut customer = greeted(&world).await;
    for text in ["one", "two", "three"] {
        customer.says_last(text).await;
        world.restart_sidecar().await;
        customer.reconnect().await;
        loop {
            let event = customer.event().await;
            if text_of(&event) == format!("You said {text}") {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_bot_that_nobody_asked_for_comes_with_the_first_message_and_only_then() {
    let bot = ScriptedBot::start(hands_over).await;
    let mut world = world(&bot, "").await;
    let mut customer = world.customer().await;
    customer.says("my order").await;
    let seen =
        customer.sees(&["POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE", "POLY_AGENT_MESSAGE"]).await;
    assert_eq!([&seen[1], &seen[2]].map(text_of), ["How can I help?", "You said my order"]);
    world.restart_sidecar().await;
    customer.reconnect_after(&seen[2]).await;
    customer.says("and this").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
    let starts = bot.turns().iter().filter(|turn| turn["type"] == "session_start").count();
    assert_eq!(starts, 1);
}

#[tokio::test]
async fn the_bot_is_not_seen_to_think_before_what_it_thinks_about() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "").await;
    for _ in 0..20 {
        let mut customer = world.customer().await;
        customer.joins().await;
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|kind| kind != "POLY_AGENT_MESSAGE") {
            let event = customer.socket.event().await;
            let kind = event["type"].as_str().expect("a type").replace("EVENT_TYPE_", "");
            kinds.push(kind);
        }
        let place = |kind: &str| kinds.iter().position(|other| other == kind);
        if let Some(thinks) = place("POLY_AGENT_THINKING") {
            assert!(place("POLY_AGENT_JOINED") < Some(thinks), "{kinds:?}");
        }
    }
}
