//! Whether a frame of ours is like a sample: as it stands on the wire, and in what the SDKs read of
//! it.

use baton_tests::sdk::decode::{Decoded, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A sample of a server's frame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) frame: Value,
    /// What PolyAI's decoder makes of it.
    pub(crate) read_as: Map<String, Value>,
    /// The scene that brings one like it.
    pub(crate) sent_in: Option<String>,
    /// Members that ours has not, and why.
    #[serde(default)]
    pub(crate) leaves_out: Map<String, Value>,
    /// Why there is none like it.
    pub(crate) never_sent: Option<String>,
}

impl Sample {
    /// The paths of what the SDKs read, each with what that is in the sample.
    pub(crate) fn readings(&self) -> impl Iterator<Item = (&str, &Value)> {
        let of_frame = |path: &str| !["n", "order"].contains(&path);
        self.read_as
            .iter()
            .map(|(path, read)| (&**path, read))
            .filter(move |(path, _)| of_frame(path))
    }

    /// In what our frame is not like the sample, if in anything.
    pub(crate) fn difference(&self, ours: &Value) -> Option<String> {
        let there = self.leaves_out.keys().filter(|key| *key != SEQUENCE);
        let there = there.clone().find(|key| has(ours, key));
        there
            .map(|key| format!("{key} is there"))
            .or_else(|| difference(&self.frame, ours, &self.leaves_out))
            .or_else(|| self.misreading(ours))
    }

    /// What the SDKs do not read of our frame as they read it of the sample.
    fn misreading(&self, ours: &Value) -> Option<String> {
        let sample = decode(&without(&self.frame, &self.leaves_out).to_string());
        let ours = decode(&ours.to_string());
        let (expected, names) = (names(&sample), names(&ours));
        let mut later = names.iter();
        let in_order = expected.iter().all(|name| later.any(|one| one == name));
        if !in_order || expected.is_empty() != names.is_empty() {
            return Some(format!("{names:?} is read"));
        }
        let (sample, ours) = (sample.first()?.reading(), ours.first()?.reading());
        self.readings().find_map(|(path, _)| {
            let expected = at(&sample, path).filter(|expected| !expected.is_null())?;
            let found = at(&ours, path).unwrap_or(&Value::Null);
            let key = path.rsplit('.').next().unwrap_or(path);
            unlike(key, expected, found).map(|how| format!("as {path} is read: {how}"))
        })
    }
}

const SEQUENCE: &str = "sequence";

/// What stands in a reading under a path with dots.
pub(crate) fn at<'a>(reading: &'a Value, path: &str) -> Option<&'a Value> {
    reading.pointer(&format!("/{}", path.replace('.', "/")))
}

fn names(decoded: &[Decoded]) -> Vec<&'static str> {
    decoded.iter().map(|event| event.name).collect()
}

/// What a frame of ours has not, or has otherwise than the sample. What it has beside is of no
/// interest to a client.
fn difference(sample: &Value, ours: &Value, left_out: &Map<String, Value>) -> Option<String> {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            // No sequence and a null one are the same.
            let is_numbered =
                |frame: &Map<String, Value>| frame.get(SEQUENCE).is_some_and(Value::is_u64);
            let expected = is_numbered(sample) && !left_out.contains_key(SEQUENCE);
            if sample.contains_key("timestamp") && expected != is_numbered(ours) {
                return Some("the sequence".to_owned());
            }
            let there =
                |(key, _): &(&String, &Value)| *key != SEQUENCE && !left_out.contains_key(*key);
            sample.iter().filter(there).find_map(|(key, sample)| match ours.get(key) {
                None => Some(format!("{key} is missing")),
                Some(ours) => unlike(key, sample, ours)
                    .map(|how| format!("{key}: {how}"))
                    .or_else(|| difference(sample, ours, left_out)),
            })
        }
        // Each has one that is like it, in order.
        (Value::Array(sample), Value::Array(ours)) => {
            let mut left = ours.iter();
            sample.iter().find_map(|sample| {
                let found = left.any(|ours| difference(sample, ours, left_out).is_none());
                (!found).then(|| format!("nothing is like {sample}"))
            })
        }
        _ => None,
    }
}

/// How a member of ours is unlike that of the sample: it is of another kind, is empty where the
/// other is not or the other way round for a list, or is another word of the protocol.
fn unlike(key: &str, sample: &Value, ours: &Value) -> Option<String> {
    let kind = std::mem::discriminant::<Value>;
    let is_like = kind(sample) == kind(ours)
        && match (sample, ours) {
            (Value::Array(sample), Value::Array(ours)) => sample.is_empty() == ours.is_empty(),
            (Value::String(sample), Value::String(_)) if is_word(key) => *ours == *sample,
            (Value::String(sample), Value::String(ours)) => {
                let has_fraction = |text: &str| key == "timestamp" && text.contains('.');
                (sample.is_empty() || !ours.trim().is_empty())
                    && (has_fraction(ours) || !has_fraction(sample))
            }
            _ => true,
        };
    (!is_like).then(|| format!("{ours} stands for {sample}"))
}

/// Whether it is a word of the protocol, which has to be the same.
fn is_word(key: &str) -> bool {
    ["type", "level", "state", "content_type", "reason"].contains(&key)
}

/// The same without the members of these names, wherever they are.
pub(crate) fn without(value: &Value, names: &Map<String, Value>) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !names.contains_key(*name))
            .map(|(name, value)| (name.clone(), without(value, names)))
            .collect(),
        Value::Array(list) => list.iter().map(|value| without(value, names)).collect(),
        other => other.clone(),
    }
}

/// Whether a member of this name is there, wherever it is.
fn has(value: &Value, name: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key(name) || members.values().any(|value| has(value, name))
        }
        Value::Array(list) => list.iter().any(|value| has(value, name)),
        _ => false,
    }
}
