//! Every conversation begins in the bot's queue, which has no members, and is transferred to the
//! agents'.

use std::collections::BTreeSet;

use baton_simulator::{OauthClient, PERMISSIONS};
use baton_tests::{
    bot::ScriptedBot,
    chat::text_of,
    customer::Customer,
    wait::until,
    world::{Halt, Setting, World, is_over, said},
};
use serde_json::{Value, json};

/// The route by which a conversation is transferred to a queue.
const REPLACE: &str =
    "POST /api/v2/conversations/{conversationId}/participants/{participantId}/replace/queue";

const QUEUES: &str = "[tenants.genesys.queues]\nbot = 'Bot queue'\nagent = 'Support'\n";

const SALES: &str = "11223344-5566-4778-899a-abbccddeeff0";

/// How a handoff begins for a client, once its bot was there.
const HANDED_OVER: [&str; 4] =
    ["POLY_AGENT_MESSAGE", "POLY_AGENT_TRIGGERED_HANDOFF", "POLY_AGENT_LEFT", "HANDOFF_ACCEPTED"];

/// Repeats what the user writes; hands over to the queue that follows the word "agent", if one
/// does.
fn hands_over(turn: &Value) -> (u16, Value) {
    let text = turn["message"]["text"].as_str().unwrap_or_default();
    match (turn["type"].as_str(), text.split_once("agent")) {
        (Some("user_message"), Some((_, queue))) => {
            let hints = match queue.trim() {
                "" => json!({}),
                queue => json!({ "queue": queue }),
            };
            let handoff = json!({"text_chat": {"genesys_integration": hints}});
            (200, json!({"utterance": "One moment.", "handoff": handoff}))
        }
        (Some("user_message"), None) => (200, json!({ "utterance": format!("You said {text}") })),
        _ if turn["handover"]["state"] == "queued" => (200, json!({"utterance": "I am here!"})),
        _ => (204, Value::Null),
    }
}

/// An org with two queues in which this participant can be replaced, and a tenant with this bot.
async fn world(bot: &ScriptedBot, replaceable: &str, handoff: &str) -> World {
    let sections = format!("{QUEUES}{}", bot.section());
    let setting = Setting { handoff: handoff.to_owned(), sections, ..Setting::default() };
    let world = World::start_with(setting, |_| {}).await;
    world.switch(switches(replaceable)).await;
    world
}

fn switches(replaceable: &str) -> Value {
    json!({ "flow_queue": "Bot queue", "replaceable_in_queue": replaceable })
}

/// A customer who was told that an agent is sought, after these words.
async fn handed_over(world: &World, words: &str) -> Customer {
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED"]).await;
    customer.says(words).await;
    customer.sees(&HANDED_OVER).await;
    customer
}

/// The queues that the conversation was in, in order.
fn queues(conversation: &Value) -> Vec<&str> {
    let participants = conversation["participants"].as_array().expect("a list").iter();
    let queues = participants.filter(|participant| participant["purpose"] == "acd");
    queues.map(|queue| queue["name"].as_str().expect("a name")).collect()
}

fn waits_in(queue: &str) -> impl Fn(&Value) -> bool {
    move |truth| truth["state"] == "queued" && queues(truth).last() == Some(&queue)
}

#[tokio::test]
async fn a_handoff_goes_through_the_bots_queue_to_an_agent_and_back() {
    for (replaceable, asked) in [("acd", 1), ("customer", 2)] {
        let bot = ScriptedBot::start(hands_over).await;
        let world = world(&bot, replaceable, "").await;
        let mut customer = handed_over(&world, "I want an agent").await;
        let conversation = world.conversation(&customer, waits_in("Support")).await;
        assert_eq!(queues(&conversation), ["Bot queue", "Support"]);
        assert_eq!(world.calls(REPLACE).await, asked);
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        customer.says("There you are").await;
        let is_there = |truth: &Value| said(truth).last() == Some(&"There you are");
        let conversation = world.conversation(&customer, is_there).await;
        world.act(&conversation, json!({"action": "answer", "text": "Hello"})).await;
        customer.hears("Hello").await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees_the_end().await;

        // Of the bot's talk, what was said before is all that the agent gets.
        let [note, before, after] = said(&conversation)[..] else { panic!("{conversation:#}") };
        assert_eq!((note, after), ("User joined the conversation", "There you are"));
        assert!(before.contains("I want an agent") && before.contains("One moment."), "{before}");
        let states = ["queued", "active", "completed"];
        until("the states", async || (bot.states() == states).then_some(())).await;
        assert_eq!(world.calls(REPLACE).await, asked);
    }
}

#[tokio::test]
async fn a_chat_that_needs_no_human_has_no_conversation() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "acd", "").await;
    let mut customer = world.customer().await;
    customer.joins().await;
    customer.sees(&["REQUEST_POLY_AGENT_JOIN", "POLY_AGENT_JOINED"]).await;
    customer.says("my order").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
    assert_eq!(world.conversations(&customer).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_bot_chooses_the_queue_by_its_id_or_its_name() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "acd", "").await;
    for (wish, queue) in [
        (SALES, "Sales"),
        (&*SALES.to_uppercase(), "Sales"),
        ("Complaints", "Complaints"),
        // The bot's own is no queue to wait in.
        ("Bot queue", "Support"),
    ] {
        let customer = handed_over(&world, &format!("agent {wish}")).await;
        let conversation = world.conversation(&customer, waits_in(queue)).await;
        assert_eq!(queues(&conversation), ["Bot queue", queue]);
    }
}

#[tokio::test]
async fn an_application_chooses_the_queue_as_a_bot_does() {
    let world = world(&ScriptedBot::start(hands_over).await, "acd", "").await;
    let application = world.application();
    let id = application.opens(&json!({})).await;
    let handoff = json!({ "routing": { "queue": "Sales" } });
    application.posts(&format!("sessions/{id}/handoff"), &handoff, 202).await;
    let is_there = async || {
        let all = world.genesys.get("/control/v1/conversations").await;
        (all[0]["queue_id"] == SALES).then_some(())
    };
    until("the conversation in its queue", is_there).await;
}

#[tokio::test]
async fn where_nobody_can_be_replaced_the_handoff_fails_and_the_bot_goes_on() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "neither", "").await;
    let mut customer = handed_over(&world, "I want an agent").await;
    let failed = customer.sees(&["HANDOFF_FAILED", "POLY_AGENT_JOINED"]).await.remove(0);
    assert_eq!(failed["payload"]["reason"], "not_transferred");
    let conversation = world.conversation(&customer, is_over).await;
    assert_eq!(queues(&conversation), ["Bot queue"]);
    assert_eq!(world.calls(REPLACE).await, 2);
    customer.says("well then").await;
    let answer = customer.sees(&["POLY_AGENT_MESSAGE"]).await.remove(0);
    assert_eq!(text_of(&answer), "You said well then");
    until("the states", async || (bot.states() == ["queued", "error"]).then_some(())).await;

    // The org has learned it meanwhile.
    world.switch(switches("acd")).await;
    customer.says("I want an agent").await;
    customer.sees(&HANDED_OVER).await;
    world.conversation(&customer, waits_in("Support")).await;
}

#[tokio::test]
async fn a_queue_that_is_not_there_fails_the_handoff() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "acd", "").await;
    let mut customer = handed_over(&world, "agent Nowhere").await;
    customer.sees(&["HANDOFF_FAILED", "POLY_AGENT_JOINED"]).await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn a_transfer_that_fails_for_a_while_is_made_once() {
    let failing = [
        json!({"answer": {"status": 503}}),
        json!({"lose_answer": {"status": 503}}),
        json!({"lose_answer": {}}),
    ];
    for (replaceable, fault) in
        ["acd", "customer"].iter().flat_map(|one| failing.iter().map(move |fault| (*one, fault)))
    {
        let bot = ScriptedBot::start(hands_over).await;
        let world = world(&bot, replaceable, "").await;
        let plan = json!({"fault": fault, "matching": "/replace/queue", "next": 3});
        world.faults(json!({ "requests": [plan] })).await;
        let mut customer = handed_over(&world, "I want an agent").await;
        let conversation = world.conversation(&customer, waits_in("Support")).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        let conversation = world.truth(&conversation).await;
        assert_eq!(queues(&conversation), ["Bot queue", "Support"]);
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_of_the_transfer_neither_loses_nor_doubles_it() {
    // Genesys has made the transfer, or not.
    for fault in [json!({"slow": {"milliseconds": 700}}), json!({"answer": {"status": 503}})] {
        for halt in Halt::BOTH {
            let bot = ScriptedBot::start(hands_over).await;
            let mut world = world(&bot, "customer", "").await;
            let plan = json!({"fault": fault, "matching": "/replace/queue", "probability": 1.0});
            world.faults(json!({ "requests": [plan] })).await;
            let mut customer = handed_over(&world, "I want an agent").await;
            let accepted = customer.says_last("Anybody?").await;
            until("a transfer", async || (world.calls(REPLACE).await > 0).then_some(())).await;
            world.halt_sidecar(halt).await;
            world.faults(json!({})).await;
            world.start_sidecar_again().await;
            customer.reconnect_after(&accepted).await;
            let conversation = world.conversation(&customer, waits_in("Support")).await;
            world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
            customer.sees(&["LIVE_AGENT_JOINED"]).await;
            let conversation = world.truth(&conversation).await;
            assert_eq!(queues(&conversation), ["Bot queue", "Support"]);
        }
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_and_ends_with_the_longest_wait() {
    let lacking = "conversation:communication:blindTransfer";
    let permissions: BTreeSet<String> = PERMISSIONS
        .iter()
        .filter(|one| !one.starts_with(lacking))
        .map(|one| (*one).to_owned())
        .collect();
    let poor = OauthClient { permissions, ..OauthClient::default() };
    let bot = ScriptedBot::start(hands_over).await;
    let sections = format!("{QUEUES}{}", bot.section());
    let handoff = "longest_wait_seconds = 4".to_owned();
    let setting = Setting { handoff, sections, client: poor.clone(), ..Setting::default() };
    let world = World::start_with(setting, |org| org.oauth_clients = vec![poor]).await;
    world.switch(switches("acd")).await;
    let mut customer = handed_over(&world, "I want an agent").await;
    let down = world.tenant_standing("live", |shown| shown["state"] == "down").await;
    let problem = down["problem"].as_str().expect("a problem");
    assert!(problem.contains("conversation:communication:blindTransferQueue"), "{problem}");
    customer.sees(&["HANDOFF_TIMEOUT", "POLY_AGENT_JOINED"]).await;
    assert!(world.calls(REPLACE).await >= 2);
    world.conversation(&customer, is_over).await;
    customer.says("well then").await;
    customer.sees(&["POLY_AGENT_MESSAGE"]).await;
}

#[tokio::test]
async fn invariant_7_a_user_who_leaves_during_the_transfer_leaves_no_ghost() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "acd", "").await;
    let fault = json!({"slow": {"milliseconds": 500}});
    let plan = json!({"fault": fault, "matching": "/replace/queue", "probability": 1.0});
    world.faults(json!({ "requests": [plan] })).await;
    let mut customer = handed_over(&world, "I want an agent").await;
    until("a transfer", async || (world.calls(REPLACE).await > 0).then_some(())).await;
    customer.end().await;
    customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
    world.conversation(&customer, is_over).await;
}

#[tokio::test]
async fn the_user_is_told_of_the_agents_queue_and_never_of_the_bots() {
    let bot = ScriptedBot::start(hands_over).await;
    let world = world(&bot, "acd", "estimate_every_seconds = 10").await;
    let mut switches = switches("acd");
    switches["estimated_wait_seconds"] = json!(170);
    world.switch(switches).await;
    let fault = json!({"answer": {"status": 503}});
    let plan = json!({"fault": fault, "matching": "/replace/queue", "next": 3});
    world.faults(json!({ "requests": [plan] })).await;
    let mut customer = handed_over(&world, "I want an agent").await;
    let status = customer.sees(&["HANDOFF_QUEUE_STATUS"]).await.remove(0);
    assert_eq!(status["payload"]["queue_name"], "Support");
    let requests = world.genesys.get("/control/v1/requests").await.to_string();
    assert!(!requests.contains("3c4d5e6f-7081-4923-8b4c-5d6e7f8091a2/mediatypes"), "{requests}");
}
