//! The webhooks that Genesys sends on Open Messaging, as a table of named [`Shape`]s.
//!
//! Each shape is one kind of body (Genesys reference 2.3 to 2.6), written in code with the keys
//! in Genesys' order. [`Shape::body`] fills in who writes to whom, when, and with which ids.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{event_shapes, structured_shapes, text_shapes};

/// One kind of webhook, named as the control API names it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shape {
    name: &'static str,
    description: &'static str,
    #[serde(skip)]
    envelope: Envelope,
    #[serde(skip)]
    rest: fn() -> Value,
}

/// How `channel` is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Envelope {
    /// As captured in 2026.
    Modern,
    /// With every optional field of the sender filled in.
    NamedSender,
    /// As documented from 2021 to 2024: without `to.idType` and without metadata.
    Old,
}

/// A table of shapes. A row is the name, the description and, if it is not `Modern`, the
/// [`Envelope`]; then every field after `channel`. A `text` or `conversationId` of `null` marks
/// the field's place and is never sent as `null`.
macro_rules! table {
    (@envelope) => { $crate::webhook::Envelope::Modern };
    (@envelope $envelope:ident) => { $crate::webhook::Envelope::$envelope };
    ($($name:literal, $description:literal $(, $envelope:ident)? => $rest:tt)*) => {
        &[$($crate::webhook::Shape::new(
            $name,
            $description,
            $crate::webhook::table!(@envelope $($envelope)?),
            || ::serde_json::json!($rest),
        )),*]
    };
}
pub(crate) use table;

/// What a webhook says about its message, beside its shape.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// `channel.id` and `channel.from.id`: the Open Messaging integration, a UUID.
    pub integration_id: String,
    /// `channel.from.nickname`: the integration's name, not the agent's (Genesys reference 2.3).
    pub integration_name: String,
    /// `channel.to.id`: the `channel.from.id` under which the customer wrote in.
    pub end_user_id: String,
    /// `id` and `channel.messageId`. A receipt carries the id of the message that it is about.
    pub message_id: String,
    /// `channel.time`, written in UTC with milliseconds.
    pub time: Timestamp,
    /// `conversationId`, or `None` to leave the field out, as older payloads do.
    pub conversation_id: Option<String>,
    /// A text in the place of the shape's own. Shapes without a text ignore it:
    /// see [`Shape::takes_text`].
    pub text: Option<String>,
}

/// Every shape there is.
pub fn shapes() -> impl Iterator<Item = &'static Shape> {
    text_shapes::SHAPES.iter().chain(structured_shapes::SHAPES).chain(event_shapes::SHAPES)
}

/// A new message id: 32 random lower-case hexadecimal digits (Genesys reference 2.3).
pub fn message_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The conversation of an end user on an integration: always the same UUID for the same two
/// ids, as Genesys keeps an end user's messages in one thread (Genesys reference 5).
pub fn conversation_id(integration_id: &str, end_user_id: &str) -> String {
    let digest = Sha256::digest(json!([integration_id, end_user_id]).to_string());
    let mut bytes = [0; 16];
    for (place, byte) in bytes.iter_mut().zip(digest) {
        *place = byte;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// A time as Genesys writes it: ISO 8601, UTC, milliseconds, `Z` (Genesys reference 2.3).
pub(crate) fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

impl Shape {
    pub(crate) const fn new(
        name: &'static str,
        description: &'static str,
        envelope: Envelope,
        rest: fn() -> Value,
    ) -> Self {
        Self { name, description, envelope, rest }
    }

    /// The shape of this name, if there is one.
    pub fn named(name: &str) -> Option<&'static Self> {
        shapes().find(|shape| shape.name == name)
    }

    /// The name, such as `text-agent`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the shape is, in one line.
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// Whether the shape has a text that [`Parameters::text`] can replace.
    pub fn takes_text(&self) -> bool {
        (self.rest)().get("text").is_some()
    }

    /// Whether Genesys usually sends the shape with a `conversationId`. An id in
    /// [`Parameters::conversation_id`] is written on any shape.
    pub fn carries_conversation_id(&self) -> bool {
        (self.rest)().get("conversationId").is_some()
    }

    /// The body to POST: compact JSON, UTF-8, keys in Genesys' order (Genesys reference 2.3).
    pub fn body(&self, parameters: &Parameters) -> String {
        self.value(parameters).to_string()
    }

    /// The body before it is written.
    pub(crate) fn value(&self, parameters: &Parameters) -> Value {
        let mut body = Map::new();
        body.insert("id".into(), json!(parameters.message_id));
        body.insert("channel".into(), self.channel(parameters));
        if let Value::Object(rest) = (self.rest)() {
            for (key, own) in rest {
                let value = match key.as_str() {
                    "text" => parameters.text.as_ref().map_or(own, |text| json!(text)),
                    "conversationId" => json!(parameters.conversation_id),
                    _ => own,
                };
                if !value.is_null() {
                    body.insert(key, value);
                }
            }
        }
        if let Some(id) = &parameters.conversation_id {
            body.entry("conversationId").or_insert_with(|| json!(id));
        }
        Value::Object(body)
    }

    fn channel(&self, parameters: &Parameters) -> Value {
        let Parameters { integration_id, integration_name, end_user_id, message_id, .. } =
            parameters;
        let mut to = json!({ "id": end_user_id, "idType": "Opaque" });
        let mut from =
            json!({ "nickname": integration_name, "id": integration_id, "idType": "Opaque" });
        let mut metadata = json!({ "subType": "None" });
        match self.envelope {
            Envelope::Modern => {}
            Envelope::NamedSender => {
                from = json!({
                    "nickname": "Dana", "id": integration_id, "idType": "Opaque",
                    "firstName": "Dana", "lastName": "Reyes",
                    "image": "https://cdn.example.org/dana.png", "email": "dana@example.org",
                });
            }
            Envelope::Old => {
                to = json!({ "id": end_user_id });
                metadata = Value::Null;
            }
        }
        let mut channel = json!({
            "id": integration_id, "platform": "Open", "type": "Private",
            "to": to, "from": from, "metadata": metadata,
            "time": written(parameters.time), "messageId": message_id,
        });
        if let Value::Object(fields) = &mut channel {
            fields.retain(|_, value| !value.is_null());
        }
        channel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        Parameters {
            integration_id: "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10".into(),
            integration_name: "Acme Open Gateway".into(),
            end_user_id: "end-user-1".into(),
            message_id: message_id(),
            time: "2026-05-04T09:15:22.4179Z".parse().unwrap(),
            conversation_id: Some("c1a7e0f2-3b4d-4e5f-8a9b-1c2d3e4f5a6b".into()),
            text: None,
        }
    }

    fn built(name: &str, parameters: &Parameters) -> Value {
        serde_json::from_str(&Shape::named(name).unwrap().body(parameters)).unwrap()
    }

    #[test]
    fn the_parameters_stand_where_genesys_puts_them() {
        let parameters = parameters();
        let body = built("text-agent", &parameters);
        assert_eq!(body["id"], parameters.message_id);
        assert_eq!(body["channel"]["messageId"], parameters.message_id);
        assert_eq!(body["channel"]["id"], parameters.integration_id);
        assert_eq!(body["channel"]["from"]["id"], parameters.integration_id);
        assert_eq!(body["channel"]["from"]["nickname"], "Acme Open Gateway");
        assert_eq!(body["channel"]["to"]["id"], "end-user-1");
        assert_eq!(body["channel"]["time"], "2026-05-04T09:15:22.417Z");
    }

    #[test]
    fn a_whole_second_is_written_with_milliseconds_too() {
        assert_eq!(written(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_text_replaces_the_shapes_own() {
        let parameters = Parameters { text: Some("zażółć \u{2028}".into()), ..parameters() };
        assert_eq!(built("text-agent", &parameters)["text"], "zażółć \u{2028}");
    }

    #[test]
    fn a_text_goes_before_the_content_of_an_attachment_that_had_none() {
        let parameters = Parameters { text: Some("see this".into()), ..parameters() };
        let body = built("attachment-pdf", &parameters);
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys[..5], ["id", "channel", "type", "text", "content"]);
    }

    #[test]
    fn an_event_takes_no_text() {
        let parameters = Parameters { text: Some("ignored".into()), ..parameters() };
        assert!(!Shape::named("event-typing").unwrap().takes_text());
        assert_eq!(built("event-typing", &parameters).get("text"), None);
    }

    #[test]
    fn the_conversation_id_can_be_left_out_of_every_shape() {
        let parameters = Parameters { conversation_id: None, ..parameters() };
        for shape in shapes() {
            assert_eq!(built(shape.name(), &parameters).get("conversationId"), None);
        }
    }

    #[test]
    fn a_conversation_id_is_written_on_shapes_that_usually_lack_it() {
        let parameters = parameters();
        for shape in shapes() {
            let id = built(shape.name(), &parameters)["conversationId"].clone();
            assert_eq!(id, *parameters.conversation_id.as_ref().unwrap(), "{}", shape.name());
        }
    }

    #[test]
    fn every_shape_has_a_name_of_its_own_and_a_description_of_one_line() {
        let mut names: Vec<_> = shapes().map(Shape::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), shapes().count());
        assert!(shapes().all(|shape| !shape.description().contains('\n')));
    }

    #[test]
    fn message_ids_are_32_lower_case_hexadecimal_digits_and_fresh() {
        let id = message_id();
        assert_eq!(id.len(), 32);
        assert!(id.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')));
        assert_ne!(id, message_id());
    }

    #[test]
    fn an_end_user_stays_in_one_conversation_per_integration() {
        assert_eq!(conversation_id("a", "b"), conversation_id("a", "b"));
        assert_ne!(conversation_id("a", "b"), conversation_id("a", "c"));
        assert_ne!(conversation_id("a", "b"), conversation_id("ab", ""));
    }
}
