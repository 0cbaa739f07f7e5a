//! What is said to the customer, and what becomes of it.

use baton_simulator::org::Switches;
use serde_json::{Value, json};

use crate::scene::{CUSTOMER, DANA, INTEGRATION, Scene};

fn receipt(id: &str, status: &str, reasons: Value) -> Value {
    json!({
        "id": id, "status": status, "reasons": reasons, "isFinalReceipt": true,
        "channel": {
            "to": { "id": CUSTOMER, "idType": "Opaque" }, "time": "2026-05-04T09:15:23Z",
        },
    })
}

#[test]
fn an_answer_is_a_webhook_and_a_message_that_rest_finds() {
    let mut scene = Scene::connected();
    let id = scene.does(json!({ "action": "answer", "text": "Hi, Dana here" }));
    let webhooks = scene.webhooks();
    let (shape, body) = &webhooks[0];
    assert_eq!((webhooks.len(), *shape), (1, "text-agent"));
    assert_eq!(body["id"], id);
    assert_eq!(body["conversationId"], scene.conversation);
    assert_eq!(body["channel"]["to"], json!({ "id": CUSTOMER, "idType": "Opaque" }));
    assert_eq!(body["channel"]["from"]["nickname"], "Acme Open Gateway");

    let entry = &scene.participants("agent")[0]["messages"][0];
    assert_eq!(entry["messageId"], id);
    let uri = entry["messageURI"].as_str().unwrap();
    assert!(uri.ends_with(&format!("/{}/messages/{id}", scene.conversation)));
    assert_eq!(entry["messageStatus"], "queued");
    let message = scene.org.message(&scene.conversation, &id).unwrap();
    assert_eq!(message, scene.org.message_details(&id).unwrap());
    assert_eq!(message["createdBy"]["id"], DANA);
    assert_eq!(message["conversationId"], scene.conversation);
    for part in ["type", "text", "content", "originatingEntity", "direction"] {
        assert_eq!(message["normalizedMessage"].get(part), body.get(part), "{part}");
    }
}

#[test]
fn every_shape_can_be_an_answer_and_every_message_among_them_is_found_by_rest() {
    for shape in baton_simulator::webhook::shapes() {
        let mut scene = Scene::connected();
        let id = scene.does(json!({ "action": "answer", "shape": shape.name() }));
        let webhooks = scene.webhooks();
        let (name, body) = &webhooks[0];
        assert_eq!((webhooks.len(), *name), (1, shape.name()));
        let is_message = (body["type"] == "Text" || body["type"] == "Structured")
            && body["direction"] == "Outbound";
        match scene.org.message_details(&id) {
            Ok(message) => {
                assert!(is_message, "{}", shape.name());
                for part in ["type", "text", "content"] {
                    assert_eq!(message["normalizedMessage"].get(part), body.get(part));
                }
            }
            Err(_) => assert!(!is_message, "{}", shape.name()),
        }
    }
}

#[test]
fn whoever_speaks_is_the_origin_of_the_message_whatever_its_shape() {
    let mut scene = Scene::connected();
    scene.does(json!({ "action": "answer", "shape": "structured-card" }));
    assert_eq!(scene.webhooks()[0].1["originatingEntity"], "Human");
    let mut scene = Scene::queued();
    scene.does(json!({ "action": "bot_answer", "shape": "attachment-pdf" }));
    assert_eq!(scene.webhooks()[0].1["originatingEntity"], "Bot");
}

#[test]
fn the_outcome_of_the_webhook_stands_on_the_message() {
    let mut scene = Scene::connected();
    let sent = scene.does(json!({ "action": "answer", "text": "one" }));
    let failed = scene.does(json!({ "action": "answer", "text": "two" }));
    scene.org.webhook_settled(&sent, None);
    let why = "GeneralError - Request failed with status code 404";
    scene.org.webhook_settled(&failed, Some(why.into()));
    scene.org.webhook_settled("nothing", None);
    let messages = &scene.participants("agent")[0]["messages"];
    assert_eq!(messages[0]["messageStatus"], "sent");
    assert_eq!(messages[1]["messageStatus"], "delivery-failed");
    assert_eq!(messages[1]["errorInfo"]["code"], "DELIVERY_FAILED");
    assert_eq!(messages[1]["errorInfo"]["message"], why);
}

#[test]
fn receipts_settle_a_message_and_are_all_kept() {
    let mut scene = Scene::connected();
    let id = scene.does(json!({ "action": "answer", "text": "one" }));
    for _ in 0..2 {
        let body = receipt(&id, "Delivered", Value::Null);
        let taken = scene.org.receive_receipt(scene.now, INTEGRATION, &body).unwrap();
        assert_eq!((&taken["id"], &taken["status"]), (&json!(id), &json!("Delivered")));
        assert_eq!(taken["channel"]["from"]["id"], INTEGRATION);
    }
    scene.org.webhook_settled(&id, None);
    let message = scene.org.message_details(&id).unwrap();
    assert_eq!(message["status"], "delivery-success");
    assert_eq!(message["normalizedReceipts"].as_array().unwrap().len(), 2);

    let body = receipt(&id, "Failed", json!([{ "code": "MessageExpired", "message": "gone" }]));
    scene.org.receive_receipt(scene.now, INTEGRATION, &body).unwrap();
    let entry = &scene.participants("agent")[0]["messages"][0];
    assert_eq!(entry["messageStatus"], "delivery-failed");
    assert_eq!(entry["errorInfo"]["message"], "MessageExpired - gone");
}

#[test]
fn a_receipt_about_nothing_is_kept_apart_and_a_wrong_one_refused() {
    let mut scene = Scene::connected();
    let stray = receipt("0123", "Delivered", Value::Null);
    scene.org.receive_receipt(scene.now, INTEGRATION, &stray).unwrap();
    assert_eq!(scene.org.stray_receipts().len(), 1);
    let read = receipt("0123", "Read", Value::Null);
    let refusal = scene.org.receive_receipt(scene.now, INTEGRATION, &read).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (400, "invalid.value"));
    let bare = json!({ "id": "0123", "status": "Delivered", "channel": { "time": "2026-05-04T09:15:23Z" } });
    let refusal = scene.org.receive_receipt(scene.now, INTEGRATION, &bare).unwrap_err();
    assert_eq!(refusal.field_name.as_deref(), Some("channel.to"));
}

#[test]
fn bots_speak_in_the_flow_and_in_the_queue() {
    let mut scene = Scene::with(Switches {
        flow_message: Some("Welcome".into()),
        queue_message: Some("Please hold".into()),
        receipts_for_inbound: false,
        ..Switches::default()
    });
    scene.writes("hello");
    scene.does(json!({ "action": "bot_answer", "shape": "structured-quickreply" }));
    let webhooks = scene.webhooks();
    assert_eq!(webhooks.len(), 3);
    assert!(webhooks.iter().all(|(_, body)| body["originatingEntity"] == "Bot"));
    assert_eq!(scene.participants("workflow")[0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(scene.participants("acd")[0]["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn typing_is_off_both_ways_until_it_is_switched_on() {
    let mut scene = Scene::connected();
    let event = json!({
        "channel": {
            "from": { "id": CUSTOMER, "idType": "Opaque" }, "time": "2026-05-04T09:16:40Z",
        },
        "events": [{ "eventType": "Typing" }],
    });
    let types = |scene: &mut Scene| {
        scene.does(json!({ "action": "type" }));
        scene.org.receive_event(scene.now, INTEGRATION, &event).unwrap();
        let topic = format!("v2.users.{DANA}.conversations.inbound.typing.event");
        let emissions = format!("{:?}", scene.org.take_emissions());
        (emissions.contains("event-typing"), emissions.contains(&topic))
    };
    assert_eq!(types(&mut scene), (false, false));
    scene
        .org
        .set_switches(Switches {
            typing_inbound: Some(true),
            typing_outbound: Some(true),
            ..Switches::default()
        })
        .unwrap();
    assert_eq!(types(&mut scene), (true, true));
}

#[test]
fn older_payloads_lack_the_conversations_id_and_the_type_of_the_recipients() {
    let mut scene = Scene::with(Switches {
        webhooks_carry_conversation_id: false,
        webhooks_carry_id_type: false,
        receipts_for_inbound: false,
        ..Switches::default()
    });
    scene.writes("hello");
    let mut scene = scene.where_dana_accepts();
    scene.does(json!({ "action": "answer", "text": "Hi" }));
    let (_, body) = &scene.webhooks()[0];
    assert_eq!(body.get("conversationId"), None);
    assert_eq!(body["channel"]["to"], json!({ "id": CUSTOMER }));
}

#[test]
fn an_agentless_message_needs_nobody() {
    let mut scene = Scene::new();
    let body = json!({
        "fromAddress": INTEGRATION, "toAddress": CUSTOMER, "toAddressMessengerType": "open",
        "textBody": "Your parcel is on its way.",
    });
    let sent = scene.org.send_agentless(scene.now, &body).unwrap();
    let webhooks = scene.webhooks();
    assert_eq!(webhooks[0].0, "text-agentless");
    let id = sent["id"].as_str().unwrap();
    assert_eq!(sent["message"], scene.org.message_details(id).unwrap());
    assert_eq!(webhooks[0].1["id"], id);
    assert_eq!(scene.org.message_details(id).unwrap()["direction"], "outbound");

    let long = json!({
        "fromAddress": INTEGRATION, "toAddress": CUSTOMER, "toAddressMessengerType": "open",
        "textBody": "x".repeat(2001),
    });
    assert_eq!(scene.org.send_agentless(scene.now, &long).unwrap_err().status, 400);
}

#[test]
fn the_truth_keeps_doubles_in_order() {
    let mut scene = Scene::queued();
    scene.writes("twice");
    scene.writes("twice");
    let mut scene = scene.where_dana_accepts();
    scene.does(json!({ "action": "answer", "text": "Hi" }));
    let truth = scene.org.truth(&scene.conversation).unwrap();
    let messages = truth["messages"].as_array().unwrap();
    let texts: Vec<&Value> = messages.iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["I want to talk to a person", "twice", "twice", "Hi"]);
    assert_eq!(messages[1]["sender_message_id"], messages[2]["sender_message_id"]);
    assert_ne!(messages[1]["id"], messages[2]["id"]);
    assert_eq!(messages[3]["direction"], "outbound");
}

#[test]
fn no_debug_form_shows_a_text() {
    let mut scene = Scene::connected();
    scene.writes("a-secret-of-the-customer");
    scene.does(json!({ "action": "answer", "text": "a-secret-of-the-agent" }));
    assert!(!format!("{:?}", scene.org).contains("a-secret-of"));
}
