//! What the client sends, beside the samples of what Genesys takes, and what it reads.

use std::collections::BTreeMap;

use baton_genesys::{
    Attachment, Button, EndUser, Feature, InboundMessage, MediaType, OutboundReceipt, Possession,
    QueueRef, ReceiptStatus, StructuredResponse, Taken,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::scripted::{Reply, Scripted};

const INTEGRATION: &str = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10";
const CONVERSATION: &str = "c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn user() -> EndUser {
    EndUser::new("polyai-sess-7f3a9c")
}

fn owned<const N: usize>(entries: [(&str, &str); N]) -> BTreeMap<String, String> {
    entries.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Checks that the one call so far was this one, with a body as in the sample.
fn assert_sent(scripted: &Scripted, line: &str, sample: &str) {
    let calls = scripted.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].line(), line);
    assert_eq!(calls[0].json(), json(sample));
    assert_eq!(calls[0].content_type, "application/json");
    assert_eq!(calls[0].authorization, "Bearer token-1");
}

#[tokio::test]
async fn a_message_is_sent_as_genesys_wants_it_and_its_ids_are_read() {
    let answer = include_str!("samples/inbound-message-text.response.json");
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(202, answer)).await;
    let message = InboundMessage {
        from: EndUser {
            first_name: Some("Ann".to_owned()),
            last_name: Some("Lee".to_owned()),
            nickname: Some("Ann".to_owned()),
            ..user()
        },
        message_id: "gw-0001".to_owned(),
        time: time("2026-05-04T09:15:00Z"),
        text: "I want to talk to a person".to_owned(),
        attributes: owned([
            ("polyConversationId", "conv-123"),
            ("queueId", "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5"),
            ("language", "en"),
        ]),
    };
    let taken = scripted.genesys().send_message(INTEGRATION, &message).await.unwrap();
    assert_eq!(taken.message_id.as_deref(), Some("f899139df5e1059396431415e770c6dd"));
    assert_eq!(taken.conversation_id.as_deref(), Some(CONVERSATION));
    let line = format!(
        "POST /api/v2/conversations/messages/{INTEGRATION}/inbound/open/message\
         ?prefetchConversationId=true"
    );
    assert_sent(&scripted, &line, include_str!("samples/inbound-message-text.request.json"));
}

#[tokio::test]
async fn what_is_not_known_of_a_user_is_left_out_and_an_answer_without_ids_is_none_the_less_a_yes()
{
    for answer in ["", "{}", "[]", r#"{"id": 7}"#] {
        let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, answer)).await;
        let message = InboundMessage {
            from: user(),
            message_id: "gw-0002".to_owned(),
            time: time("2026-05-04T09:15:01.0005Z"),
            text: "hi".to_owned(),
            attributes: BTreeMap::new(),
        };
        let taken = scripted.genesys().send_message(INTEGRATION, &message).await.unwrap();
        assert_eq!(taken, Taken::default());
        let mut expected = json(include_str!("samples/inbound-message-minimal.request.json"));
        expected["channel"]["messageId"] = "gw-0002".into();
        assert_eq!(scripted.calls()[0].json(), expected);
    }
}

#[tokio::test]
async fn a_file_is_sent_as_a_link_with_or_without_words() {
    let attachment = Attachment {
        media_type: MediaType::Image,
        url: "https://files.example.org/s.png".to_owned(),
        mime: "image/png".to_owned(),
    };
    let mut expected = json(include_str!("samples/inbound-message-attachment.request.json"));
    for text in ["my screenshot", ""] {
        let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "")).await;
        let message = InboundMessage {
            from: user(),
            message_id: "gw-0003".to_owned(),
            time: time("2026-05-04T09:16:00Z"),
            text: text.to_owned(),
            attributes: BTreeMap::new(),
        };
        scripted.genesys().send_attachment(INTEGRATION, &message, &attachment).await.unwrap();
        assert_eq!(scripted.calls()[0].json(), expected);
        expected.as_object_mut().unwrap().remove("text");
    }
    assert!(!format!("{attachment:?}").contains("files"));
}

#[tokio::test]
async fn typing_says_no_more_than_who_types() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "{}")).await;
    let from = EndUser { email: Some("ann@example.org".to_owned()), ..user() };
    let at = time("2026-05-04T09:16:40Z");
    scripted.genesys().send_typing(INTEGRATION, &from, at).await.unwrap();
    let line = format!("POST /api/v2/conversations/messages/{INTEGRATION}/inbound/open/event");
    assert_sent(&scripted, &line, include_str!("samples/inbound-event-typing.request.json"));
}

#[tokio::test]
async fn a_receipt_says_that_a_message_arrived_or_why_it_never_will() {
    let failed = ReceiptStatus::Failed {
        code: "MessageExpired".to_owned(),
        message: "end user gone".to_owned(),
    };
    let delivered = include_str!("samples/inbound-receipt-delivered.request.json");
    let expired = include_str!("samples/inbound-receipt-failed.request.json");
    for (status, sample) in [(ReceiptStatus::Delivered, delivered), (failed, expired)] {
        let scripted = Scripted::with_tokens(|_, _| Reply::new(200, "{}")).await;
        let receipt = OutboundReceipt {
            message_id: "c4ca4238a0b923820dcc509a6f75849b".to_owned(),
            end_user_id: "polyai-sess-7f3a9c".to_owned(),
            at: time("2026-05-04T09:15:23Z"),
            status,
        };
        scripted.genesys().send_receipt(INTEGRATION, &receipt).await.unwrap();
        let line =
            format!("POST /api/v2/conversations/messages/{INTEGRATION}/inbound/open/receipt");
        assert_sent(&scripted, &line, sample);
    }
}

#[tokio::test]
async fn a_choice_is_sent_with_what_offered_it() {
    let answer = include_str!("samples/inbound-structured-response.response.json");
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(202, answer)).await;
    let response = StructuredResponse {
        from: user(),
        message_id: "gw-0005".to_owned(),
        time: time("2026-05-04T09:18:00Z"),
        originating_message_id: "98f13708210194c475687be6106a3b84".to_owned(),
        button: Button::QuickReply,
        text: "Sales".to_owned(),
        payload: "sales".to_owned(),
    };
    let taken = scripted.genesys().send_structured_response(INTEGRATION, &response).await.unwrap();
    assert_eq!(taken.message_id.as_deref(), Some("da4fb5c6e93e74d3df8527599fa62642"));
    let line = format!(
        "POST /api/v2/conversations/messages/{INTEGRATION}/inbound/open/structured/response"
    );
    assert_sent(&scripted, &line, include_str!("samples/inbound-structured-response.request.json"));
}

#[tokio::test]
async fn a_conversation_is_read_into_a_snapshot() {
    let answer = include_str!("samples/conversation-message.response.json");
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, answer)).await;
    let snapshot = scripted.genesys().conversation(CONVERSATION).await.unwrap();
    assert_eq!(snapshot.conversation_id, CONVERSATION);
    assert_eq!(snapshot.participants.len(), 4);
    let call = &scripted.calls()[0];
    assert_eq!(call.line(), format!("GET /api/v2/conversations/messages/{CONVERSATION}"));
    assert_eq!((call.body.len(), call.content_type.as_str()), (0, ""));
}

#[tokio::test]
async fn whether_a_conversation_may_be_read_is_probed_where_it_is_read() {
    let refusal = json!({
        "code": "missing.any.permissions",
        "status": 403,
        "messageParams": { "permissions": "[conversation:communication:view]" },
    })
    .to_string();
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(403, &refusal)).await;
    let view = Feature::Reconciliation.permissions()[0];
    let possession = scripted.genesys().probe(&view, None).await;
    assert!(
        matches!(&possession, Possession::Missing(name) if *name == view.to_string()),
        "{possession:?}"
    );
    let line = scripted.calls()[0].line();
    let (path, nobody) = line.rsplit_once('/').unwrap();
    assert_eq!((path, nobody.len()), ("GET /api/v2/conversations/messages", 36));
}

#[tokio::test]
async fn a_message_is_read_as_the_webhook_would_have_brought_it() {
    let answer = include_str!("samples/message-details.response.json");
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, answer)).await;
    let message = scripted.genesys().message(CONVERSATION, "m-1").await.unwrap();
    assert_eq!(json(message.get()), json(answer)["normalizedMessage"]);
    let line = format!("GET /api/v2/conversations/messages/{CONVERSATION}/messages/m-1");
    assert_eq!(scripted.calls()[0].line(), line);
}

#[test]
fn invariant_10_a_debug_print_shows_nothing_of_what_is_said_or_of_who_says_it() {
    let from = EndUser {
        id: "user-1".to_owned(),
        first_name: Some("hush".to_owned()),
        email: Some("hush@example.org".to_owned()),
        ..EndUser::default()
    };
    let message = InboundMessage {
        from,
        message_id: "m-1".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        text: "hush".to_owned(),
        attributes: owned([("hush", "hush")]),
    };
    let shown = format!("{message:?}");
    assert!(shown.contains("user-1") && shown.contains("m-1"), "{shown}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn a_messages_conversation_is_found_by_the_message_alone() {
    let answer = include_str!("samples/message-details.response.json");
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, answer)).await;
    let conversation = scripted.genesys().conversation_of("m-1").await.unwrap();
    assert_eq!(conversation, json(answer)["conversationId"].as_str().unwrap());
    let line = "GET /api/v2/conversations/messages/m-1/details";
    assert_eq!(scripted.calls()[0].line(), line);
}

#[tokio::test]
async fn a_participant_is_given_attributes() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "")).await;
    let attributes = owned([
        ("queueId", "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5"),
        ("summary", "user asked for refund"),
    ]);
    scripted.genesys().set_attributes(CONVERSATION, "p-1", &attributes).await.unwrap();
    let line =
        format!("PATCH /api/v2/conversations/messages/{CONVERSATION}/participants/p-1/attributes");
    assert_sent(&scripted, &line, include_str!("samples/participant-attributes.request.json"));
}

#[tokio::test]
async fn a_conversation_is_transferred_to_a_queue_by_its_id_or_its_name() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "")).await;
    let genesys = scripted.genesys();
    let queue = QueueRef::Id("11223344-5566-4778-899a-abbccddeeff0".to_owned());
    genesys.transfer_to_queue(CONVERSATION, "p-1", &queue).await.unwrap();
    let line = format!("POST /api/v2/conversations/{CONVERSATION}/participants/p-1/replace/queue");
    assert_sent(&scripted, &line, include_str!("samples/replace-queue.request.json"));
    let queue = QueueRef::Name("Support".to_owned());
    genesys.transfer_to_queue(CONVERSATION, "p-1", &queue).await.unwrap();
    let expected = json(r#"{"transferType": "Unattended", "queueName": "Support"}"#);
    assert_eq!(scripted.calls()[1].json(), expected);
}

#[tokio::test]
async fn a_participant_is_disconnected() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(202, "")).await;
    scripted.genesys().disconnect(CONVERSATION, "p-1").await.unwrap();
    let line = format!("PATCH /api/v2/conversations/messages/{CONVERSATION}/participants/p-1");
    assert_sent(
        &scripted,
        &line,
        include_str!("samples/conversation-patch-disconnect.request.json"),
    );
}
