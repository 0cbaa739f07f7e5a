//! JSON that is read and written again, as most libraries do it: every value in its place, and
//! the bytes others where there is more than one way to write it.

use baton_core::json::Json;
use serde_json::Value;

/// The text written anew, without blanks and needless escapes; one that is no JSON as it stands.
pub(crate) fn rewritten(body: &[u8]) -> String {
    match Json::parse(body) {
        Ok(value) => write(value),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

fn write(value: Json<'_>) -> String {
    if let Some(object) = value.object() {
        let member = |(name, value)| format!("{}:{}", quoted(name), write(value));
        let members: Vec<_> = object.keys().zip(object.values()).map(member).collect();
        format!("{{{}}}", members.join(","))
    } else if let Some(list) = value.list() {
        let elements: Vec<_> = list.into_iter().map(write).collect();
        format!("[{}]", elements.join(","))
    } else if let Some(text) = value.text() {
        quoted(&text)
    } else if let Some(number) = value.number() {
        number.to_owned()
    } else {
        value.boolean().map_or_else(|| "null".to_owned(), |truth| truth.to_string())
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_written_in_another_way_changes() {
        let text = r#"{"b":[1,2.50,null,true],"a":{"z":"\"é","y":{}}}"#;
        assert_eq!(rewritten(text.as_bytes()), text);
        let other = "{ \"b\" : [1, 2.50, null, true],\n\"a\":{\"z\":\"\\u0022\\u00e9\",\"y\":{ }}}";
        assert_eq!(rewritten(other.as_bytes()), text);
    }
}
