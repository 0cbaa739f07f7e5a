//! What the org refuses, in Genesys' terms.

use thiserror::Error;

/// A refusal as Genesys writes it: the caller adds the context id and makes the `ErrorBody` of
/// it (Genesys reference 3.4).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{status} {code}: {message}")]
pub struct OrgRefusal {
    /// The HTTP status, 400, 404 or 409.
    pub status: u16,
    /// Genesys' code, such as `not.found`.
    pub code: &'static str,
    /// What is wrong, for a reader. It never holds the text of a message.
    pub message: String,
    /// `messageWithParams` and `messageParams`, if the message has places to fill.
    pub parameters: Option<Box<MessageParameters>>,
    /// `entityId`: the thing that was not found.
    pub entity_id: Option<String>,
    /// `entityName`: what kind of thing that is, such as `conversation`.
    pub entity_name: Option<&'static str>,
    /// `details[]`: the field at fault, if Genesys would name it.
    pub field_name: Option<String>,
}

/// A message with its places still open, and what belongs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageParameters {
    /// `messageWithParams`, such as `Value [{value}] is not valid`.
    pub template: &'static str,
    /// `messageParams`: name to value.
    pub values: Vec<(&'static str, String)>,
}

impl OrgRefusal {
    fn new(status: u16, code: &'static str, message: String) -> Self {
        Self {
            status,
            code,
            message,
            parameters: None,
            entity_id: None,
            entity_name: None,
            field_name: None,
        }
    }

    /// 404: there is no such thing in this org.
    pub(crate) fn not_found(entity_name: &'static str, entity_id: &str) -> Self {
        let code = match entity_name {
            "conversation" => "conversation.error.conversation.not.found",
            _ => "not.found",
        };
        Self {
            entity_id: Some(entity_id.to_owned()),
            entity_name: Some(entity_name),
            ..Self::new(404, code, "The requested resource was not found.".into())
        }
    }

    /// 400 without a word on what is wrong, as Genesys answers a body it cannot map (Genesys
    /// reference 3.2).
    pub(crate) fn malformed() -> Self {
        let message = "The request could not be understood by the server due to malformed syntax.";
        Self::new(400, "bad.request", message.into())
    }

    /// 400: a field that must be there is not.
    pub(crate) fn missing(field_name: &str) -> Self {
        Self {
            field_name: Some(field_name.to_owned()),
            ..Self::new(400, "bad.request", format!("The field {field_name} is required."))
        }
    }

    /// 400: a value that is none of the allowed ones.
    pub(crate) fn invalid_value(field: &'static str, value: &str, allowed: &[&str]) -> Self {
        let allowed = allowed.join(", ");
        let message = format!(
            "Value [{value}] is not valid for field type [{field}]. Allowable values are: {allowed}"
        );
        Self {
            parameters: Some(Box::new(MessageParameters {
                template: "Value [{value}] is not valid for field type [{fieldType}]. \
                           Allowable values are: {allowableValues}",
                values: vec![
                    ("value", value.to_owned()),
                    ("fieldType", field.to_owned()),
                    ("allowableValues", allowed),
                ],
            })),
            field_name: Some(field.to_owned()),
            ..Self::new(400, "invalid.value", message)
        }
    }

    /// 400: a time that is not ISO 8601.
    pub(crate) fn invalid_date(field_name: &str) -> Self {
        Self {
            field_name: Some(field_name.to_owned()),
            ..Self::new(
                400,
                "invalid.date",
                format!("The field {field_name} is no ISO 8601 date-time."),
            )
        }
    }

    /// 409: a thing of this name is there already. Which code Genesys gives is not known.
    pub(crate) fn already_exists(entity_name: &'static str) -> Self {
        let message = format!("A {entity_name} with this name already exists.");
        Self::new(409, "general.conflict", message)
    }

    /// 400: the conversation is not in a state for this (Genesys reference 6.1).
    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message.into())
    }

    /// 400: somebody is to do what they cannot do now.
    pub(crate) fn out_of_place(message: &str) -> Self {
        Self::conflict("bad.request", message)
    }

    /// 400: the transfer names a queue that is not there.
    pub(crate) fn unknown_queue() -> Self {
        Self::conflict("conversations.error.queue.not.found", "The queue was not found.")
    }

    /// 400: the one who is to be transferred takes no part any more.
    pub(crate) fn not_connected() -> Self {
        Self::conflict(
            "conversations.error.transfer.not.connected",
            "The participant to be transferred is not connected.",
        )
    }
}
