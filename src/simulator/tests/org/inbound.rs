//! What the inbound endpoints take, refuse and answer (Genesys reference 3.2).

use serde_json::{Value, json};

use crate::scene::{CUSTOMER, DANA, INTEGRATION, SALES, Scene, channel};

/// The channel without the field at this pointer.
fn channel_without(parent: &str, key: &str) -> Value {
    let mut channel = channel();
    channel.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    channel
}

#[test]
fn a_message_is_answered_with_genesys_ids() {
    let mut scene = Scene::new();
    let taken = scene.writes("I want to talk to a person");
    assert_eq!(taken["id"].as_str().unwrap().len(), 32);
    assert_eq!(taken["channel"]["id"], INTEGRATION);
    assert_eq!(taken["channel"]["messageId"], "gw-0001");
    assert_eq!(taken["channel"]["to"], json!({ "id": INTEGRATION }));
    assert_eq!(taken["channel"]["from"], channel()["from"]);
    assert_eq!(
        (&taken["type"], &taken["text"]),
        (&json!("Text"), &json!("I want to talk to a person"))
    );
    assert_eq!(taken.get("direction"), None);
}

#[test]
fn the_conversations_id_is_answered_only_if_it_was_asked_for() {
    let mut scene = Scene::new();
    let body = json!({ "channel": channel(), "text": "hi" });
    let taken = scene.org.receive_message(scene.now, INTEGRATION, &body, false).unwrap();
    assert_eq!(taken.get("conversationId"), None);
}

#[test]
fn a_message_without_its_sender_type_or_time_is_refused() {
    let mut scene = Scene::new();
    let cases = [
        ("/from", "id", "channel.from.id"),
        ("/from", "idType", "channel.from.idType"),
        ("", "time", "channel.time"),
        ("", "from", "channel.from"),
    ];
    for (parent, key, field) in cases {
        let body = json!({ "channel": channel_without(parent, key), "text": "hi" });
        let refusal = scene.receives(&body).unwrap_err();
        assert_eq!((refusal.status, refusal.field_name.as_deref()), (400, Some(field)));
    }
    assert_eq!(scene.org.summaries(None).len(), 0);
}

#[test]
fn an_unknown_id_type_a_bad_time_and_an_empty_message_are_refused() {
    let mut scene = Scene::new();
    let with = |pointer: &str, value: &str| {
        let mut channel = channel();
        *channel.pointer_mut(pointer).unwrap() = json!(value);
        channel
    };
    let cases = [
        (
            json!({ "channel": with("/from/idType", "carrier-pigeon"), "text": "hi" }),
            "invalid.value",
        ),
        (json!({ "channel": with("/time", "yesterday"), "text": "hi" }), "invalid.date"),
        (json!({ "channel": channel() }), "bad.request"),
        (json!({ "channel": channel(), "text": "" }), "bad.request"),
        (json!({ "channel": channel(), "text": 7 }), "bad.request"),
        (json!([]), "bad.request"),
    ];
    for (body, code) in cases {
        let refusal = scene.receives(&body).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (400, code), "{body}");
    }
}

#[test]
fn the_refusal_of_an_id_type_is_worded_as_genesys_words_it() {
    let mut channel = channel();
    channel["from"]["idType"] = json!("carrier-pigeon");
    let refusal = Scene::new().receives(&json!({ "channel": channel, "text": "hi" })).unwrap_err();
    assert_eq!(
        refusal.message,
        "Value [carrier-pigeon] is not valid for field type [idType]. \
         Allowable values are: Email, Phone, Opaque"
    );
}

#[test]
fn an_id_type_may_be_written_in_lower_case() {
    let mut channel = channel();
    channel["from"]["idType"] = json!("email");
    assert!(Scene::new().receives(&json!({ "channel": channel, "text": "hi" })).is_ok());
}

#[test]
fn metadata_that_is_no_flat_map_of_strings_is_refused_without_a_word() {
    let body = json!({
        "channel": channel(), "text": "hi", "metadata": { "customAttributes": { "a": "b" } },
    });
    let refusal = Scene::new().receives(&body).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (400, "bad.request"));
    assert_eq!(refusal.field_name, None);
}

#[test]
fn an_unknown_integration_is_not_found() {
    let mut scene = Scene::new();
    let body = json!({ "channel": channel(), "text": "hi" });
    let refusal = scene.org.receive_message(scene.now, "nothing", &body, true).unwrap_err();
    assert_eq!(refusal.status, 404);
    assert_eq!(refusal.entity_id.as_deref(), Some("nothing"));
    assert_eq!(scene.org.receive_event(scene.now, "nothing", &body).unwrap_err().status, 404);
}

#[test]
fn custom_attributes_become_the_customers_and_choose_the_queue() {
    let mut scene = Scene::new();
    let mut channel = channel();
    channel["metadata"] = json!({ "customAttributes": { "queueId": SALES, "language": "en" } });
    let taken = scene.receives(&json!({ "channel": channel, "text": "hi" })).unwrap();
    scene.conversation = taken["conversationId"].as_str().unwrap().to_owned();
    assert_eq!(
        scene.story(),
        ["customer.start", "attributes", "flow.start", "flow.end TRANSFER", "acd.start"]
    );
    assert_eq!(scene.participants("customer")[0]["attributes"]["language"], "en");
    assert_eq!(scene.participants("acd")[0]["queue"]["id"], SALES);
}

#[test]
fn attributes_can_be_set_later_and_only_flat_strings() {
    let mut scene = Scene::connected();
    let (conversation, customer) = (scene.conversation.clone(), scene.participant("customer"));
    let set = |scene: &mut Scene, participant: &str, body: Value| {
        scene.org.set_attributes(scene.now, &conversation, participant, &body)
    };
    set(&mut scene, &customer, json!({ "attributes": { "a": "b" } })).unwrap();
    set(&mut scene, &customer, json!({ "attributes": { "c": "d" } })).unwrap();
    let events = scene.events();
    assert_eq!(events[1].1["attributes"], json!({ "a": "b", "c": "d" }));
    let nested = set(&mut scene, &customer, json!({ "attributes": { "a": {} } }));
    assert_eq!(nested.unwrap_err().status, 400);
    let nobody = set(&mut scene, "nobody", json!({ "attributes": {} }));
    assert_eq!(nobody.unwrap_err().status, 404);
}

#[test]
fn an_attachment_needs_no_text() {
    let mut scene = Scene::new();
    let body = json!({
        "channel": channel(),
        "content": [{ "attachment": {
            "mediaType": "Image", "url": "https://files.example.org/s.png", "mime": "image/png",
        } }],
    });
    let taken = scene.receives(&body).unwrap();
    assert_eq!(taken["content"][0]["contentType"], "Attachment");
    scene.conversation = taken["conversationId"].as_str().unwrap().to_owned();
    let media = &scene.participants("customer")[0]["messages"][0]["media"];
    assert_eq!(media[0]["url"], "https://files.example.org/s.png");
}

#[test]
fn the_answer_to_a_button_is_a_structured_message() {
    let mut scene = Scene::connected();
    let response = json!({ "type": "QuickReply", "text": "Sales", "payload": "sales" });
    let mut body = json!({
        "channel": channel(), "buttonResponse": response, "originatingMessageId": "98f1",
    });
    let taken =
        scene.org.receive_structured_response(scene.now, INTEGRATION, &body, false).unwrap();
    assert_eq!(taken["type"], "Structured");
    assert_eq!(taken["content"][0]["buttonResponse"], response);
    body["buttonResponse"]["type"] = json!("Lever");
    let refused = scene.org.receive_structured_response(scene.now, INTEGRATION, &body, false);
    assert_eq!(refused.unwrap_err().code, "invalid.value");
}

#[test]
fn typing_begins_no_conversation_and_only_typing_is_taken() {
    let mut scene = Scene::new();
    let event = |kind: &str| {
        json!({
            "channel": {
                "from": { "id": CUSTOMER, "idType": "Opaque" }, "time": "2026-05-04T09:16:40Z",
            },
            "events": [{ "eventType": kind }],
        })
    };
    let taken = scene.org.receive_event(scene.now, INTEGRATION, &event("Typing")).unwrap();
    assert_eq!(taken["events"][0]["typing"], json!({ "type": "On", "duration": 5000 }));
    assert_eq!(scene.org.summaries(None).len(), 0);
    let refused = scene.org.receive_event(scene.now, INTEGRATION, &event("Presence"));
    assert_eq!(refused.unwrap_err().code, "invalid.value");
}

#[test]
fn a_message_is_confirmed_by_a_receipt_with_its_id() {
    let mut scene = Scene::new();
    let taken = scene.writes("hello");
    let webhooks = scene.webhooks();
    assert_eq!((webhooks.len(), webhooks[0].0), (1, "receipt-inbound-delivered"));
    assert_eq!(webhooks[0].1["id"], taken["id"]);
}

#[test]
fn users_have_pictures_queues_and_integrations_are_listed() {
    let scene = Scene::new();
    let user = scene.org.user(DANA).unwrap();
    assert_eq!((&user["name"], &user["preferredName"]), (&json!("Dana Reyes"), &json!("Dana")));
    assert!(user["images"][0]["imageUri"].as_str().unwrap().starts_with("https://"));
    assert_eq!(scene.org.users().iter().filter(|user| user.get("images").is_none()).count(), 1);
    assert_eq!(scene.org.queues().len(), 4);
    assert_eq!(scene.org.queue(SALES).unwrap()["name"], "Sales");
    let integration = scene.org.integration(INTEGRATION).unwrap();
    assert_eq!(integration["recipient"]["id"], INTEGRATION);
    assert_eq!(scene.org.integrations(), [integration]);
    assert_eq!(scene.org.user("nobody").unwrap_err().status, 404);
}

#[test]
fn only_topics_of_genesys_with_real_ids_exist() {
    let scene = Scene::queued();
    let conversation = &scene.conversation;
    for topic in [
        format!("v2.detail.events.conversation.{conversation}.user.end"),
        format!("v2.users.{DANA}.presence"),
        format!("v2.routing.queues.{SALES}.conversations.messages"),
    ] {
        assert!(scene.org.topic_exists(&topic), "{topic}");
    }
    for topic in [
        format!("v2.conversations.{conversation}"),
        "v2.detail.events.conversation.{id}.user.end".into(),
        format!("v2.detail.events.conversation.{conversation}.user.moved"),
        "v2.users.nobody.presence".into(),
    ] {
        assert!(!scene.org.topic_exists(&topic), "{topic}");
    }
}
