//! What holds for every input, not only for those of the corpus.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::collections::BTreeSet;

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
    SECRET, WEBHOOK_PATH, configuration,
    corpus::{Body, Case, Expect, cases},
    environment,
};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Map, Value, json};

fn gate() -> Gate {
    let changes = json!({"bot_messages": "forward"});
    let changes = changes.as_object().cloned().unwrap_or_default();
    let document = configuration(&changes);
    Gate::new(Configuration::parse(document.as_bytes(), &environment).expect("a configuration"))
}

/// The verdict on a request with this signature.
fn judge(gate: &Gate, body: &[u8], signature: &[u8]) -> Verdict {
    let headers = [(baton_core::signature::HEADER, signature)];
    match gate.head(b"POST", WEBHOOK_PATH.as_bytes(), headers.into_iter()) {
        Head::NeedBody(signature, tenant) => gate.body(body, &signature, tenant.as_deref()),
        Head::Refuse(refusal) => Verdict::Refuse(refusal),
        other => panic!("{other:?}"),
    }
}

/// What a rightly signed body becomes.
fn deliver(gate: &Gate, body: &[u8]) -> Option<Vec<u8>> {
    match judge(gate, body, signature::base64(SECRET, body).as_bytes()) {
        Verdict::Forward(forward) => Some(forward.delivery),
        Verdict::Refuse(_) => None,
    }
}

/// The webhooks of the corpus.
fn samples() -> Vec<(String, Value)> {
    let sample = |case: Case| match (case.request.body, case.expect) {
        (Body::Json(value), Expect::Forward(_)) => Some((case.name, value)),
        _ => None,
    };
    cases().into_iter().filter_map(sample).collect()
}

/// Any JSON, with the members of a webhook more often than others.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "id",
            "type",
            "text",
            "content",
            "contentType",
            "channel",
            "to",
            "from",
            "time",
            "events",
            "eventType",
            "typing",
            "duration",
            "status",
            "reasons",
            "attachment",
            "url",
            "card",
            "carousel",
            "cards",
            "actions",
            "template",
            "body",
            "parameters",
            "name",
            "datePicker",
            "availableTimes",
            "listPicker",
            "sections",
            "items",
            "form",
            "location",
            "quickReply",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let word = prop_oneof![
        proptest::sample::select(vec![
            "Text",
            "Structured",
            "Event",
            "Receipt",
            "Human",
            "Bot",
            "Inbound",
            "Outbound",
            "Typing",
            "Attachment",
            "Card",
            "Carousel",
            "Notification",
            "DatePicker",
            "https://example.org",
            "{{name}}",
            "2026-05-04T09:15:22.417Z",
        ])
        .prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        4 => word,
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            3 => proptest::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
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
            "/webhooks/genesys(/[a-z%._-]{0,70}){0,6}".prop_map(String::into_bytes),
        ],
        names in proptest::collection::vec(
            prop_oneof![Just("x-hub-signature-256"), Just("content-length"), Just("host")], 0..5),
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 5),
    ) {
        let headers = names.iter().copied().zip(values.iter().map(Vec::as_slice));
        let _ = gate().head(&method, &path, headers);
    }

    #[test]
    fn invariant_11_translation_has_an_answer_for_every_json(value in any_json()) {
        let gate = gate();
        let body = value.to_string();
        prop_assert!(deliver(&gate, body.as_bytes()).is_some(), "{body}");
    }

    #[test]
    fn any_bytes_that_are_signed_are_delivered_or_are_not_json(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let delivered = deliver(&gate(), &bytes).is_some();
        prop_assert_eq!(delivered, serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok());
    }

    #[test]
    fn a_delivery_survives_a_round_trip(value in any_json()) {
        let body = value.to_string();
        let bytes = deliver(&gate(), body.as_bytes()).expect("a delivery");
        let delivery: Delivery<'_> = serde_json::from_slice(&bytes).expect("it reads back");
        prop_assert_eq!(serde_json::to_vec(&delivery).expect("it is written"), bytes);
    }

    #[test]
    fn invariant_4_a_repeated_webhook_is_the_same_delivery(value in any_json()) {
        let body = value.to_string();
        prop_assert_eq!(deliver(&gate(), body.as_bytes()), deliver(&gate(), body.as_bytes()));
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
    let schema: Value =
        serde_json::from_str(include_str!("delivery.schema.json")).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
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
