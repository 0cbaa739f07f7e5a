//! A bot that takes its time, or never answers: the user sees it think, and what the user says
//! meanwhile reaches the human whom it calls.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{POST, Setting, World, said},
};
use serde_json::{Value, json};

use crate::bot::{BOT_CAME, HANDED_OVER, greeted, hands_over, world};

/// A bot that is away until it is woken: it does as it does otherwise then.
struct Sleeper {
    bot: ScriptedBot,
    awake: Arc<AtomicBool>,
}

impl Sleeper {
    /// One that sleeps through such turns.
    async fn start(sleeps_through: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        let awake = Arc::<AtomicBool>::default();
        let is_awake = Arc::clone(&awake);
        let bot = ScriptedBot::start(move |turn| {
            match sleeps_through(turn) && !is_awake.load(Ordering::Relaxed) {
                true => (503, Value::Null),
                false => hands_over(turn),
            }
        })
        .await;
        Self { bot, awake }
    }

    fn set_awake(&self, awake: bool) {
        self.awake.store(awake, Ordering::Relaxed);
    }
}

/// The bot is seen to think so often, and nothing else is seen.
async fn sees_thinking(customer: &mut Customer, times: usize) {
    for _ in 0..times {
        let event = customer.socket.event().await;
        assert_eq!(event["type"], "EVENT_TYPE_POLY_AGENT_THINKING", "{event:#}");
        assert_eq!(event["sequence"], Value::Null);
    }
}

#[tokio::test]
async fn the_bot_is_seen_to_think_as_long_as_it_does() {
    let sleeper = Sleeper::start(|turn| turn["type"] == "user_message").await;
    let sections = sleeper.bot.section();
    // The bot has three seconds, and a client is told that it thinks every eighty milliseconds.
    let setting =
        Setting { handoff: String::new(), sections, time_scale: 0.01, ..Setting::default() };
    let mut world = World::start_with(setting, |_| {}).await;
    let mut customer = world.customer().await;
    // The second turn of a message that brings the bot.
    customer.says("my order").await;
    let greeting = customer.sees(&["POLY_AGENT_JOINED", "POLY_AGENT_MESSAGE"]).await.remove(1);
    sees_thinking(&mut customer, 3).await;
    // It is not over with a restart.
    world.stop_sidecar().await;
    world.start_sidecar_again().await;
    customer.reconnect_after(&greeting).await;
    sees_thinking(&mut customer, 3).await;
    sleeper.set_awake(true);
    let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    assert_eq!(text_of(&answer), "You said my order");
    // With the answer it is.
    customer.socket.send_heartbeat().await;
    assert_eq!(customer.socket.event().await["type"], "EVENT_TYPE_HEARTBEAT");
}

#[tokio::test]
async fn invariant_6_what_the_user_said_meanwhile_follows_the_bots_handoff_to_the_agent() {
    for (lines, opening) in [("", 2), ("transcript_messages = 0", 1)] {
        let is_asked = |turn: &Value| turn["message"]["text"] == "an agent please";
        let sleeper = Sleeper::start(is_asked).await;
        let world = world(&sleeper.bot, lines).await;
        let mut customer = greeted(&world).await;
        customer.says("an agent please").await;
        customer.says("my number is 4711").await;
        customer.says("and hurry").await;
        sleeper.set_awake(true);
        customer.sees(&HANDED_OVER).await;
        customer.says("hello?").await;
        let all = |truth: &Value| said(truth).last() == Some(&"hello?");
        let conversation = world.conversation(&customer, all).await;
        let said = said(&conversation);
        assert_eq!(said[opening..], ["my number is 4711", "and hurry", "hello?"]);
        assert!(said[..opening].iter().all(|text| !text.contains("4711")), "{said:?}");
        assert_eq!(said[opening - 1].contains("an agent please"), opening == 2, "{said:?}");
        let told =
            |text: &str| sleeper.bot.turns().iter().any(|turn| turn["message"]["text"] == text);
        assert!(!told("my number is 4711") && !told("and hurry"));
    }
}

#[tokio::test]
async fn invariant_6_what_a_silent_bot_was_asked_goes_to_the_human_who_takes_over() {
    let bot = ScriptedBot::start(|turn| match turn["type"].as_str() {
        Some("user_message") => (400, Value::Null),
        _ => (204, Value::Null),
    })
    .await;
    let sections = format!("{}when_down = 'hand_over'", bot.section());
    let handoff = "transcript_messages = 0".to_owned();
    let world =
        World::start_with(Setting { handoff, sections, ..Setting::default() }, |_| {}).await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&BOT_CAME).await;
    customer.says("Where is my order?").await;
    customer.sees(&HANDED_OVER[1..]).await;
    let all = |truth: &Value| said(truth).len() == 2;
    let conversation = world.conversation(&customer, all).await;
    assert_eq!(said(&conversation), ["User joined the conversation", "Where is my order?"]);
}

#[tokio::test]
async fn invariant_6_what_the_bot_thinks_about_goes_to_a_human_whom_somebody_else_calls() {
    let sleeper = Sleeper::start(|turn| turn["type"] == "user_message").await;
    let world = world(&sleeper.bot, "").await;
    let mut customer = greeted(&world).await;
    customer.says("Where is my order?").await;
    customer.says("It is number 4711").await;
    assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
    customer.sees(&HANDED_OVER[1..]).await;
    customer.says("hello?").await;
    let all = |truth: &Value| said(truth).last() == Some(&"hello?");
    let conversation = world.conversation(&customer, all).await;
    let last = ["Where is my order?", "It is number 4711", "hello?"];
    let said = said(&conversation);
    assert_eq!(said[said.len() - 3..], last);
    assert!(said[..said.len() - 3].iter().all(|text| !text.contains("order")), "{said:?}");
}

#[tokio::test]
async fn invariant_6_what_an_earlier_handoff_brought_to_nobody_goes_with_the_next() {
    let sleeper = Sleeper::start(|turn| turn["type"] == "user_message").await;
    let world = world(&sleeper.bot, "transcript_messages = 0\njoined_note = ''").await;
    let mut customer = greeted(&world).await;
    customer.says("Where is my order?").await;
    let refused = json!({"fault": {"answer": {"status": 400}}, "matching": POST, "probability": 1});
    world.faults(json!({ "requests": [refused] })).await;
    for (is_refused, outcome) in [(true, "HANDOFF_FAILED"), (false, "HANDOFF_ACCEPTED")] {
        assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
        let is_outcome = |event: &Value| event["type"] == format!("EVENT_TYPE_{outcome}");
        customer.socket.events_until(is_outcome).await;
        if is_refused {
            world.faults(json!({})).await;
        }
    }
    let conversation = world.conversation(&customer, |truth| !said(truth).is_empty()).await;
    assert_eq!(said(&conversation), ["Where is my order?"]);
}

#[tokio::test]
async fn invariant_6_what_a_handoff_brings_to_nobody_is_the_bots_again() {
    let sleeper = Sleeper::start(|turn| turn["type"] == "user_message").await;
    let world = world(&sleeper.bot, "transcript_messages = 0").await;
    let mut customer = greeted(&world).await;
    customer.says("Where is my order?").await;
    let asked = || sleeper.bot.turns().iter().filter(|turn| turn["type"] == "user_message").count();
    until("the bot is asked", async || (asked() > 0).then_some(())).await;
    let answers = |status| json!({"fault": {"answer": {"status": status}}, "matching": POST, "probability": 1});
    world.faults(json!({ "requests": [answers(503)] })).await;
    assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
    sleeper.set_awake(true);
    let before = asked();
    // The bot answers, and nobody hears it, since a human may come.
    until("the bot's answer", async || (asked() > before).then_some(())).await;
    world.faults(json!({ "requests": [answers(400)] })).await;
    let is_answer = |event: &Value| event["type"] == "EVENT_TYPE_POLY_AGENT_MESSAGE";
    let seen = customer.socket.events_until(is_answer).await;
    assert!(seen.iter().any(|event| event["type"] == "EVENT_TYPE_HANDOFF_FAILED"), "{seen:#?}");
    assert_eq!(text_of(seen.last().unwrap()), "You said Where is my order?");
}

#[tokio::test]
async fn invariant_6_a_handoff_that_came_to_nothing_leaves_no_double_for_the_next() {
    let sleeper = Sleeper::start(|turn| turn["type"] == "user_message").await;
    let world = world(&sleeper.bot, "transcript_messages = 0").await;
    let mut customer = greeted(&world).await;
    let said_meanwhile: Vec<String> = (1..=20).map(|number| format!("word {number}")).collect();
    customer.says("an agent please").await;
    for word in &said_meanwhile {
        customer.says(word).await;
    }
    let answer = |status| json!({"answer": {"status": status}});
    let down = json!({"fault": answer(503), "matching": POST, "probability": 1});
    world.faults(json!({ "requests": [down] })).await;
    assert_eq!(world.request_handoff(&customer, json!({})).await.status, 202);
    let before = sleeper.bot.turns().len();
    sleeper.set_awake(true);
    // The bot wants a human, and a handoff is on its way that Genesys refuses.
    until("the bot's answer", async || (sleeper.bot.turns().len() > before).then_some(())).await;
    let refused = json!({"fault": answer(400), "matching": POST, "next": 1});
    world.faults(json!({ "requests": [refused] })).await;
    let is_accepted = |event: &Value| event["type"] == "EVENT_TYPE_HANDOFF_ACCEPTED";
    customer.socket.events_until(is_accepted).await;
    let last = said_meanwhile.last().unwrap();
    let all = |truth: &Value| said(truth).last() == Some(&&**last);
    let conversation = world.conversation(&customer, all).await;
    assert_eq!(said(&conversation)[1..], said_meanwhile);
}
