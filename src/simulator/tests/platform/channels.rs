//! Notification channels: their limits, their sockets and their ends.

use std::collections::BTreeSet;
use std::time::Duration;

use baton_simulator::{DEFAULT_CLIENT_ID, OauthClient};
use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::{Conversation, Simulator, topics};

const GOING_AWAY: Option<u16> = Some(1001);

fn subscriptions(channel: &str) -> String {
    format!("notifications/channels/{channel}/subscriptions")
}

#[tokio::test]
async fn a_channel_is_made_listed_and_verified_and_its_socket_is_at_the_simulator() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let made = simulator.call(Method::POST, "notifications/channels", &token, Value::Null).await;
    let id = made.body["id"].as_str().unwrap();
    assert!(id.starts_with("streaming-0-") && id.len() == 38, "{id}");
    assert_eq!(made.body["connectUri"], format!("ws://{}/channels/{id}", simulator.host));
    assert!(made.body["expires"].as_str().unwrap().ends_with('Z'));
    for (query, count) in [("", 1), ("?includechannels=token", 1)] {
        let path = format!("notifications/channels{query}");
        let list = simulator.call(Method::GET, &path, &token, Value::Null).await.body;
        assert_eq!(list["entities"].as_array().unwrap().len(), count);
        assert_eq!(list["entities"][0], made.body);
    }
    let other = simulator.token().await;
    for (query, count) in [("token", 0), ("oauthclient", 1)] {
        let path = format!("notifications/channels?includechannels={query}");
        let list = simulator.call(Method::GET, &path, &other, Value::Null).await.body;
        assert_eq!(list["entities"].as_array().unwrap().len(), count, "{query}");
    }
    assert!(simulator.is_alive(&other, id).await);
    assert!(!simulator.is_alive(&other, "streaming-0-unknown").await);
}

#[tokio::test]
async fn another_clients_channel_is_not_found() {
    let simulator = Simulator::with(|configuration| {
        configuration.oauth_clients.push(OauthClient::with_every_permission("other", "secret"));
    })
    .await;
    let channel = simulator.channel(&simulator.token().await).await;
    let other = simulator.token_of("other", "secret").await;
    assert!(!simulator.is_alive(&other, &channel).await);
    assert_eq!(simulator.subscribe(&other, &channel, &topics(1)).await.status, 404);
}

#[tokio::test]
async fn topics_are_added_replaced_listed_and_cleared() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let channel = simulator.channel(&token).await;
    let path = subscriptions(&channel);
    let topics = topics(3);
    let entry = |topic: &String| {
        json!({
            "id": topic, "state": "Permitted",
            "selfUri": format!("/api/v2/notifications/channels/{channel}/subscriptions/{topic}"),
        })
    };
    let added = simulator.subscribe(&token, &channel, &topics[..2]).await;
    assert_eq!(added.status, 200);
    assert_eq!(added.body, json!({ "entities": [entry(&topics[0]), entry(&topics[1])] }));
    let replacement = json!([{ "id": topics[2] }]);
    simulator.call(Method::PUT, &path, &token, replacement).await;
    let listed = simulator.call(Method::GET, &path, &token, Value::Null).await;
    assert_eq!(listed.body, json!({ "entities": [entry(&topics[2])] }));
    assert_eq!(simulator.call(Method::DELETE, &path, &token, Value::Null).await.status, 200);
    let listed = simulator.call(Method::GET, &path, &token, Value::Null).await;
    assert_eq!(listed.body, json!({ "entities": [] }));
}

#[tokio::test]
async fn a_topic_that_does_not_exist_refuses_the_whole_call() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let channel = simulator.channel(&token).await;
    for topic in ["v2.conversations.c1", "v2.detail.events.conversation.{id}.user.end"] {
        let wanted = [topics(1), vec![topic.to_owned()]].concat();
        let refused = simulator.subscribe(&token, &channel, &wanted).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.body["code"], "notification.invalid.topic");
        assert_eq!(refused.body["message"], "The subscription topic is not valid.");
    }
    let path = subscriptions(&channel);
    let listed = simulator.call(Method::GET, &path, &token, Value::Null).await;
    assert_eq!(listed.body, json!({ "entities": [] }));
}

#[tokio::test]
async fn one_topic_without_permission_refuses_all_unless_errors_are_ignored() {
    let simulator = Simulator::with(|configuration| {
        configuration.oauth_clients.push(OauthClient {
            id: "weak".into(),
            secret: "secret".into(),
            permissions: [].into(),
        });
    })
    .await;
    let token = simulator.token_of("weak", "secret").await;
    let channel = simulator.channel(&token).await;
    let queue = "v2.routing.queues.90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5.conversations".to_owned();
    let wanted = [vec![queue.clone()], topics(1)].concat();
    let refused = simulator.subscribe(&token, &channel, &wanted).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("missing.permissions")));
    assert!(refused.body.to_string().contains("analytics:conversationDetail:view"));
    let path = subscriptions(&channel);
    let listed = simulator.call(Method::GET, &path, &token, Value::Null).await;
    assert_eq!(listed.body, json!({ "entities": [] }));

    let path = format!("{path}?ignoreErrors=true");
    let body = json!([{ "id": queue }, { "id": topics(1)[0] }]);
    let answer = simulator.call(Method::POST, &path, &token, body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["entities"][0]["state"], "Permitted");
    assert_eq!(
        answer.body["entities"][1],
        json!({
            "id": topics(1)[0], "state": "Rejected", "rejectionReason": "Missing permissions",
            "missingPermissions": ["analytics:conversationDetail:view"],
        })
    );
}

#[tokio::test]
async fn the_1001st_topic_is_refused_and_a_combined_one_counts_per_part() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let channel = simulator.channel(&token).await;
    let combined = |topic: &String| topic.replace(".user.end", ".user?start&end");
    let full: Vec<String> = topics(500).iter().map(combined).collect();
    assert_eq!(simulator.subscribe(&token, &channel, &full).await.status, 200);
    let one_more = [topics(501).pop().unwrap()];
    let refused = simulator.subscribe(&token, &channel, &one_more).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["message"], "Topic limit exceeded");
    assert_eq!(simulator.subscribe(&token, &channel, &topics(1)).await.status, 200);
}

#[tokio::test]
async fn the_21st_channel_evicts_one_without_a_socket_first_and_then_the_longest_unused() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let mut channels = Vec::new();
    for _ in 0..20 {
        channels.push(simulator.channel(&token).await);
    }
    let mut sockets = Vec::new();
    for channel in channels.iter().take(19) {
        sockets.push(simulator.connect(channel).await);
    }
    // The first is used anew, so that the second is the longest unused one.
    simulator.subscribe(&token, &channels[0], &topics(1)).await;

    channels.push(simulator.channel(&token).await);
    assert!(!simulator.is_alive(&token, &channels[19]).await, "it had no socket");
    let _live = simulator.connect(&channels[20]).await;
    channels.push(simulator.channel(&token).await);
    assert!(!simulator.is_alive(&token, &channels[1]).await, "it was unused for longest");
    assert_eq!(sockets[1].end().await, GOING_AWAY);
    assert_eq!(simulator.try_to_connect(&channels[1]).await.err(), Some(404));
    let path = "notifications/channels?includechannels=oauthclient";
    let list = simulator.call(Method::GET, path, &token, Value::Null).await.body;
    assert_eq!(list["entities"].as_array().unwrap().len(), 20);
    let counters = simulator.counters().await;
    assert_eq!(counters["evictions"], 2);
    assert_eq!(
        counters["channels"][DEFAULT_CLIENT_ID],
        json!({ "now": 20, "most": 20, "total": 22 })
    );
}

#[tokio::test]
async fn an_event_comes_under_its_single_name_once_however_it_was_subscribed_to() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let channel = simulator.channel(&token).await;
    let combined = conversation.topic().replace(".attributes", "?attributes&acw");
    simulator.subscribe(&token, &channel, &[combined, conversation.topic()]).await;
    let mut socket = simulator.connect(&channel).await;
    for number in 1..=3 {
        conversation.happen(&simulator, &token, number).await;
    }
    for number in 1..=3 {
        let event = socket.next_event().await;
        assert_eq!(event["topicName"], conversation.topic());
        assert_eq!(event["version"], "2");
        assert!(event["metadata"]["CorrelationId"].is_string());
        assert_eq!(Conversation::number(&event), number);
    }
}

#[tokio::test]
async fn what_happens_while_the_socket_is_down_never_comes() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let channel = simulator.channel(&token).await;
    simulator.subscribe(&token, &channel, &[conversation.topic()]).await;
    conversation.happen(&simulator, &token, 1).await;
    let mut socket = simulator.connect(&channel).await;
    conversation.happen(&simulator, &token, 2).await;
    assert_eq!(Conversation::number(&socket.next_event().await), 2);
}

#[tokio::test]
async fn a_second_socket_takes_the_channel_from_the_first() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let channel = simulator.channel(&token).await;
    let mut first = simulator.connect(&channel).await;
    let mut second = simulator.connect(&channel).await;
    let last_words = first.next_event().await;
    assert_eq!(last_words["topicName"], format!("v2.system.no_longer_subscribed.{channel}"));
    assert_eq!(last_words["eventBody"]["reason"], "another_channel_subscribed");
    assert_eq!(first.end().await, GOING_AWAY);
    second.say(json!({ "message": "ping" })).await;
    let pong = json!({ "topicName": "channel.metadata", "eventBody": { "message": "pong" } });
    assert_eq!(second.next_event().await, pong);
    assert_eq!(simulator.counters().await["sockets"], json!({ "now": 1, "most": 1, "total": 2 }));
}

#[tokio::test]
async fn a_topic_can_be_subscribed_to_on_the_socket() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let channel = simulator.channel(&token).await;
    let mut socket = simulator.connect(&channel).await;
    let subscribe = |topics: &[String]| json!({ "message": "subscribe", "topics": topics, "correlationId": "k3J9" });
    socket.say(subscribe(&[conversation.topic()])).await;
    let subscribed = json!({ "result": "200", "status": "subscribed", "correlationId": "k3J9" });
    assert_eq!(socket.next_event().await, subscribed);
    conversation.happen(&simulator, &token, 7).await;
    assert_eq!(Conversation::number(&socket.next_event().await), 7);
    socket.say(subscribe(&topics(1000))).await;
    assert_eq!(
        socket.next_event().await,
        json!({
            "result": "400", "status": "failure", "message": "Topic limit exceeded",
            "correlationId": "k3J9",
        })
    );
}

#[tokio::test]
async fn the_heartbeat_follows_the_time_scale() {
    let simulator = Simulator::at_pace(0.001).await;
    let channel = simulator.channel(&simulator.token().await).await;
    let mut socket = simulator.connect(&channel).await;
    for _ in 0..2 {
        assert_eq!(
            socket.next().await,
            json!({
                "topicName": "channel.metadata",
                "eventBody": { "message": "WebSocket Heartbeat" },
            })
        );
    }
}

#[tokio::test]
async fn a_channel_lives_a_day_after_its_topics_were_last_set() {
    let simulator = Simulator::at_pace(2.0 / 86_400.0).await;
    let token = simulator.token().await;
    let extended = simulator.channel(&token).await;
    let expiry = |answer: Value| -> jiff::Timestamp {
        answer["entities"][0]["expires"].as_str().unwrap().parse().unwrap()
    };
    let path = "notifications/channels";
    let before = expiry(simulator.call(Method::GET, path, &token, Value::Null).await.body);
    tokio::time::sleep(Duration::from_millis(20)).await;
    simulator.subscribe(&token, &extended, &topics(1)).await;
    let after = expiry(simulator.call(Method::GET, path, &token, Value::Null).await.body);
    assert!(after > before);

    let mut socket = simulator.connect(&extended).await;
    assert_eq!(socket.end().await, GOING_AWAY);
    let token = simulator.token().await;
    while simulator.is_alive(&token, &extended).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(simulator.try_to_connect(&extended).await.err(), Some(404));
}

#[tokio::test]
async fn a_socket_that_is_not_read_is_closed_and_holds_nobody_up() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let conversation = Conversation::begin(&simulator, &token).await;
    let mut readers = Vec::new();
    for _ in 0..2 {
        let channel = simulator.channel(&token).await;
        simulator.subscribe(&token, &channel, &[conversation.topic()]).await;
        readers.push(simulator.connect(&channel).await);
    }
    let mut reader = readers.pop().unwrap();
    let _never_reads = readers;
    let mut caller = token;
    let big = "a".repeat(50_000);
    let mut number = 0;
    while simulator.counters().await["sockets_that_did_not_read"] != 1 {
        number += 1;
        assert!(number < 3000);
        if number % 250 == 0 {
            caller = simulator.token().await;
        }
        conversation.happen_with(&simulator, &caller, number, &big).await;
        assert_eq!(Conversation::number(&reader.next_event().await), number);
    }
}

#[tokio::test]
async fn the_available_topics_say_what_they_need() {
    let simulator = Simulator::start().await;
    let token = simulator.token().await;
    let path = "notifications/availabletopics?expand=description";
    let list = simulator.call(Method::GET, path, &token, Value::Null).await.body;
    let ids: BTreeSet<&str> =
        list["entities"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    assert!(ids.contains("v2.detail.events.conversation.{id}.user.end"));
    assert_eq!(
        list["entities"][0]["requiresPermissions"],
        json!(["analytics:conversationDetail:view"])
    );
}
