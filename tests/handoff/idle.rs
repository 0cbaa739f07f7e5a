//! Sessions that end by themselves, and those that must not: nobody is given up in a queue, or
//! while an agent has the chat.

use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{FIRST_MESSAGE, Setting, World, is_queued},
};
use serde_json::{Value, json};

/// Two seconds without an event end a session.
const SOON: &str = "[sessions]\nidle_seconds = 2\nheartbeats_alone_seconds = 2\n";

const IN_QUEUE: &str = "It is your turn soon.";
const WITH_AGENT: &str = "Your agent reads.";

/// The lines by which a user is reassured after two seconds.
fn reassuring() -> String {
    format!(
        "{FIRST_MESSAGE}
        reassure_after_seconds = 2
        reassurance_in_queue = '{IN_QUEUE}'
        reassurance_with_agent = '{WITH_AGENT}'"
    )
}

/// A world whose tenants have these lines for their handoffs, and these sections.
async fn world(handoff: String, sections: String) -> World {
    World::start_with(Setting { handoff, sections, ..Setting::default() }, |_| {}).await
}

/// Greets, and hands over at any word.
fn hands_over(turn: &Value) -> (u16, Value) {
    match turn["type"].as_str() {
        Some("session_start") => (200, json!({"utterance": "How can I help?"})),
        Some("user_message") => (200, json!({"destination": "agents"})),
        _ => (204, Value::Null),
    }
}

/// A bot that does so, and the sections of its tenant.
async fn bot() -> (ScriptedBot, String) {
    let bot = ScriptedBot::start(hands_over).await;
    let destination = "[[tenants.destinations]]\nname = 'agents'\nqueue = 'Sales'\n";
    let sections = format!("{}{destination}{SOON}", bot.section());
    (bot, sections)
}

/// A customer whom the bot has greeted.
async fn greeted(world: &World) -> Customer {
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"]).await;
    customer
}

/// The bot was told so often that a session has ended.
async fn bot_is_told_of_ends(bot: &ScriptedBot, ends: usize) {
    let told = || bot.turns().iter().filter(|turn| turn["type"] == "session_end").count();
    until("the end of a session", async || (told() == ends).then_some(())).await;
}

/// The reason for which the session has ended, as a client reads it that comes too late.
async fn reason_of_end(customer: &mut Customer) -> String {
    customer.reconnect().await;
    let is_end = |event: &Value| event["type"] == "EVENT_TYPE_SESSION_END";
    let end = customer.socket.events_until(is_end).await.pop().expect("the end");
    end["payload"]["reason"].as_str().expect("a reason").to_owned()
}

#[tokio::test]
async fn a_user_who_goes_away_from_the_bot_has_abandoned_the_session_and_the_bot_is_told() {
    let (bot, sections) = bot().await;
    let world = world(String::new(), sections).await;
    let mut customer = greeted(&world).await;
    customer.socket.close().await;
    bot_is_told_of_ends(&bot, 1).await;
    assert_eq!(reason_of_end(&mut customer).await, "REASON_USER_ABANDONED");
}

#[tokio::test]
async fn a_client_that_only_sends_heartbeats_is_told_the_end() {
    let (bot, sections) = bot().await;
    let world = world(String::new(), sections).await;
    let mut customer = greeted(&world).await;
    let end = customer.sees(&["SESSION_END"]).await.remove(0);
    assert_eq!(end["payload"]["reason"], "REASON_USER_ABANDONED");
    bot_is_told_of_ends(&bot, 1).await;
}

#[tokio::test]
async fn a_session_that_was_idle_before_a_restart_ends_after_it() {
    let (bot, sections) = bot().await;
    let mut world = world(String::new(), sections).await;
    let mut customer = greeted(&world).await;
    world.stop_sidecar().await;
    customer.socket.close().await;
    world.start_sidecar_again().await;
    bot_is_told_of_ends(&bot, 1).await;
    assert_eq!(reason_of_end(&mut customer).await, "REASON_USER_ABANDONED");
}

#[tokio::test]
async fn nobody_is_given_up_who_waits_in_a_queue_or_talks_with_an_agent() {
    let (bot, sections) = bot().await;
    let mut world = world(String::new(), sections).await;
    let mut waiting = greeted(&world).await;
    let mut served = greeted(&world).await;
    for customer in [&mut waiting, &mut served] {
        customer.says("an agent please").await;
        let ladder = ["POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT", "HANDOFF_ACCEPTED"];
        customer.sees(&ladder).await;
    }
    let conversation = world.conversation(&served, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    served.sees(&["LIVE_AGENT_JOINED"]).await;
    served.socket.close().await;

    // Others come and go meanwhile, also after a restart.
    for ends in 1..=2 {
        let mut other = greeted(&world).await;
        other.socket.close().await;
        bot_is_told_of_ends(&bot, ends).await;
        assert_eq!(reason_of_end(&mut other).await, "REASON_USER_ABANDONED");
        if ends == 1 {
            world.restart_sidecar().await;
        }
    }
    world.act(&conversation, json!({"action": "answer", "text": "Are you there?"})).await;
    served.reconnect().await;
    served.socket.events_until(|event| text_of(event) == "Are you there?").await;
    served.says("I am").await;
    waiting.reconnect().await;
    waiting.socket.events_until(|event| event["type"] == "EVENT_TYPE_HANDOFF_ACCEPTED").await;
    waiting.says("So am I").await;
}

/// More than a sweep wakes at a time.
const MANY: usize = 65;

#[tokio::test]
async fn sessions_that_stay_for_the_sake_of_genesys_hold_up_no_sweep() {
    let (bot, sections) = bot().await;
    let world = world("longest_wait_seconds = 1".to_owned(), sections).await;
    let unavailable = json!({"answer": {"status": 503}});
    let fault = json!({"fault": unavailable, "matching": "PATCH", "probability": 1.0});
    world.faults(json!({ "requests": [fault] })).await;
    let mut customers = Vec::new();
    for _ in 0..MANY {
        let mut customer = greeted(&world).await;
        customer.says("an agent please").await;
        customer.sees(&["POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT"]).await;
        customers.push(customer);
    }
    // Nobody came, and Genesys cannot be told that they wait no more.
    bot_is_told_of_ends(&bot, MANY).await;
    let open = format!("baton_open_handoffs {MANY}\n");
    assert!(world.metrics().await.contains(&open));
    let mut last = greeted(&world).await;
    last.socket.close().await;
    bot_is_told_of_ends(&bot, MANY + 1).await;
    assert_eq!(reason_of_end(&mut last).await, "REASON_USER_ABANDONED");
}

/// The texts that the customer reads up to an event of this type.
async fn read_until(customer: &mut Customer, kind: &str) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let event = customer.event().await;
        match event["type"].as_str() {
            Some("EVENT_TYPE_POLY_AGENT_MESSAGE") => texts.push(text_of(&event).to_owned()),
            Some(other) if other == format!("EVENT_TYPE_{kind}") => return texts,
            _ => panic!("{event:#}"),
        }
    }
}

#[tokio::test]
async fn invariant_14_neither_a_long_queue_nor_a_silent_agent_lets_the_client_expire() {
    let world = world(reassuring(), SOON.to_owned()).await;
    let (mut customer, conversation) = world.waiting_customer().await;
    for _ in 0..2 {
        let message = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&message), IN_QUEUE);
        assert_eq!(message["payload"]["message_id"], message["id"]);
    }
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    let read = read_until(&mut customer, "LIVE_AGENT_JOINED").await;
    assert!(read.iter().all(|text| text == IN_QUEUE), "{read:?}");
    for _ in 0..2 {
        let message = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&message), WITH_AGENT);
    }
    world.act(&conversation, json!({"action": "end"})).await;
    let read = read_until(&mut customer, "LIVE_AGENT_LEFT").await;
    assert!(read.iter().all(|text| text == WITH_AGENT), "{read:?}");
    customer.sees(&["SESSION_END"]).await;
}

#[tokio::test]
async fn invariant_14_a_client_that_comes_again_after_a_restart_does_not_expire_either() {
    let mut world = world(reassuring(), String::new()).await;
    let (mut customer, _) = world.waiting_customer().await;
    let first = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    world.stop_sidecar().await;
    world.start_sidecar_again().await;
    customer.reconnect_after(&first).await;
    // Each of them once, and in order.
    for number in 1..=2 {
        let next = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
        assert_eq!(text_of(&next), IN_QUEUE);
        assert_ne!(next["id"], first["id"]);
        let sequence = first["sequence"].as_u64().expect("a number") + number;
        assert_eq!(next["sequence"], sequence);
    }
}

#[tokio::test]
async fn a_user_who_is_away_is_reassured_on_coming_again_and_not_before() {
    let world = world(reassuring(), String::new()).await;
    let (mut customer, conversation) = world.served_customer().await;
    customer.socket.close().await;
    // Another user is there meanwhile, and is told.
    let (mut other, _) = world.waiting_customer().await;
    for _ in 0..4 {
        other.sees(&["POLY_AGENT_MESSAGE"]).await;
    }
    customer.reconnect().await;
    let is_told = |event: &Value| event["type"] == "EVENT_TYPE_POLY_AGENT_MESSAGE";
    customer.socket.events_until(is_told).await;
    world.act(&conversation, json!({"action": "end"})).await;
    let more = read_until(&mut customer, "LIVE_AGENT_LEFT").await;
    assert!(more.len() < 3, "{more:?}");
}
