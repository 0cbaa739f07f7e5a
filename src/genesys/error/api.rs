//! Genesys' own error, as its body says it (Genesys reference, 3.4).

use std::{fmt, time::Duration};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde_json::Value;

use super::ContextId;
use crate::{pace::Pace, transport::Answer};

/// As much as is kept of what Genesys says, in characters.
const MOST_CHARACTERS: usize = 300;

/// No code and no id is longer.
const MOST_OF_WORD: usize = 64;

/// Genesys said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// What was to be done: "reading the conversation".
    pub purpose: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Genesys' word for it, such as `missing.any.permissions`; empty if it gave none.
    pub code: String,
    /// Genesys' sentence; its template alone, or nothing, where the sentence may quote a user.
    pub message: String,
    /// What Genesys' support asks for.
    pub context_id: Option<String>,
    /// The permissions that the OAuth client's role lacks, such as
    /// `conversation:message:receive`.
    pub missing_permission: Option<String>,
}

/// How much of Genesys' sentence may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// All of it: there is nothing secret or private that it could quote.
    Whole,
    /// Its template: Genesys' sentence before values were put into it.
    Template,
    /// Nothing: the answer quotes what it was shown.
    Nothing,
}

impl ApiError {
    /// Reads the error from an answer whose status is no success. Whatever is not there, or not
    /// as Genesys writes it, is empty.
    pub(crate) fn read(purpose: &'static str, answer: &Answer, wording: Wording) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let context_id = text("contextId").and_then(word);
        let context_id = context_id.or_else(|| word(correlation_id(&answer.headers)?));
        let missing_permission = match answer.status {
            StatusCode::FORBIDDEN => missing_permission(&body),
            _ => None,
        };
        let message = match wording {
            // The sentence would say no more than the name.
            _ if missing_permission.is_some() => None,
            Wording::Whole => text("message"),
            Wording::Template => text("messageWithParams"),
            Wording::Nothing => None,
        };
        Self {
            purpose,
            status: answer.status.as_u16(),
            code: text("code").and_then(word).unwrap_or_default(),
            message: printable(message.unwrap_or_default()),
            context_id,
            missing_permission,
        }
    }
}

/// The context id as the head of an answer has it, for one whose body does not.
pub(crate) fn correlation_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("inin-correlation-id")?.to_str().ok()
}

/// What `Retry-After` says; Genesys gives whole seconds, and never more than a window of them.
/// Ten times that is taken for a mistake.
pub(crate) fn retry_after(headers: &HeaderMap, pace: &Pace) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(pace.seconds(seconds).min(pace.rate_window * 10))
}

/// The permissions are a parameter of Genesys' sentence, or the end of it.
fn missing_permission(body: &Value) -> Option<String> {
    let parameter = body.get("messageParams").and_then(|parameters| parameters.get("permissions"));
    let text = parameter.and_then(Value::as_str).or_else(|| {
        let message = body.get("message")?.as_str()?;
        message.rsplit_once("permissions assigned:").map(|(_, rest)| rest)
    })?;
    let is_permission = |word: &&str| {
        word.matches(':').count() == 2
            && word.chars().all(|letter| letter.is_ascii_alphanumeric() || ":*_-".contains(letter))
    };
    let words = text.split(|letter: char| letter.is_whitespace() || ",[]".contains(letter));
    let permissions: Vec<&str> = words.filter(is_permission).take(8).collect();
    (!permissions.is_empty()).then(|| printable(&permissions.join(", ")))
}

/// A code or an id, if it is one: what is not may be anything, a secret that was shown among it.
pub(crate) fn word(text: &str) -> Option<String> {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let is_word = (1..=MOST_OF_WORD).contains(&text.len()) && text.chars().all(is_of_word);
    is_word.then(|| text.to_owned())
}

/// So much of it that a log line stays one.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_CHARACTERS).collect()
}

impl std::error::Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: Genesys answered {}", self.purpose, self.status)?;
        if !self.code.is_empty() {
            write!(formatter, " {}", self.code)?;
        }
        write!(formatter, "{}", ContextId(self.context_id.as_deref()))?;
        if !self.message.is_empty() {
            write!(formatter, ", {:?}", self.message)?;
        }
        write!(formatter, "; {}", Advice(self))
    }
}

/// What is to be done about an error.
struct Advice<'a>(&'a ApiError);

impl fmt::Display for Advice<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        let advice = match error.status {
            401 => "check that the OAuth client was not deleted, disabled or given a new secret",
            403 => {
                return match &error.missing_permission {
                    Some(permission) => {
                        write!(formatter, "give a role of the OAuth client one of: {permission}")
                    }
                    None => formatter.write_str(
                        "give the OAuth client a role that may do that, in the division it is for",
                    ),
                };
            }
            404 => "check the id, and that the OAuth client belongs to the same organisation",
            413 => "it is larger than Genesys takes, which is 512000 bytes",
            429 => "the OAuth client has used up its rate limit; it is left alone for a while",
            500.. => "see status.mypurecloud.com, or give Genesys' support the context id",
            _ => "give Genesys' support the context id if it is not clear what is wrong",
        };
        formatter.write_str(advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = include_str!("../tests/samples/error-403-missing-any-permissions.json");
    const INVALID: &str = include_str!("../tests/samples/error-400-invalid-value.json");

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, headers: map, body: body.to_owned().into() }
    }

    fn read(answer: &Answer, wording: Wording) -> ApiError {
        ApiError::read("ending the conversation", answer, wording)
    }

    #[test]
    fn a_missing_permission_is_named_with_the_context_id() {
        let expected = "ending the conversation: Genesys answered 403 missing.any.permissions \
                        (context id 5f2c8d31-9b0a-4c11-8e7d-2a3b4c5d6e7f); give a role of the \
                        OAuth client one of: conversation:communication:disconnect";
        let error = read(&answer(403, &[], REFUSED), Wording::Template);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_missing_permission_is_found_in_the_sentence_too() {
        let body = r#"{"message": "You are missing the following permissions assigned: [a:b:c, d:e_f:*]. x"}"#;
        let error = read(&answer(403, &[], body), Wording::Template);
        assert_eq!(error.missing_permission.as_deref(), Some("a:b:c, d:e_f:*"));
        assert_eq!(error.message, "");
    }

    #[test]
    fn what_a_call_sent_is_not_quoted() {
        let error = read(&answer(400, &[], INVALID), Wording::Template);
        assert_eq!(error.code, "invalid.value");
        assert!(!format!("{error} {error:?}").contains("carrier-pigeon"));
        let error = read(&answer(400, &[], INVALID), Wording::Whole);
        assert!(error.message.contains("carrier-pigeon"));
    }

    #[test]
    fn invariant_10_what_is_no_code_and_no_id_is_not_shown() {
        let body = r#"{"code": "Bearer c2VjcmV0", "contextId": "{\"authorization\": \"Bearer c2VjcmV0\"}"}"#;
        for wording in [Wording::Whole, Wording::Nothing] {
            let error = read(&answer(500, &[("inin-correlation-id", "a b")], body), wording);
            assert_eq!((&*error.code, error.context_id), ("", None));
        }
        let error = read(&answer(400, &[], INVALID), Wording::Nothing);
        assert_eq!((&*error.code, &*error.message), ("invalid.value", ""));
    }

    #[test]
    fn an_answer_that_is_no_error_body_still_makes_an_error() {
        let headers = [("inin-correlation-id", "abc")];
        for body in ["", "<html>", "[]", r#"{"code": 1, "message": null}"#] {
            let error = read(&answer(503, &headers, body), Wording::Whole);
            assert_eq!((error.status, error.code.as_str()), (503, ""));
            assert_eq!(error.context_id.as_deref(), Some("abc"));
        }
    }

    #[test]
    fn genesys_says_in_seconds_how_long_it_wants_to_be_left_alone() {
        let told = |value| {
            let headers = answer(429, &[("retry-after", value)], "").headers;
            retry_after(&headers, &Pace::default())
        };
        assert_eq!(told("37"), Some(Duration::from_secs(37)));
        assert_eq!(told("99999999999"), Some(Duration::from_mins(10)));
        for value in ["", "-1", "1.5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(told(value), None, "{value}");
        }
    }

    #[test]
    fn an_error_stays_one_line_of_bearable_length() {
        let body = format!(r#"{{"code": "a", "message": "a\nb{}"}}"#, "x".repeat(10_000));
        let text = read(&answer(500, &[], &body), Wording::Whole).to_string();
        assert!(text.len() < 600 && !text.contains('\n'), "{text}");
        let permission = format!("a:b:{}", "c".repeat(10_000));
        let body = format!(r#"{{"messageParams": {{"permissions": "{permission}"}}}}"#);
        let text = read(&answer(403, &[], &body), Wording::Whole).to_string();
        assert!(text.len() < 600 && text.contains("a:b:cc"), "{text}");
    }
}
