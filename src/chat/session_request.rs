//! What a client says when it asks for a session (Messaging API, 3).

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{refusal::Refusal, sessions::SessionFacts};

/// The most bytes of the custom data of a session, as JSON.
const MAX_CUSTOM_BYTES: usize = 8 * 1024;

/// The most characters of a platform's name.
const MAX_PLATFORM_CHARACTERS: usize = 32;

/// What a client that names no platform is taken for.
const DEFAULT_PLATFORM: &str = "web";

/// The body of the request. Everything may be left out, and what is unknown does not matter:
/// `streaming_enabled` for one, as an answer is always sent whole.
#[derive(Default, Deserialize)]
struct SessionRequest<'a> {
    #[serde(borrow, default)]
    platform: Option<&'a RawValue>,
    #[serde(borrow, default)]
    custom: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    custom: Option<&'a RawValue>,
}

/// Reads the body: nothing at all, or a JSON object. Custom data stand under `custom` or
/// `metadata.custom`.
pub(crate) fn read(body: &[u8]) -> Result<SessionFacts, Refusal> {
    let body = body.trim_ascii();
    let request = if body.is_empty() {
        SessionRequest::default()
    } else if body.starts_with(b"{") {
        serde_json::from_slice(body).map_err(|_| Refusal::Unparseable)?
    } else {
        return Err(Refusal::Unparseable);
    };
    let custom = request.custom.or_else(|| request.metadata?.custom);
    let platform = request.platform.and_then(platform);
    Ok(SessionFacts {
        platform: Some(platform.unwrap_or_else(|| DEFAULT_PLATFORM.to_owned())),
        custom: custom.map(custom_object).transpose()?,
    })
}

/// The name of a platform; `None` for what is none, which counts as left out.
fn platform(text: &RawValue) -> Option<String> {
    let text: String = serde_json::from_str(text.get()).ok()?;
    let is_name = (1..=MAX_PLATFORM_CHARACTERS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_name.then_some(text)
}

/// The text of an object that anybody can read: of bounded size and depth, each name once.
fn custom_object(custom: &RawValue) -> Result<String, Refusal> {
    let text = Some(custom.get()).filter(|text| text.len() <= MAX_CUSTOM_BYTES);
    let object = text.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    object.and_then(|object| serde_json::to_string(&object).ok()).ok_or(Refusal::Unparseable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(body: &str) -> (String, Option<String>) {
        let SessionFacts { platform, custom } = read(body.as_bytes()).unwrap();
        (platform.unwrap(), custom)
    }

    #[test]
    fn a_client_may_say_nothing_of_itself() {
        for body in ["", " \n", "{}", r#"{"streaming_enabled":true,"unknown":[1]}"#] {
            assert_eq!(facts(body), ("web".to_owned(), None), "{body}");
        }
    }

    #[test]
    fn the_platform_is_kept_if_it_is_a_word() {
        assert_eq!(facts(r#"{"platform":"android-web"}"#).0, "android-web");
        for platform in ["7", "null", "{}", r#""""#, r#""a b""#, &format!("\"{}\"", "x".repeat(33))]
        {
            assert_eq!(facts(&format!(r#"{{"platform":{platform}}}"#)).0, "web", "{platform}");
        }
    }

    #[test]
    fn custom_data_are_an_object_in_either_place() {
        let custom = |body| facts(body).1;
        assert_eq!(custom(r#"{"custom":{"a": 1}}"#).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(custom(r#"{"metadata":{"custom":{"b":[]}}}"#).as_deref(), Some(r#"{"b":[]}"#));
        let both = r#"{"custom":{"a":1},"metadata":{"custom":{"b":2}}}"#;
        assert_eq!(custom(both).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(custom(r#"{"custom":null,"metadata":null}"#), None);
        assert_eq!(custom(r#"{"custom":{"a":1,"a":2}}"#).as_deref(), Some(r#"{"a":2}"#));
    }

    #[test]
    fn invariant_11_custom_data_that_are_too_large_too_deep_or_no_object_are_refused() {
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_CUSTOM_BYTES));
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
        for custom in [&*large, &deep, "7", "[]", r#""x""#] {
            for body in [
                format!(r#"{{"custom":{custom}}}"#),
                format!(r#"{{"metadata":{{"custom":{custom}}}}}"#),
            ] {
                let refused = read(body.as_bytes()).map(drop);
                assert_eq!(refused, Err(Refusal::Unparseable));
            }
        }
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in ["{", "7", "[]", "null", "{} {}", "\u{feff}{}"] {
            assert_eq!(read(body.as_bytes()).map(drop), Err(Refusal::Unparseable), "{body}");
        }
        assert_eq!(read(b"\xff").map(drop), Err(Refusal::Unparseable));
    }
}
