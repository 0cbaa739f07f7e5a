//! What holds for every input, not only for those of the corpus.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

#[path = "properties/inputs.rs"]
mod inputs;

use std::{collections::BTreeSet, sync::LazyLock};

use baton_core::{
    configuration::Configuration,
    delivery::Delivery,
    gate::{Gate, Head, Verdict},
    json::Document,
    tenant::{Tenant, TenantKey},
    translation::{BotMessages, translate},
};
use baton_simulator::signature;
use baton_tests::{
    API_KEY, SECRET, WEBHOOK_PATH, configuration,
    corpus::{Body, Case, Expect, cases},
    environment,
};
use inputs::{any_detail_event, any_json};
use jsonschema::Validator;
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Map, Value, json};

fn gate() -> Gate {
    let changes = json!({"bot_messages": "forward"});
    let changes = changes.as_object().cloned().unwrap_or_default();
    let document = configuration(&changes);
    Gate::new(Configuration::parse(document.as_bytes(), &environment).expect("a configuration"))
}

/// The verdict on a webhook with this signature.
fn judge(gate: &Gate, body: &[u8], signature: &[u8]) -> Verdict {
    judge_at(gate, WEBHOOK_PATH, (baton_core::signature::HEADER, signature), body)
}

/// The verdict on a request to this path with this header.
fn judge_at(gate: &Gate, path: &str, header: (&str, &[u8]), body: &[u8]) -> Verdict {
    match gate.head(b"POST", path.as_bytes(), [header].into_iter()) {
        Head::NeedBody(proof, tenant) => gate.body(body, &proof, tenant.as_deref()),
        Head::Refuse(refusal) => Verdict::Refuse(refusal),
        other => panic!("{other:?}"),
    }
}

/// What a rightly signed body becomes.
fn deliver(gate: &Gate, body: &[u8]) -> Option<Vec<u8>> {
    delivery_of(judge(gate, body, signature::base64(SECRET, body).as_bytes()))
}

/// What a body becomes that comes as a detail event, with the right API key.
fn deliver_event(gate: &Gate, body: &[u8]) -> Option<Vec<u8>> {
    let header = (baton_core::api_key::HEADER, API_KEY.as_bytes());
    delivery_of(judge_at(gate, &WEBHOOK_PATH.replace("/events", "/trigger"), header, body))
}

fn delivery_of(verdict: Verdict) -> Option<Vec<u8>> {
    match verdict {
        Verdict::Forward(forward) => Some(forward.delivery),
        Verdict::Refuse(_) => None,
    }
}

/// What a body becomes, whichever way it comes.
fn deliveries(gate: &Gate, body: &[u8]) -> [Option<Vec<u8>>; 2] {
    [deliver(gate, body), deliver_event(gate, body)]
}

/// The webhooks of the corpus.
fn samples() -> Vec<(String, Value)> {
    let sample = |case: Case| match (case.request.body, case.expect) {
        (Body::Json(value), Expect::Forward(_)) if case.request.api_key.is_none() => {
            Some((case.name, value))
        }
        _ => None,
    };
    cases().into_iter().filter_map(sample).collect()
}

/// Whether a delivery is as the schema says.
fn is_as_the_schema_says(delivery: &[u8]) -> bool {
    static SCHEMA: LazyLock<Validator> = LazyLock::new(schema);
    SCHEMA.is_valid(&serde_json::from_slice(delivery).expect("JSON"))
}

fn schema() -> Validator {
    let schema: Value =
        serde_json::from_str(include_str!("delivery.schema.json")).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// So many cases from this seed: `make soak` sets both.
fn seeded() -> ProptestConfig {
    let setting = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |value| value.parse().expect(name))
    };
    ProptestConfig {
        cases: u32::try_from(setting("BATON_SOAK_CASES", 512)).expect("a number of cases"),
        rng_seed: RngSeed::Fixed(setting("BATON_SEED", 1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn invariant_11_no_head_makes_the_gate_panic(
        method in proptest::collection::vec(any::<u8>(), 0..10),
        path in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "/webhooks/genesys(/[a-z%._-]{0,70}){0,6}(/trigger)?".prop_map(String::into_bytes),
        ],
        names in proptest::collection::vec(
            prop_oneof![
                Just("x-hub-signature-256"),
                Just("x-api-key"),
                Just("content-length"),
                Just("host"),
            ],
            0..5,
        ),
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 5),
    ) {
        let headers = names.iter().copied().zip(values.iter().map(Vec::as_slice));
        let _ = gate().head(&method, &path, headers);
    }

    #[test]
    fn invariant_11_translation_has_an_answer_for_every_json(value in any_json()) {
        let gate = gate();
        let body = value.to_string();
        prop_assert!(deliveries(&gate, body.as_bytes()).iter().all(Option::is_some), "{body}");
    }

    #[test]
    fn invariant_11_every_detail_event_becomes_a_delivery_as_the_schema_says(
        value in any_detail_event(),
    ) {
        let body = value.to_string();
        let delivery = deliver_event(&gate(), body.as_bytes()).expect("a delivery");
        prop_assert!(is_as_the_schema_says(&delivery), "{body}");
        prop_assert!(delivery.len() <= 4 * body.len() + 1024, "{body}");
    }

    #[test]
    fn any_bytes_that_are_signed_are_delivered_or_are_not_json(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        prop_assert_eq!(deliveries(&gate(), &bytes).map(|one| one.is_some()), [is_json; 2]);
    }

    #[test]
    fn a_delivery_survives_a_round_trip(value in prop_oneof![any_json(), any_detail_event()]) {
        let body = value.to_string();
        for bytes in deliveries(&gate(), body.as_bytes()).map(|one| one.expect("a delivery")) {
            let delivery: Delivery<'_> = serde_json::from_slice(&bytes).expect("it reads back");
            prop_assert_eq!(serde_json::to_vec(&delivery).expect("it is written"), bytes);
        }
    }

    #[test]
    fn invariant_4_a_repeated_webhook_is_the_same_delivery(value in any_json()) {
        let body = value.to_string();
        let [once, again] = [(); 2].map(|()| deliveries(&gate(), body.as_bytes()));
        prop_assert_eq!(once, again);
    }

    #[test]
    fn invariant_1_every_change_of_body_or_signature_is_refused(
        value in any_json(),
        place in any::<proptest::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let gate = gate();
        let body = value.to_string().into_bytes();
        let signature = signature::base64(SECRET, &body).into_bytes();
        let mut other = body.clone();
        *place.get_mut(&mut other) ^= change;
        prop_assert!(matches!(judge(&gate, &other, &signature), Verdict::Refuse(_)));
        let longer = [&body[..], b" "].concat();
        prop_assert!(matches!(judge(&gate, &longer, &signature), Verdict::Refuse(_)));
        let shorter = &body[..body.len() - 1];
        prop_assert!(matches!(judge(&gate, shorter, &signature), Verdict::Refuse(_)));
        let mut other = signature.clone();
        *place.get_mut(&mut other) ^= change;
        prop_assert!(matches!(judge(&gate, &body, &other), Verdict::Refuse(_)));
    }

    #[test]
    fn invariant_11_a_delivery_is_not_much_longer_than_its_webhook(value in any_json()) {
        let body = value.to_string();
        let delivery = deliver(&gate(), body.as_bytes()).expect("a delivery");
        prop_assert!(delivery.len() <= 4 * body.len() + 128 * 1024, "{body}");
    }
}

#[test]
fn invariant_11_no_element_repeated_grows_a_delivery_beyond_what_envoy_holds() {
    let gate = gate();
    let elements = [
        "0",
        "{}",
        r#"{"card":{}}"#,
        r#"{"card":{"title":"a"}}"#,
        r#"{"card":{"actions":[{"text":"a"}]}}"#,
        r#"{"text":{"body":"\n"}}"#,
        r#"{"quickReply":{"text":"a"}}"#,
        r#"{"datePicker":{"availableTimes":[{"dateTime":"a"}]}}"#,
        r#"{"listPicker":{"sections":[{"items":[{"title":"a"},{"title":"b"}]}]}}"#,
        r#"{"location":{"text":"a","url":"http://a"}}"#,
        r#"{"attachment":{"url":"http://a","filename":"a","text":"b"}}"#,
        r#"{"template":{"body":{"text":"{{n}}{{n}}{{n}}{{n}}","parameters":[{"name":"n","text":"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"}]}}}"#,
        r#"{"eventType":"Typing"}"#,
        r#"{"form":{"a":[{"title":"a"},{"title":"b"}]}}"#,
    ];
    let inner = [
        ("cards", r#"{"title":"a"}"#),
        ("cards", r#"{"video":"http://a"}"#),
        ("cards", r#"{"title":"a","description":"b","image":"http://a","video":"http://b"}"#),
        ("actions", r#"{"text":"a"}"#),
        ("actions", r#"{"url":"http://a"}"#),
        ("buttons", r#"{"text":"a","url":"http://a"}"#),
        ("buttons", r#"{"text":"a"}"#),
        ("availableTimes", r#"{"dateTime":"a"}"#),
        ("items", r#"{"title":"a"}"#),
        ("options", r#""a""#),
    ];
    let many = |element: &str| vec![element; 500_000 / (element.len() + 1)].join(",");
    let within = |(name, element): (&str, &str)| match name {
        "cards" => format!(r#"{{"carousel":{{"cards":[{}]}}}}"#, many(element)),
        "actions" => format!(r#"{{"card":{{"title":"a","actions":[{}]}}}}"#, many(element)),
        "buttons" => format!(r#"{{"template":{{"buttons":[{}]}}}}"#, many(element)),
        "availableTimes" => format!(r#"{{"datePicker":{{"availableTimes":[{}]}}}}"#, many(element)),
        "items" => {
            format!(r#"{{"listPicker":{{"sections":[{{"items":[{}]}}]}}}}"#, many(element))
        }
        _ => format!(r#"{{"form":{{"options":[{}]}}}}"#, many(element)),
    };
    let repeated = elements.map(many).into_iter().chain(inner.map(within));
    for many in repeated.collect::<Vec<_>>() {
        let element = &many[..40];
        for member in ["content", "events", "reasons"] {
            for kind in ["Text", "Event", "Receipt"] {
                let body = format!(r#"{{"type":"{kind}","{member}":[{many}]}}"#);
                let delivery = deliver(&gate, body.as_bytes()).expect(element);
                assert!(delivery.len() < 2_000_000, "{member} {element}: {}", delivery.len());
            }
        }
    }
}

#[test]
fn changing_the_type_of_any_one_value_keeps_everything_else() {
    let gate = gate();
    for (name, sample) in samples() {
        let whole = shown(&deliver(&gate, sample.to_string().as_bytes()).expect(&name));
        for path in paths(&sample) {
            for other in
                [json!(null), json!(true), json!(7), json!("x"), json!([]), json!({}), json!([[1]])]
            {
                let mut changed = sample.clone();
                let value = changed.pointer_mut(&path).expect("the path");
                if std::mem::discriminant(value) == std::mem::discriminant(&other) {
                    continue;
                }
                let lost = shown_in(value);
                *value = other.clone();
                let delivery = deliver(&gate, changed.to_string().as_bytes());
                let delivery = delivery.unwrap_or_else(|| panic!("{name}: {path} = {other}"));
                if decides_what_is_shown(&path) {
                    continue;
                }
                let left = shown(&delivery);
                for text in whole.iter().filter(|text| !lost.iter().any(|lost| text.contains(lost)))
                {
                    let kept = left.iter().any(|left| left.contains(text));
                    assert!(kept, "{name}: {path} = {other} lost {text:?}, left {left:?}");
                }
            }
        }
    }
}

/// Whether a member says which of the others count: what a webhook is, and for whom.
fn decides_what_is_shown(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    matches!(
        name,
        "name" | "type" | "direction" | "originatingEntity" | "contentType" | "mediaType"
    )
}

/// The lines, titles, links and choices that a delivery shows.
fn shown(delivery: &[u8]) -> BTreeSet<String> {
    let delivery: Value = serde_json::from_slice(delivery).expect("JSON");
    let mut lines = BTreeSet::new();
    for event in delivery["data"]["events"].as_array().expect("events") {
        let payload = &event["payload"];
        let mut texts = vec![&payload["text"]];
        for list in ["attachments", "response_suggestions"] {
            for item in payload[list].as_array().into_iter().flatten() {
                texts.extend(["title", "content_url", "message_text"].map(|key| &item[key]));
            }
        }
        let texts = texts.into_iter().filter_map(Value::as_str);
        lines.extend(texts.flat_map(str::lines).map(str::to_owned));
    }
    lines
}

/// The texts and numbers within a value.
fn shown_in(value: &Value) -> Vec<String> {
    match value {
        // Of a template, what stands between its places.
        Value::String(text) => {
            let parts = text.lines().flat_map(|line| line.split("{{"));
            let parts = parts.flat_map(|part| part.split("}}"));
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        }
        Value::Number(number) => {
            vec![number.to_string(), (number.as_u64().unwrap_or(0) / 60).to_string()]
        }
        Value::Array(elements) => elements.iter().flat_map(shown_in).collect(),
        Value::Object(members) => members.values().flat_map(shown_in).collect(),
        Value::Null | Value::Bool(_) => vec![],
    }
}

/// The JSON pointers of every value within, and of the value itself but for the root.
fn paths(value: &Value) -> Vec<String> {
    let inner = |(name, value): (String, &Value)| {
        let own = std::iter::once(format!("/{name}"));
        own.chain(paths(value).into_iter().map(move |path| format!("/{name}{path}"))).collect()
    };
    let nested: Vec<Vec<String>> = match value {
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(at, value)| inner((at.to_string(), value))).collect()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| inner((name.clone(), value))).collect()
        }
        _ => vec![],
    };
    nested.concat()
}

#[test]
fn the_three_receipts_of_one_message_stay_three_and_each_repetition_stays_one() {
    let tenant = Tenant::new(TenantKey::new("acme", "support", "live"), [SECRET]);
    let id_of = |status: &str| {
        let body = json!({"id": "m", "type": "Receipt", "status": status}).to_string();
        let document = Document::parse(body.as_bytes()).expect("JSON");
        translate(body.as_bytes(), &document, &tenant, BotMessages::Drop).id
    };
    let ids: BTreeSet<_> = ["Sent", "Delivered", "Failed"].map(id_of).into_iter().collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(id_of("Sent"), id_of("Sent"));
}

#[test]
fn invariant_4_a_step_told_by_eventbridge_and_by_a_trigger_is_one_delivery() {
    let gate = gate();
    let id_of = |value: Value| {
        let delivery = deliver_event(&gate, value.to_string().as_bytes()).expect("a delivery");
        serde_json::from_slice::<Delivery<'_>>(&delivery).expect("it reads back").id
    };
    let event = |kind: &str, session: &str| {
        json!({
            "topic": format!("v2.detail.events.conversation.{{id}}.{kind}"),
            "conversationId": "c", "sessionId": session, "addressTo": "u", "addressFrom": "i",
        })
    };
    let bridged = |kind: &str, session: &str| {
        let topic = format!("v2.detail.events.conversation.c.{kind}");
        json!({"id": "any", "detail": {"topicName": topic, "eventBody": event(kind, session)}})
    };
    assert_eq!(id_of(event("user.end", "s")), id_of(bridged("user.end", "s")));
    let mut nobodys = event("user.end", "s");
    nobodys["addressTo"] = "".into();
    let all = [event("user.end", "s"), event("user.end", "t"), event("user.start", "s"), nobodys];
    assert_eq!(all.map(id_of).into_iter().collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn invariant_12_the_same_message_of_two_tenants_is_two_deliveries() {
    let body = br#"{"id":"m","type":"Text","text":"hello"}"#;
    let id_of = |environment: &'static str| {
        let tenant = Tenant::new(TenantKey::new("acme", "support", environment), [SECRET]);
        let document = Document::parse(body).expect("JSON");
        translate(body, &document, &tenant, BotMessages::Drop).id
    };
    assert_ne!(id_of("live"), id_of("sandbox"));
}

#[test]
fn every_delivery_of_the_corpus_is_as_the_schema_says() {
    let validator = schema();
    let mut checked = 0;
    for case in cases() {
        if let Expect::Forward(delivery) = &case.expect {
            let problems: Vec<_> =
                validator.iter_errors(delivery).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{}: {problems:?}", case.name);
            checked += 1;
        }
    }
    assert!(checked > 80);
    assert!(!validator.is_valid(&Value::Object(Map::new())));
}
