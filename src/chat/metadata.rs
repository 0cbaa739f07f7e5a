//! What a client wants echoed beside its events (Messaging API, 6).

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

/// The most characters of JSON that are echoed; an entry that does not fit any more is left out.
const MAX_BYTES: usize = 4096;

/// By what clients know their own message again (Messaging API, 7.1): these come first.
const CORRELATION: [&str; 2] = ["local_id", "client_event_id"];

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    custom: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

/// The part of the metadata that is echoed: the texts of `custom`, as the text of a JSON object
/// `{"custom":{…}}`; `None` if there is no such object.
///
/// A value that is no text would cost the client the whole map (Messaging API, 6), and is left
/// out. Of a name that stands there twice, the last counts.
pub(crate) fn echoed(metadata: &RawValue) -> Option<String> {
    let Metadata { custom } = serde_json::from_str(metadata.get()).ok()?;
    let (first, rest): (Vec<_>, Vec<_>) =
        custom.iter().partition(|(key, _)| CORRELATION.contains(&key.as_ref()));
    let mut echo = String::from(r#"{"custom":{"#);
    let mut separator = "";
    for (key, value) in first.into_iter().chain(rest) {
        let value = value.get();
        let key = serde_json::to_string(key).ok()?;
        // What stands between the quotes may be half of a surrogate pair, which is no text.
        let is_text = || serde_json::from_str::<Cow<'_, str>>(value).is_ok();
        let fits = echo.len() + key.len() + value.len() <= MAX_BYTES;
        if value.starts_with('"') && fits && is_text() {
            echo.extend([separator, &key, ":", value]);
            separator = ",";
        }
    }
    echo.push_str("}}");
    Some(echo)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn echo(metadata: &str) -> Option<String> {
        echoed(&RawValue::from_string(metadata.to_owned()).unwrap())
    }

    fn echoed_value(metadata: &str) -> Value {
        serde_json::from_str(&echo(metadata).unwrap()).unwrap()
    }

    #[test]
    fn invariant_11_half_a_surrogate_pair_is_left_out() {
        let metadata = r#"{"custom":{"x":"\ud800","local_id":"7"}}"#;
        assert_eq!(echoed_value(metadata), json!({"custom": {"local_id": "7"}}));
    }

    #[test]
    fn the_texts_of_custom_are_echoed_and_nothing_else() {
        let metadata = r#"{"custom":{"local_id":"7","a\"b":"\u00e9"},"other":1}"#;
        assert_eq!(echoed_value(metadata), json!({"custom": {"local_id": "7", "a\"b": "é"}}));
        assert_eq!(echo(r#"{"custom":{}}"#).as_deref(), Some(r#"{"custom":{}}"#));
        for metadata in ["null", "1", "{}", r#"{"custom":null}"#, r#"{"custom":"x"}"#] {
            assert_eq!(echo(metadata), None, "{metadata}");
        }
    }

    #[test]
    fn a_value_that_is_no_text_costs_the_client_nothing_else() {
        let metadata = r#"{"custom":{"a":1,"b":null,"c":{"d":"e"},"f":["g"],"local_id":"7"}}"#;
        assert_eq!(echoed_value(metadata), json!({"custom": {"local_id": "7"}}));
    }

    #[test]
    fn invariant_11_a_huge_map_is_cut_and_the_correlation_stays() {
        let many: Vec<String> = (0..20_000).map(|number| format!(r#""a{number}":"x""#)).collect();
        let metadata = format!(r#"{{"custom":{{{},"local_id":"7"}}}}"#, many.join(","));
        let echo = echo(&metadata).unwrap();
        assert!(echo.len() < MAX_BYTES + 10, "{}", echo.len());
        assert_eq!(echoed_value(&metadata)["custom"]["local_id"], "7");
        let large = format!(r#"{{"custom":{{"local_id":"{}"}}}}"#, "x".repeat(100_000));
        assert_eq!(echoed_value(&large), json!({"custom": {}}));
    }

    #[test]
    fn invariant_11_deep_metadata_is_left_out() {
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        let metadata = format!(r#"{{"custom":{{"deep":{open}{close},"local_id":"7"}}}}"#);
        assert_eq!(echoed_value(&metadata), json!({"custom": {"local_id": "7"}}));
        let metadata = format!(r#"{{"custom":{open}{close}}}"#);
        assert_eq!(echo(&metadata), None);
    }

    #[test]
    fn of_a_name_that_stands_there_twice_the_last_counts() {
        let metadata = r#"{"custom":{"local_id":"1","local_id":"2"}}"#;
        assert_eq!(echoed_value(metadata), json!({"custom": {"local_id": "2"}}));
        assert_eq!(echo(r#"{"custom":{"local_id":"1"},"custom":{}}"#), None);
    }
}
