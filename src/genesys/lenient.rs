//! Lenient reading: what Genesys leaves empty, or writes in a way of its own, costs no more than
//! itself.

use serde::{Deserialize, Deserializer, de::IgnoredAny};

/// Reads null as what is absent.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An item of a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Item<T> {
    /// What the list is of.
    Readable(T),
    /// Null, or something else.
    Other(IgnoredAny),
}

impl<T> Item<T> {
    /// What the list is of, if it is that.
    pub(crate) fn readable(self) -> Option<T> {
        match self {
            Self::Readable(item) => Some(item),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct List {
        #[serde(default, deserialize_with = "or_default")]
        numbers: Vec<Item<u8>>,
    }

    fn read(json: &str) -> Vec<u8> {
        let list: List = serde_json::from_str(json).unwrap();
        list.numbers.into_iter().filter_map(Item::readable).collect()
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        assert_eq!(read(r#"{"numbers": [1, null, 300, "x", {"y": [2]}, [3], 4]}"#), [1, 4]);
    }

    #[test]
    fn null_is_absent() {
        assert!(read("{}").is_empty());
        assert!(read(r#"{"numbers": null}"#).is_empty());
    }
}
