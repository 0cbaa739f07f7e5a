//! Custom attributes: what a bot passes on about the user, as Genesys takes it.
//!
//! Genesys knows flat maps of strings only (`channel.metadata.customAttributes`; Genesys
//! reference, 3.2), and answers anything else with an opaque 400.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The most attributes of a handoff.
pub const MOST_ATTRIBUTES: usize = 100;

/// The longest name of an attribute, in bytes.
pub const LONGEST_NAME: usize = 128;

/// The longest value of an attribute, in bytes.
pub const LONGEST_VALUE: usize = 4096;

/// How deep attributes may be nested.
const DEEPEST: usize = 16;

/// Flattens an object, or a string that holds one as JSON; anything else has no attributes.
///
/// The names of nested members are joined with dots. An array of scalars becomes one text, joined
/// with commas; the elements of any other array are named by their index, from 0. A truth value
/// becomes 1 or 0. Left out are nulls, empty arrays, names and values longer than
/// [`LONGEST_NAME`] and [`LONGEST_VALUE`], what is nested too deeply, and all that would be more
/// than [`MOST_ATTRIBUTES`].
pub fn flatten(value: &Value) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    match value {
        Value::Object(members) => add_members(&mut flat, "", members, 0),
        Value::String(text) => {
            if let Ok(members) = serde_json::from_str::<Map<String, Value>>(text) {
                add_members(&mut flat, "", &members, 0);
            }
        }
        _ => {}
    }
    flat
}

fn add_members(
    flat: &mut BTreeMap<String, String>,
    within: &str,
    members: &Map<String, Value>,
    depth: usize,
) {
    for (name, value) in members {
        add(flat, &join(within, name), value, depth);
    }
}

fn add(flat: &mut BTreeMap<String, String>, name: &str, value: &Value, depth: usize) {
    if depth > DEEPEST || name.len() > LONGEST_NAME || flat.len() == MOST_ATTRIBUTES {
        return;
    }
    match value {
        Value::Object(members) => add_members(flat, name, members, depth + 1),
        Value::Array(elements) if elements.iter().any(is_nested) => {
            for (index, element) in elements.iter().enumerate() {
                add(flat, &join(name, &index.to_string()), element, depth + 1);
            }
        }
        Value::Array(elements) => {
            let texts: Vec<String> = elements.iter().filter_map(scalar).collect();
            if !texts.is_empty() {
                insert(flat, name, texts.join(","));
            }
        }
        _ => {
            if let Some(text) = scalar(value) {
                insert(flat, name, text);
            }
        }
    }
}

fn insert(flat: &mut BTreeMap<String, String>, name: &str, text: String) {
    if text.len() <= LONGEST_VALUE {
        flat.insert(name.to_owned(), text);
    }
}

fn join(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(u8::from(*truth).to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flat(value: &Value) -> Vec<(String, String)> {
        flatten(value).into_iter().collect()
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
    }

    #[test]
    fn nested_members_are_named_with_dots() {
        let value = json!({"customer": {"id": 7, "address": {"city": "Łódź"}}, "plan": "gold"});
        assert_eq!(
            flat(&value),
            pairs([("customer.address.city", "Łódź"), ("customer.id", "7"), ("plan", "gold")])
        );
    }

    #[test]
    fn arrays_of_scalars_are_joined_and_others_indexed() {
        let value = json!({"tags": ["a", 1, true, null], "orders": [{"id": 1}, {"id": 2}, "x"]});
        assert_eq!(
            flat(&value),
            pairs([
                ("orders.0.id", "1"),
                ("orders.1.id", "2"),
                ("orders.2", "x"),
                ("tags", "a,1,1"),
            ])
        );
    }

    #[test]
    fn truth_values_become_one_and_zero_and_nulls_are_left_out() {
        let value = json!({"vip": true, "new": false, "none": null, "empty": []});
        assert_eq!(flat(&value), pairs([("new", "0"), ("vip", "1")]));
    }

    #[test]
    fn a_string_that_holds_an_object_is_read_as_one() {
        assert_eq!(flat(&json!("{\"a\":{\"b\":1.5}}")), pairs([("a.b", "1.5")]));
    }

    #[test]
    fn what_is_no_object_has_no_attributes() {
        for value in [json!("text"), json!("[1]"), json!([1]), json!(1), json!(null)] {
            assert!(flatten(&value).is_empty(), "{value}");
        }
    }

    #[test]
    fn invariant_11_attributes_are_bounded() {
        let many: Map<String, Value> =
            (0..1000).map(|index| (index.to_string(), json!("x"))).collect();
        assert_eq!(flatten(&Value::Object(many)).len(), MOST_ATTRIBUTES);
        let long = json!({"long": "x".repeat(LONGEST_VALUE + 1), "x".repeat(LONGEST_NAME + 1): 1});
        assert!(flatten(&long).is_empty());
        let mut deep = json!({"a": 1});
        for _ in 0..1000 {
            deep = json!({ "": deep });
        }
        assert!(flatten(&deep).is_empty());
    }
}
