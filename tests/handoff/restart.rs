//! The sidecar stops or crashes and starts again, wherever the handoff is: nothing is lost, and nothing is
//! told twice.

use baton_tests::{
    customer::{BEGUN, Customer},
    wait::until,
    world::{Halt, POST, READ, World, is_over, is_queued, posted, said},
};
use serde_json::{Value, json};

/// The whole log of the session by type, up to its end, and that its numbers have no gap.
async fn whole_log(customer: &mut Customer) -> Vec<String> {
    customer.reconnect().await;
    let is_end = |event: &Value| event["type"] == "EVENT_TYPE_SESSION_END";
    let events = customer.socket.events_until(is_end).await;
    let logged: Vec<&Value> = events.iter().filter(|event| event["sequence"].is_u64()).collect();
    let numbers: Vec<u64> =
        logged.iter().map(|event| event["sequence"].as_u64().expect("a number")).collect();
    assert_eq!(numbers, (1..=logged.len() as u64).collect::<Vec<_>>());
    let kind = |event: &&Value| {
        let kind = event["type"].as_str().expect("a type");
        kind.strip_prefix("EVENT_TYPE_").expect("a type").to_owned()
    };
    logged.iter().map(kind).collect()
}

/// What the log holds of a whole handoff with one answer.
const WHOLE: [&str; 8] = [
    "SESSION_START",
    "USER_MESSAGE",
    "POLY_AGENT_TRIGGERED_HANDOFF",
    "HANDOFF_ACCEPTED",
    "LIVE_AGENT_JOINED",
    "LIVE_AGENT_MESSAGE",
    "LIVE_AGENT_LEFT",
    "SESSION_END",
];

/// The route that tells which conversation a message is in.
const DETAILS: &str = "GET /api/v2/conversations/messages/{messageId}/details";

/// An agent accepts, answers, and ends.
async fn serve_to_the_end(world: &World, conversation: &Value) {
    for action in [
        json!({"action": "accept", "user": "Dana"}),
        json!({"action": "answer", "text": "Hello"}),
        json!({"action": "end"}),
    ] {
        world.act(conversation, action).await;
    }
}

#[tokio::test]
async fn invariant_6_a_restart_before_genesys_took_the_first_message_posts_it_once() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let mut customer = world.customer().await;
        let refuse = json!({"answer": {"status": 503}});
        world
            .faults(json!({"requests": [{"fault": refuse, "matching": POST, "probability": 1.0}]}))
            .await;
        customer.say("Hello").await;
        customer.sees(&BEGUN[..2]).await;
        until("a post", async || (world.calls(POST).await > 0).then_some(())).await;
        world.halt_sidecar(halt).await;
        world.faults(json!({})).await;
        world.start_sidecar_again().await;
        let conversation = world.conversation(&customer, is_queued).await;
        assert_eq!(posted(&conversation).len(), 1);
        serve_to_the_end(&world, &conversation).await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
    }
}

#[tokio::test]
async fn a_conversation_that_was_not_found_before_a_restart_is_found_after_it() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        world.switch(json!({ "answers_name_conversation": false })).await;
        let unavailable = json!({"answer": {"status": 503}});
        let fault = json!({"fault": unavailable, "matching": "/details", "probability": 1.0});
        world.faults(json!({ "requests": [fault] })).await;
        let mut customer = world.customer().await;
        customer.say("Hello").await;
        customer.sees(&BEGUN[..2]).await;
        until("a look", async || (world.calls(DETAILS).await > 0).then_some(())).await;
        world.halt_sidecar(halt).await;
        world.faults(json!({})).await;
        world.start_sidecar_again().await;
        customer.reconnect().await;
        let is_accepted = |event: &Value| event["type"] == "EVENT_TYPE_HANDOFF_ACCEPTED";
        customer.socket.events_until(is_accepted).await;
        let conversation = world.conversation(&customer, is_queued).await;
        serve_to_the_end(&world, &conversation).await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
        assert_eq!(posted(&world.truth(&conversation).await).len(), 1);
    }
}

#[tokio::test]
async fn invariant_6_a_restart_while_a_post_is_unanswered_loses_nothing() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let mut customer = world.customer().await;
        let slow = json!({"slow": {"milliseconds": 60_000}});
        world.faults(json!({"requests": [{"fault": slow, "matching": POST, "next": 1}]})).await;
        customer.say("Hello").await;
        customer.sees(&BEGUN[..2]).await;
        world.conversation(&customer, is_queued).await;
        world.halt_sidecar(halt).await;
        world.start_sidecar_again().await;
        // The answer was lost: Genesys has it twice, under one id.
        let twice = |truth: &Value| posted(truth).len() == 2;
        let conversation = world.conversation(&customer, twice).await;
        let all = posted(&conversation);
        assert_eq!(all[0], all[1]);
        serve_to_the_end(&world, &conversation).await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
    }
}

#[tokio::test]
async fn invariant_8_what_happened_during_a_restart_is_told_to_a_user_who_waited() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.waiting_customer().await;
        world.halt_sidecar(halt).await;
        serve_to_the_end(&world, &conversation).await;
        world.start_sidecar_again().await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
    }
}

#[tokio::test]
async fn a_user_who_waits_is_served_after_a_restart() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.waiting_customer().await;
        world.halt_sidecar(halt).await;
        world.start_sidecar_again().await;
        serve_to_the_end(&world, &conversation).await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
        assert_eq!(posted(&world.truth(&conversation).await).len(), 1);
    }
}

#[tokio::test]
async fn a_user_who_talks_with_an_agent_goes_on_after_a_restart() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.served_customer().await;
        let last = customer.says_last("Before").await;
        world.halt_sidecar(halt).await;
        world.start_sidecar_again().await;
        customer.reconnect_after(&last).await;
        customer.says("After").await;
        world.act(&conversation, json!({"action": "answer", "text": "Still here"})).await;
        customer.hears("Still here").await;
        world.act(&conversation, json!({"action": "end"})).await;
        customer.sees_the_end().await;
        let truth = world.truth(&conversation).await;
        let mut all = posted(&truth);
        // The stop may have cost the answer to a post.
        all.dedup();
        assert_eq!(all.len(), 3);
    }
}

#[tokio::test]
async fn invariant_8_agents_who_changed_during_a_restart_are_told() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.served_customer().await;
        let last = customer.says_last("Before").await;
        world.halt_sidecar(halt).await;
        world.act(&conversation, json!({"action": "transfer_to_user", "to": "Milan"})).await;
        world.act(&conversation, json!({"action": "accept"})).await;
        world.start_sidecar_again().await;
        customer.reconnect_after(&last).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
    }
}

#[tokio::test]
async fn a_restart_while_the_last_messages_are_awaited_loses_none() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.waiting_customer().await;
        world.faults(json!({"webhooks": [{"fault": "lose", "probability": 1.0}]})).await;
        world.act(&conversation, json!({"action": "accept", "user": "Dana"})).await;
        customer.sees(&["LIVE_AGENT_JOINED"]).await;
        world.act(&conversation, json!({"action": "answer", "text": "Goodbye"})).await;
        world.act_seen(&conversation, json!({"action": "end"}), 1).await;
        world.halt_sidecar(halt).await;
        world.start_sidecar_again().await;
        assert_eq!(whole_log(&mut customer).await, WHOLE);
    }
}

#[tokio::test]
async fn invariant_7_a_restart_while_the_user_leaves_leaves_no_ghost() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, _) = world.served_customer().await;
        let refuse = json!({"answer": {"status": 503}});
        let of = |route: &str| json!({"fault": refuse, "matching": route, "probability": 1.0});
        world.faults(json!({"requests": [of(READ), of("PATCH")]})).await;
        customer.end().await;
        customer.sees(&["USER_END_SESSION"]).await;
        world.halt_sidecar(halt).await;
        world.faults(json!({})).await;
        world.start_sidecar_again().await;
        world.conversation(&customer, is_over).await;
        let log = whole_log(&mut customer).await;
        assert_eq!(log[5..], ["USER_END_SESSION", "LIVE_AGENT_LEFT", "SESSION_END"]);
    }
}

#[tokio::test]
async fn invariant_7_a_restart_after_the_user_was_told_of_the_end_leaves_no_ghost() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, _) = world.waiting_customer().await;
        let refuse = json!({"answer": {"status": 503}});
        world
            .faults(
                json!({"requests": [{"fault": refuse, "matching": "PATCH", "probability": 1.0}]}),
            )
            .await;
        customer.end().await;
        customer.sees(&["USER_END_SESSION", "SESSION_END"]).await;
        world.halt_sidecar(halt).await;
        world.faults(json!({})).await;
        world.start_sidecar_again().await;
        world.conversation(&customer, is_over).await;
    }
}

#[tokio::test]
async fn invariant_6_many_restarts_in_a_row_keep_what_the_user_says_in_order() {
    for halt in Halt::BOTH {
        let mut world = World::start().await;
        let (mut customer, conversation) = world.served_customer().await;
        let mut last = customer.says_last("Before").await;
        for number in 0..5 {
            world.halt_sidecar(halt).await;
            world.start_sidecar_again().await;
            customer.reconnect_after(&last).await;
            last = customer.says_last(&format!("Number {number}")).await;
        }
        let all = |truth: &Value| {
            let mut all = posted(truth);
            all.dedup();
            all.len() == 7
        };
        world.conversation(&customer, all).await;
        let truth = world.truth(&conversation).await;
        let mut texts = said(&truth);
        // A stop may cost the answer to a post.
        texts.dedup();
        let expected: Vec<String> = ["Hello, I need help".to_owned(), "Before".to_owned()]
            .into_iter()
            .chain((0..5).map(|number| format!("Number {number}")))
            .collect();
        assert_eq!(texts, expected);
    }
}
