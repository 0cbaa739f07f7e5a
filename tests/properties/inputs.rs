//! Inputs at random that are like what Genesys sends.

use proptest::prelude::*;
use serde_json::Value;

/// A detail event, whole or damaged: members of any kind, often those that it should have.
pub(crate) fn any_detail_event() -> impl Strategy<Value = Value> {
    let kinds = vec!["user.end", "customer.end", "acd.end", "flow.start", "acw", "user.", ".", ""];
    let topic = proptest::sample::select(kinds)
        .prop_map(|kind| Value::from(format!("v2.detail.events.conversation.id.{kind}")));
    let text = prop_oneof![
        3 => topic,
        2 => proptest::sample::select(vec!["MESSAGE", "OPEN", "VOICE", ""]).prop_map(Value::from),
        2 => "[a-z\u{0}\"é]{0,4}".prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any_json(),
    ];
    let names = vec![
        "topicName",
        "topic",
        "detail-type",
        "mediaType",
        "messageType",
        "conversationId",
        "sessionId",
        "userId",
        "answeredUserId",
        "addressTo",
        "addressFrom",
        "eventTime",
        "disconnectType",
        "acdOutcome",
    ];
    let member = (proptest::sample::select(names), text);
    let members = proptest::collection::vec(member, 0..14);
    let object = members.prop_map(|members| {
        Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    });
    prop_oneof![
        object.clone(),
        (object.clone(), object.clone(), object).prop_map(|(mut envelope, mut detail, body)| {
            detail["eventBody"] = body;
            envelope["detail"] = detail;
            envelope
        }),
    ]
}

/// Any JSON, with the members of a webhook more often than others.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
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
