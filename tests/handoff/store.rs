//! The store fails while something is on its way: what comes of that is not lost.

use std::{
    sync::{
        Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::{BEGUN, Customer},
    wait::until,
    world::{POST, Setting, World, is_queued, said},
};
use serde_json::{Value, json};
use tokio::{task::block_in_place, time::sleep};

/// Longer than anything is on its way that comes back while the store fails.
const OUTAGE: Duration = Duration::from_millis(1500);

/// The store fails, and the customer's next words with it: from then on the sidecar knows nothing
/// of the session.
async fn store_fails(world: &World, customer: &mut Customer) {
    world.break_store();
    customer.say("These words are lost").await;
    let is_refusal = |event: &Value| event["type"] == "EVENT_TYPE_SYSTEM_MESSAGE";
    let refusal = customer.socket.events_until(is_refusal).await.pop().expect("a refusal");
    assert_eq!(refusal["payload"]["message"], "Sorry, I encountered an error. Please try again.");
}

/// The next posts of messages come to this.
async fn next_post(world: &World, fault: Value) {
    world.faults(json!({"requests": [{"fault": fault, "matching": POST, "next": 1}]})).await;
}

async fn is_posted(world: &World) {
    until("a post", async || (world.calls(POST).await > 0).then_some(())).await;
}

#[tokio::test]
async fn invariant_6_a_message_that_genesys_takes_while_the_store_fails_is_posted_once() {
    let world = World::start().await;
    let mut customer = world.customer().await;
    next_post(&world, json!({"slow": {"milliseconds": 700}})).await;
    customer.say("Hello").await;
    customer.sees(&BEGUN[..2]).await;
    is_posted(&world).await;
    store_fails(&world, &mut customer).await;
    sleep(OUTAGE).await;
    world.mend_store();
    // Its answer told which conversation it is in.
    customer.sees(&BEGUN[2..]).await;
    let conversation = world.conversation(&customer, is_queued).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    customer.says("There you are").await;
    let is_there = |truth: &Value| said(truth).last() == Some(&"There you are");
    let conversation = world.conversation(&customer, is_there).await;
    assert_eq!(said(&conversation), ["Hello", "There you are"]);
}

#[tokio::test]
async fn invariant_13_an_agent_who_comes_and_answers_while_the_store_fails_is_seen() {
    let world = World::start().await;
    let (mut customer, conversation) = world.waiting_customer().await;
    store_fails(&world, &mut customer).await;
    world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
    sleep(OUTAGE).await;
    world.mend_store();
    customer.sees(&["LIVE_AGENT_JOINED"]).await;
    world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
    customer.hears("Hello").await;
}

/// Repeats what the user writes, once it is let go.
fn hesitates(let_go: Receiver<()>) -> impl Fn(&Value) -> (u16, Value) {
    let let_go = Mutex::new(let_go);
    move |turn| match turn["message"]["text"].as_str() {
        Some(text) => {
            // From then on at once: the other end is gone.
            let _ = block_in_place(|| let_go.lock().expect("nobody panicked").recv());
            (200, json!({ "utterance": format!("You said {text}") }))
        }
        None => (204, Value::Null),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_bot_answers_while_the_store_fails_is_said() {
    let (go_on, let_go) = channel();
    let bot = ScriptedBot::start(hesitates(let_go)).await;
    let sections = bot.section();
    let setting = Setting { handoff: String::new(), sections, ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED"]).await;
    customer.says("my order").await;
    let is_asked = |turn: &Value| turn["message"]["text"] == "my order";
    until("the turn", async || bot.turns().iter().any(is_asked).then_some(())).await;
    store_fails(&world, &mut customer).await;
    drop(go_on);
    sleep(OUTAGE).await;
    world.mend_store();
    let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    assert_eq!(text_of(&answer), "You said my order");
    assert_eq!(bot.turns().iter().filter(|turn| is_asked(turn)).count(), 1);
    customer.says("and this").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
}
