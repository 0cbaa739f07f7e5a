//! An answer is read once, and is then of its type.
//!
//! A member of the wrong type makes the whole answer an error: a bot of which half was heard is
//! harder to mend than one that was told what is wrong. These things are borne all the same:
//!
//! * An empty body and `null` say nothing, and neither does the header `content-type`.
//! * A member that is `null` is not there. Members that are not known do not matter.
//! * Blank texts are left out; an utterance that is too long is cut.
//! * What is in a list beyond its bound is left out.
//! * A suggestion may be a text instead of an object.
//! * A link that is not one of the web is left out, and its attachment with it, but for a
//!   preview: that one is left out alone. An attachment that shows nothing is left out.
//! * An attachment whose `content_type` is unknown, or missing, is a link.
//! * Of several integrations one counts.
//!
//! What a bot's developer would miss is remarked.

use std::{borrow::Cow, fmt};

use baton_core::event::{Attachment, AttachmentContentType, OfferedIn, ResponseSuggestion};
use serde_json::Value;
use url::Url;

use crate::{answer::BotAnswer, error::AnswerProblem, members::Members, wish};

/// The longest answer that is read.
pub(crate) const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// The longest utterance that a client gets: as long as what a client may send.
pub(crate) const MAX_UTTERANCE_BYTES: usize = 120_000;

/// The longest list that a client gets.
pub(crate) const MAX_LIST: usize = 50;

/// Something in an answer that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What: `attachments[2].content_url`.
    pub(crate) member: String,
    /// What is the matter with it: "was cut".
    pub(crate) what: &'static str,
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.member, self.what)
    }
}

/// Reads the body of an answer.
pub(crate) fn read(body: &[u8]) -> Result<(BotAnswer, Vec<Remark>), AnswerProblem> {
    if body.trim_ascii().is_empty() {
        return Ok((BotAnswer::default(), Vec::new()));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        // The error itself may quote what stands there.
        AnswerProblem::NotJson { line: error.line(), column: error.column() }
    })?;
    let members = match &value {
        Value::Null => return Ok((BotAnswer::default(), Vec::new())),
        Value::Object(members) => Members::of_answer(members),
        _ => return Err(AnswerProblem::NotAnObject),
    };
    let mut remarks = Vec::new();
    let answer = BotAnswer {
        utterance: utterance(&members, &mut remarks)?,
        attachments: list(&members, "attachments", attachment, &mut remarks)?,
        suggestions: list(&members, "response_suggestions", suggestion, &mut remarks)?,
        end_conversation: members.flag("end_conversation")?.unwrap_or_default(),
        handoff: wish::read(&members, &mut remarks)?,
    };
    Ok((answer, remarks))
}

fn utterance(
    members: &Members<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<String>, AnswerProblem> {
    let Some(text) = members.words("utterance")? else { return Ok(None) };
    let cut = text.get(..text.floor_char_boundary(MAX_UTTERANCE_BYTES)).unwrap_or(text);
    if cut.len() < text.len() {
        remarks.push(Remark { member: "utterance".to_owned(), what: "was cut: it is too long" });
    }
    Ok(Some(cut.to_owned()))
}

/// What `read` makes of each element; `None` leaves one out.
fn list<T>(
    members: &Members<'_>,
    name: &'static str,
    read: impl Fn(&Value, String, &mut Vec<Remark>) -> Result<Option<T>, AnswerProblem>,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<T>, AnswerProblem> {
    let Some(elements) = members.list(name)? else { return Ok(Vec::new()) };
    let mut taken = Vec::new();
    for (index, element) in elements.iter().take(MAX_LIST).enumerate() {
        taken.extend(read(element, format!("{name}[{index}]"), remarks)?);
    }
    if elements.len() > MAX_LIST {
        remarks.push(Remark { member: name.to_owned(), what: "was cut: it is too long" });
    }
    Ok(taken)
}

fn attachment(
    value: &Value,
    path: String,
    remarks: &mut Vec<Remark>,
) -> Result<Option<Attachment<'static>>, AnswerProblem> {
    let members = Members::of_value(value, path.clone())?;
    let own = |name| Ok(members.words(name)?.map(|text| Cow::Owned(text.to_owned())));
    let content_type = match members.text("content_type")? {
        Some("ATTACHMENT_CONTENT_TYPE_IMAGE") => AttachmentContentType::Image,
        _ => AttachmentContentType::Url,
    };
    let mut attachment = Attachment {
        title: own("title")?,
        preview_image_url: own("preview_image_url")?,
        content_url: own("content_url")?,
        content_type,
        call_to_action_text: own("call_to_action_text")?,
    };
    if attachment.content_url.as_deref().is_some_and(|url| !is_web_url(url)) {
        remarks.push(Remark { member: path, what: "was left out: its link is not of the web" });
        return Ok(None);
    }
    if attachment.preview_image_url.as_deref().is_some_and(|url| !is_web_url(url)) {
        let member = members.path_of("preview_image_url");
        remarks.push(Remark { member, what: "was left out: it is no link of the web" });
        attachment.preview_image_url = None;
    }
    let shown = [&attachment.title, &attachment.preview_image_url, &attachment.content_url];
    if shown.iter().all(|part| part.is_none()) {
        remarks.push(Remark { member: path, what: "was left out: it shows nothing" });
        return Ok(None);
    }
    Ok(Some(attachment))
}

fn suggestion(
    value: &Value,
    path: String,
    remarks: &mut Vec<Remark>,
) -> Result<Option<ResponseSuggestion<'static>>, AnswerProblem> {
    let (text, payload) = match value {
        Value::String(text) => (Some(text.as_str()), None),
        Value::Object(_) => {
            let members = Members::of_value(value, path.clone())?;
            (members.text("message_text")?, members.text("payload")?)
        }
        _ => {
            return Err(AnswerProblem::WrongType { member: path, wanted: "a text or an object" });
        }
    };
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        remarks.push(Remark { member: path, what: "was left out: it has no text" });
        return Ok(None);
    };
    Ok(Some(ResponseSuggestion {
        message_text: Cow::Owned(text.to_owned()),
        payload: payload.map(|payload| Cow::Owned(payload.to_owned())),
        offered_in: OfferedIn::QuickReply,
    }))
}

/// Whether a chat client may be given this link: `http` or `https`, a host, and no blank or
/// control character in it.
fn is_web_url(text: &str) -> bool {
    let clean = !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    clean
        && Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
}
