//! What goes to the agent (Genesys reference, 3.1 and 3.2).

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{call::Call, client::Genesys, error::CallError, rate_limit::Class};

/// The person who chats, as Genesys knows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndUser {
    /// Tells this user from others. Genesys threads conversations by it.
    pub id: String,
    /// Shown to agents.
    pub first_name: Option<String>,
    /// Shown to agents.
    pub last_name: Option<String>,
    /// Shown to agents.
    pub nickname: Option<String>,
    /// For Genesys' identity resolution.
    pub email: Option<String>,
    /// The address of a picture.
    pub image: Option<String>,
}

/// A user's message.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Who says it.
    pub from: EndUser,
    /// Our id for it.
    pub message_id: String,
    /// When it was said.
    pub time: Timestamp,
    /// What is said, at most 2000 characters.
    pub text: String,
    /// Participant data: `channel.metadata.customAttributes`, flat.
    pub attributes: BTreeMap<String, String>,
}

/// A file that goes with a user's message. Genesys fetches it, by https from the Internet (Genesys
/// reference, 3.3).
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// What kind of file it is.
    pub media_type: MediaType,
    /// Where it is.
    pub url: String,
    /// Its media type by IANA, such as `image/png`.
    pub mime: String,
}

/// The kinds of files that Genesys knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MediaType {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound.
    Audio,
    /// Anything else.
    File,
}

/// Shows no more of the user than the id.
impl fmt::Debug for EndUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EndUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Shows neither the text nor the attributes.
impl fmt::Debug for InboundMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InboundMessage")
            .field("from", &self.from)
            .field("message_id", &self.message_id)
            .field("time", &self.time)
            .field("text_bytes", &self.text.len())
            .field("attributes", &self.attributes.len())
            .finish()
    }
}

/// Does not show where the file is.
impl fmt::Debug for Attachment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Attachment")
            .field("media_type", &self.media_type)
            .finish_non_exhaustive()
    }
}

/// What Genesys made of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taken {
    /// Genesys' id for it.
    #[serde(rename = "id")]
    pub message_id: Option<String>,
    /// The conversation it is part of.
    #[serde(rename = "conversationId")]
    pub conversation_id: Option<String>,
}

/// What became of a message to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundReceipt {
    /// Genesys' id of the message: the webhook's.
    pub message_id: String,
    /// To whom it went.
    pub end_user_id: String,
    /// When that was known.
    pub at: Timestamp,
    /// What became of it.
    pub status: ReceiptStatus,
}

/// What can become of a message to the user. Genesys documents no more than these two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// It reached the user.
    Delivered,
    /// It never will.
    Failed {
        /// One of Genesys' codes, such as `MessageExpired`.
        code: String,
        /// Shown to the agent.
        message: String,
    },
}

/// What a user chose of what was offered.
#[derive(Clone, PartialEq, Eq)]
pub struct StructuredResponse {
    /// Who chose.
    pub from: EndUser,
    /// Our id for it.
    pub message_id: String,
    /// When it was chosen.
    pub time: Timestamp,
    /// Genesys' id of the message that offered it.
    pub originating_message_id: String,
    /// In what it was offered.
    pub button: Button,
    /// What the button says.
    pub text: String,
    /// What the button stands for.
    pub payload: String,
}

/// Shows neither the text nor the payload.
impl fmt::Debug for StructuredResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StructuredResponse")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// In what a choice is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Button {
    /// A button of a card.
    Button,
    /// A quick reply.
    QuickReply,
    /// A date picker.
    DatePicker,
}

impl EndUser {
    /// A user of whom no more than the id is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

impl Genesys {
    /// Gives a user's message to an integration. That it was taken is all that counts: if the
    /// answer says no id, there is none.
    pub async fn send_message(
        &self,
        integration_id: &str,
        message: &InboundMessage,
    ) -> Result<Taken, CallError> {
        self.send_inbound(integration_id, message, None).await
    }

    /// Gives a user's message with a file to an integration, as [`Genesys::send_message`]. It
    /// needs no text then. A file that the integration's supported content does not allow is
    /// dropped by Genesys (Genesys reference, 3.3).
    pub async fn send_attachment(
        &self,
        integration_id: &str,
        message: &InboundMessage,
        attachment: &Attachment,
    ) -> Result<Taken, CallError> {
        self.send_inbound(integration_id, message, Some(attachment)).await
    }

    async fn send_inbound(
        &self,
        integration_id: &str,
        message: &InboundMessage,
        attachment: Option<&Attachment>,
    ) -> Result<Taken, CallError> {
        let InboundMessage { from, message_id, time, text, attributes } = message;
        let metadata =
            (!attributes.is_empty()).then_some(Metadata { custom_attributes: attributes });
        let channel =
            Channel { message_id: Some(message_id), metadata, ..Channel::new(from, *time) };
        let text = (attachment.is_none() || !text.is_empty()).then_some(&**text);
        let content = attachment.map(|attachment| [Content { attachment }]);
        let body = Message { channel, text, content };
        let call =
            inbound("sending the user's message", Class::Message, integration_id, &["message"])
                .with_query("prefetchConversationId", "true")
                .with_body(&json!(body));
        let answer = self.taken(&call).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Says that the user is typing.
    pub async fn send_typing(
        &self,
        integration_id: &str,
        from: &EndUser,
        at: Timestamp,
    ) -> Result<(), CallError> {
        // Only a message tells who the user is.
        let from = EndUser::new(&from.id);
        let call = inbound("saying that the user types", Class::Typing, integration_id, &["event"])
            .with_body(&json!({
                "channel": Channel::new(&from, at),
                "events": [{ "eventType": "Typing" }],
            }));
        self.carry_out(call).await
    }

    /// Says what became of a message to the user.
    pub async fn send_receipt(
        &self,
        integration_id: &str,
        receipt: &OutboundReceipt,
    ) -> Result<(), CallError> {
        let OutboundReceipt { message_id, end_user_id, at, status } = receipt;
        let mut body = json!({
            "id": message_id,
            "channel": {
                "to": { "id": end_user_id, "idType": ID_TYPE },
                "time": written(*at),
            },
            "status": "Delivered",
            "isFinalReceipt": true,
        });
        if let (ReceiptStatus::Failed { code, message }, Some(body)) =
            (status, body.as_object_mut())
        {
            body.insert("status".to_owned(), json!("Failed"));
            body.insert("reasons".to_owned(), json!([{ "code": code, "message": message }]));
        }
        let call = inbound("sending a receipt", Class::Receipt, integration_id, &["receipt"])
            .with_body(&body);
        self.carry_out(call).await
    }

    /// Says what a user chose.
    pub async fn send_structured_response(
        &self,
        integration_id: &str,
        response: &StructuredResponse,
    ) -> Result<Taken, CallError> {
        let StructuredResponse { from, message_id, time, .. } = response;
        let channel = Channel { message_id: Some(message_id), ..Channel::new(from, *time) };
        let path = ["structured", "response"];
        let call = inbound("sending the user's choice", Class::Message, integration_id, &path)
            .with_body(&json!({
                "channel": channel,
                "buttonResponse": {
                    "type": response.button,
                    "text": response.text,
                    "payload": response.payload,
                },
                "originatingMessageId": response.originating_message_id,
            }));
        let answer = self.taken(&call).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }
}

/// An id of our own making is neither a telephone number nor an e-mail address.
const ID_TYPE: &str = "Opaque";

fn inbound(purpose: &'static str, class: Class, integration_id: &str, path: &[&str]) -> Call {
    let start = ["conversations", "messages", integration_id, "inbound", "open"];
    Call::post(purpose, class, &[start.as_slice(), path].concat())
}

/// ISO 8601, to the millisecond.
fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[derive(Serialize)]
struct Message<'a> {
    channel: Channel<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// One file at most (Genesys reference, 2.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<[Content<'a>; 1]>,
}

#[derive(Serialize)]
struct Content<'a> {
    attachment: &'a Attachment,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Channel<'a> {
    from: From<'a>,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct From<'a> {
    id: &'a str,
    id_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    custom_attributes: &'a BTreeMap<String, String>,
}

impl<'a> Channel<'a> {
    fn new(from: &'a EndUser, time: Timestamp) -> Self {
        let EndUser { id, first_name, last_name, nickname, email, image } = from;
        let from = From {
            id,
            id_type: ID_TYPE,
            first_name: first_name.as_deref(),
            last_name: last_name.as_deref(),
            nickname: nickname.as_deref(),
            email: email.as_deref(),
            image: image.as_deref(),
        };
        Self { from, time: written(time), message_id: None, metadata: None }
    }
}
