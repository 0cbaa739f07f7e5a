//! What is made of the answers that bots give, and of those that they should not.

use baton_core::event::AttachmentContentType;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    answer::{BotAnswer, HandoffWish},
    error::AnswerProblem,
    reading::{MAX_LIST, MAX_UTTERANCE_BYTES, read},
};

fn answer(value: &Value) -> BotAnswer {
    read(value.to_string().as_bytes()).unwrap().0
}

fn problem(value: &Value) -> String {
    read(value.to_string().as_bytes()).unwrap_err().to_string()
}

fn remarks(value: &Value) -> Vec<String> {
    let (_, remarks) = read(value.to_string().as_bytes()).unwrap();
    remarks.iter().map(ToString::to_string).collect()
}

fn integration(name: &str, hints: &Value) -> Option<HandoffWish> {
    let hints = hints.as_object().unwrap().clone();
    Some(HandoffWish::Integration { name: name.to_owned(), hints })
}

fn destination(name: &str, reason: Option<&str>, data: &Value) -> Option<HandoffWish> {
    Some(HandoffWish::Destination {
        destination: name.to_owned(),
        reason: reason.map(ToOwned::to_owned),
        data: data.as_object().unwrap().clone(),
    })
}

#[test]
fn nothing_is_an_answer_too() {
    for body in ["", " \r\n", "null", "{}", r#"{"utterance":null,"attachments":null,"x":[1]}"#] {
        let (answer, remarks) = read(body.as_bytes()).unwrap();
        assert_eq!(answer, BotAnswer::default(), "{body:?}");
        assert!(answer.says_nothing() && remarks.is_empty());
    }
}

#[test]
fn each_member_arrives() {
    let answer = answer(&json!({
        "utterance": "Hello.\n",
        "attachments": [{
            "title": "Prices",
            "preview_image_url": "https://example.org/p.png",
            "content_url": "HTTP://example.org/prices?a=b",
            "content_type": "ATTACHMENT_CONTENT_TYPE_IMAGE",
            "call_to_action_text": "Look",
        }],
        "response_suggestions": ["Yes", { "message_text": "No", "payload": "n" }],
        "end_conversation": true,
    }));
    assert_eq!(answer.utterance.as_deref(), Some("Hello.\n"));
    let [attachment] = answer.attachments.as_slice() else { panic!("{answer:?}") };
    assert_eq!(attachment.title.as_deref(), Some("Prices"));
    assert_eq!(attachment.preview_image_url.as_deref(), Some("https://example.org/p.png"));
    assert_eq!(attachment.content_url.as_deref(), Some("HTTP://example.org/prices?a=b"));
    assert_eq!(attachment.content_type, AttachmentContentType::Image);
    assert_eq!(attachment.call_to_action_text.as_deref(), Some("Look"));
    let [yes, no] = answer.suggestions.as_slice() else { panic!("{answer:?}") };
    assert_eq!((&*yes.message_text, yes.payload.as_deref()), ("Yes", None));
    assert_eq!((&*no.message_text, no.payload.as_deref()), ("No", Some("n")));
    assert!(answer.end_conversation && answer.handoff.is_none());
}

#[test]
fn a_handoff_is_found_wherever_bots_put_it() {
    let hints = json!({ "queue": "Billing", "priority": 3, "attributes": { "a": null } });
    let genesys = integration("genesys", &hints);
    for place in [
        json!({ "handoff": { "text_chat": { "genesys_integration": hints } } }),
        json!({ "handoff": { "genesys_integration": hints } }),
        json!({ "genesys_integration": hints }),
        json!({ "handoff": null, "genesys_integration": hints }),
        json!({ "handoff": {}, "genesys_integration": hints }),
    ] {
        assert_eq!(answer(&place).handoff, genesys, "{place}");
    }
    let data = json!({ "customer_id": "c-7" });
    let billing = destination("billing", Some("dispute"), &data);
    let inner = json!({ "destination": " billing ", "reason": "dispute", "data": data });
    for place in
        [json!({ "handoff": inner }), json!({ "handoff": { "text_chat": inner } }), inner.clone()]
    {
        assert_eq!(answer(&place).handoff, billing, "{place}");
    }
    let bare = json!({ "destination": "billing", "reason": "", "data": null });
    assert_eq!(answer(&bare).handoff, destination("billing", None, &json!({})));
}

#[test]
fn the_tool_shape_without_hints_is_a_handoff() {
    let tool = json!({
        "utterance": "I'll transfer you now.",
        "handoff": { "text_chat": { "genesys_integration": {} } },
    });
    assert_eq!(answer(&tool).handoff, integration("genesys", &json!({})));
}

#[test]
fn of_several_integrations_genesys_counts_or_else_the_first_by_name() {
    let several = json!({ "handoff": { "text_chat": {
        "zendesk_integration": {}, "amazon_connect_integration": {},
        "genesys_integration": { "queue": "q" },
    } } });
    assert_eq!(answer(&several).handoff, integration("genesys", &json!({ "queue": "q" })));
    assert_eq!(
        remarks(&several),
        [
            "handoff.text_chat.amazon_connect_integration was left out: another integration goes \
             before it",
            "handoff.text_chat.zendesk_integration was left out: another integration goes before it",
        ]
    );
    let others = json!({ "zendesk_integration": {}, "five9_integration": { "skill": "s" } });
    assert_eq!(answer(&others).handoff, integration("five9", &json!({ "skill": "s" })));
    let absent = json!({ "genesys_integration": null, "five9_integration": {} });
    assert_eq!(answer(&absent).handoff, integration("five9", &json!({})));
}

#[test]
fn the_innermost_place_counts_and_in_it_the_integration() {
    let places = json!({
        "destination": "outside", "zendesk_integration": {},
        "handoff": {
            "destination": "middle",
            "text_chat": { "destination": "inside", "genesys_integration": {} },
        },
    });
    assert_eq!(answer(&places).handoff, integration("genesys", &json!({})));
    let places = json!({ "genesys_integration": {}, "handoff": { "destination": "middle" } });
    assert_eq!(answer(&places).handoff, destination("middle", None, &json!({})));
}

#[test]
fn a_handoff_to_nobody_is_an_error() {
    let long = format!("{}_integration", "x".repeat(65));
    for handoff in [
        json!({}),
        json!({ "text_chat": null }),
        json!({ "text_chat": {} }),
        json!({ "destination": " " }),
        json!({ "genesys_integration": null }),
        json!({ "genesys": {}, "reason": "r", "data": {} }),
        json!({ "_integration": {} }),
        json!({ "a b_integration": {} }),
        json!({ long: {} }),
    ] {
        let body = json!({ "utterance": "x", "handoff": handoff }).to_string();
        assert_eq!(read(body.as_bytes()).unwrap_err(), AnswerProblem::NoTarget, "{body}");
    }
}

#[test]
fn a_member_of_the_wrong_type_is_named() {
    let hidden = "hunter2";
    for (body, member, wanted) in [
        (json!({ "utterance": 7 }), "utterance", "a text"),
        (json!({ "utterance": [hidden] }), "utterance", "a text"),
        (json!({ "attachments": {} }), "attachments", "a list"),
        (json!({ "attachments": [hidden] }), "attachments[0]", "an object"),
        (json!({ "attachments": [{ "title": 1 }] }), "attachments[0].title", "a text"),
        (json!({ "attachments": [{ "content_url": {} }] }), "attachments[0].content_url", "a text"),
        (
            json!({ "attachments": [{ "content_type": 1 }] }),
            "attachments[0].content_type",
            "a text",
        ),
        (json!({ "response_suggestions": hidden }), "response_suggestions", "a list"),
        (json!({ "response_suggestions": [1] }), "response_suggestions[0]", "a text or an object"),
        (
            json!({ "response_suggestions": ["a", { "message_text": 1 }] }),
            "response_suggestions[1].message_text",
            "a text",
        ),
        (
            json!({ "response_suggestions": [{ "message_text": "a", "payload": {} }] }),
            "response_suggestions[0].payload",
            "a text",
        ),
        (json!({ "end_conversation": "true" }), "end_conversation", "true or false"),
        (json!({ "handoff": hidden }), "handoff", "an object"),
        (json!({ "handoff": false }), "handoff", "an object"),
        (json!({ "handoff": { "text_chat": [] } }), "handoff.text_chat", "an object"),
        (
            json!({ "handoff": { "text_chat": { "genesys_integration": true } } }),
            "handoff.text_chat.genesys_integration",
            "an object",
        ),
        (json!({ "genesys_integration": hidden }), "genesys_integration", "an object"),
        (json!({ "destination": {} }), "destination", "a text"),
        (json!({ "destination": "d", "reason": 1 }), "reason", "a text"),
        (json!({ "handoff": { "destination": "d", "data": hidden } }), "handoff.data", "an object"),
    ] {
        assert_eq!(problem(&body), format!("its member {member} is not {wanted}"), "{body}");
    }
}

#[test]
fn what_is_no_json_object_is_an_error_that_quotes_nothing() {
    for body in ["hunter2", "{", "{\"utterance\":\"hunter2\"", "{}{}", "<html>", "\u{feff}{}"] {
        let error = read(body.as_bytes()).unwrap_err();
        assert!(matches!(error, AnswerProblem::NotJson { .. }), "{body:?}");
        assert!(!error.to_string().contains("hunter2"));
    }
    assert!(matches!(read(b"{\"utterance\":\"\xff\"}"), Err(AnswerProblem::NotJson { .. })));
    assert!(matches!(read("[".repeat(200_000).as_bytes()), Err(AnswerProblem::NotJson { .. })));
    for body in ["\"hunter2\"", "7", "true", "[]", "[{\"utterance\":\"x\"}]"] {
        assert_eq!(read(body.as_bytes()).unwrap_err(), AnswerProblem::NotAnObject, "{body}");
    }
}

#[test]
fn only_links_of_the_web_pass() {
    for link in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org",
        "//example.org",
        "/relative",
        "example.org",
        "https://",
        " https://example.org",
        "https://exa mple.org",
        "java\nscript:alert(1)",
        "https://example.org/\u{0}",
        "httpſ://example.org",
    ] {
        let body = json!({ "attachments": [{ "title": "t", "content_url": link }] });
        assert!(answer(&body).attachments.is_empty(), "{link:?}");
        assert_eq!(remarks(&body), ["attachments[0] was left out: its link is not of the web"]);
        let body = json!({ "attachments": [{ "title": "t", "preview_image_url": link }] });
        assert_eq!(answer(&body).attachments[0].preview_image_url, None, "{link:?}");
        assert_eq!(
            remarks(&body),
            ["attachments[0].preview_image_url was left out: it is no link of the web"]
        );
    }
}

#[test]
fn an_attachment_of_an_unknown_type_is_a_link() {
    for content_type in [json!(null), json!("VIDEO"), json!("ATTACHMENT_CONTENT_TYPE_URL")] {
        let body = json!({ "attachments": [
            { "content_url": "https://example.org", "content_type": content_type },
        ] });
        assert_eq!(answer(&body).attachments[0].content_type, AttachmentContentType::Url);
    }
}

#[test]
fn what_shows_nothing_is_left_out() {
    let body = json!({
        "utterance": " \n",
        "attachments": [{}, { "title": " ", "call_to_action_text": "Look" }, { "title": "card" }],
        "response_suggestions": ["", { "payload": "p" }, { "message_text": " " }, "Yes"],
    });
    let answer = answer(&body);
    assert_eq!(answer.utterance, None);
    assert_eq!((answer.attachments.len(), answer.suggestions.len()), (1, 1));
    assert_eq!(remarks(&body).len(), 5);
}

#[test]
fn an_utterance_that_is_too_long_is_cut_between_letters() {
    let body = json!({ "utterance": format!("x{}", "ü".repeat(MAX_UTTERANCE_BYTES)) });
    let utterance = answer(&body).utterance.unwrap();
    assert_eq!(utterance.len(), MAX_UTTERANCE_BYTES - 1);
    assert_eq!(remarks(&body), ["utterance was cut: it is too long"]);
    let body = json!({ "utterance": "x".repeat(MAX_UTTERANCE_BYTES) });
    assert_eq!(answer(&body).utterance.unwrap().len(), MAX_UTTERANCE_BYTES);
    assert!(remarks(&body).is_empty());
}

#[test]
fn a_list_that_is_too_long_is_cut() {
    let body = json!({
        "attachments": vec![json!({ "title": "t" }); MAX_LIST + 1],
        "response_suggestions": vec!["Yes"; MAX_LIST + 1],
    });
    let answer = answer(&body);
    assert_eq!((answer.attachments.len(), answer.suggestions.len()), (MAX_LIST, MAX_LIST));
    assert_eq!(
        remarks(&body),
        ["attachments was cut: it is too long", "response_suggestions was cut: it is too long"]
    );
}

#[test]
fn what_the_bot_said_is_not_shown() {
    let said = "hunter2";
    for body in [
        json!({
            "utterance": said,
            "attachments": [{ "title": said, "content_url": "https://example.org/hunter2" }],
            "response_suggestions": [{ "message_text": said, "payload": said }],
            "handoff": { "genesys_integration": { "queue": said, "attributes": { said: 1 } } },
        }),
        json!({ "destination": said, "reason": said, "data": { said: said } }),
    ] {
        let shown = format!("{:?}", answer(&body));
        assert!(!shown.contains(said), "{shown}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        "(https?|javascript):/{0,2}.{0,10}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        proptest::sample::select(vec![
            "utterance",
            "attachments",
            "response_suggestions",
            "end_conversation",
            "handoff",
            "text_chat",
            "destination",
            "reason",
            "data",
            "title",
            "content_url",
            "preview_image_url",
            "content_type",
            "message_text",
            "payload",
            "genesys_integration",
        ])
        .prop_map(ToOwned::to_owned),
        ".{0,5}_integration",
    ];
    leaf.prop_recursive(4, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
    }

    #[test]
    fn whatever_passes_can_be_shown(value in any_json()) {
        if let Ok((answer, _)) = read(value.to_string().as_bytes()) {
            prop_assert!(answer.utterance.is_none_or(|text| !text.trim().is_empty()));
            for attachment in answer.attachments {
                for link in [attachment.content_url, attachment.preview_image_url] {
                    let is_web = |link: &str| link.starts_with("http://") || link.starts_with("https://");
                    prop_assert!(link.is_none_or(|link| is_web(&link.to_ascii_lowercase())));
                }
            }
            if let Some(HandoffWish::Integration { name, .. }) = answer.handoff {
                prop_assert!(name.is_ascii() && (1..=64).contains(&name.len()));
            }
        }
    }
}
