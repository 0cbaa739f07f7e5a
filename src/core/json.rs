//! Tolerant reading of JSON: a value of the wrong type costs that value, never its neighbours.
//!
//! The text is checked once, as a whole; after that every value is a slice of it, read when it
//! is wanted and as what it is wanted. Nothing here fails on valid JSON, be it deep, be a number
//! too large for any type, be a key there twice (the last one counts), or be half of a surrogate
//! pair in a string (it becomes U+FFFD).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

/// A whole text, its outermost members read already: one pass where [`Json`] needs two.
pub enum Document<'a> {
    /// An object.
    Object(Object<'a>),
    /// Another value.
    Other,
}

/// The bytes are not JSON (RFC 8259).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson;

impl<'a> Document<'a> {
    /// Checks that the bytes are one JSON value.
    ///
    /// # Errors
    ///
    /// [`NotJson`] if they are not UTF-8, not well-formed, or more than one value.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotJson> {
        let text = core::str::from_utf8(bytes).map_err(|_| NotJson)?;
        let begins = text.trim_start_matches([' ', '\t', '\r', '\n']);
        if !begins.starts_with('{') {
            return Json::parse(bytes).map(|_| Self::Other);
        }
        let object: Object<'a> = serde_json::from_str(text).map_err(|_| NotJson)?;
        // A name is read without a look at control characters, which have no place in it.
        // Where the text of a name is not as it stands there, the whole is checked again.
        for (Key(name), _) in &object.0 {
            match name {
                Cow::Borrowed(name) if name.iter().any(|byte| *byte < 0x20) => return Err(NotJson),
                Cow::Borrowed(_) => {}
                Cow::Owned(_) => return Json::parse(bytes).map(|_| Self::Object(object)),
            }
        }
        Ok(Self::Object(object))
    }
}

/// A value of unknown type, as it stands in the text.
#[derive(Clone, Copy)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// Checks that the bytes are one JSON value, and nothing else about it.
    ///
    /// # Errors
    ///
    /// [`NotJson`] as in [`Document::parse`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotJson> {
        let text = core::str::from_utf8(bytes).map_err(|_| NotJson)?;
        let value: &RawValue = serde_json::from_str(text).map_err(|_| NotJson)?;
        Ok(Self(value.get()))
    }
    /// The string, borrowed where it holds no escape; `None` for another type.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.as_bytes().contains(&b'\\') {
            self.read::<Unescaped>().map(|text| Cow::Owned(text.0))
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// The number, if it is a whole one from zero up to the largest `u64`.
    pub fn integer(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The number as it is written; `None` for another type.
    pub fn number(self) -> Option<&'a str> {
        let first = self.0.as_bytes().first()?;
        (first.is_ascii_digit() || *first == b'-').then_some(self.0)
    }

    /// The truth value; `None` for another type.
    pub fn boolean(self) -> Option<bool> {
        self.0.parse().ok()
    }

    /// The members of an object; `None` for another type.
    pub fn object(self) -> Option<Object<'a>> {
        if self.0.starts_with('{') { self.read() } else { None }
    }

    /// The elements of an array; `None` for another type.
    pub fn list(self) -> Option<Vec<Json<'a>>> {
        if !self.0.starts_with('[') {
            return None;
        }
        let elements: Vec<&'a RawValue> = self.read()?;
        Some(elements.into_iter().map(|element| Json(element.get())).collect())
    }

    fn read<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0).ok()
    }
}

/// The members of an object.
#[derive(Default)]
pub struct Object<'a>(Vec<(Key<'a>, Json<'a>)>);

impl<'a> Object<'a> {
    /// The member's value; of two with the same key, the last.
    pub fn get(&self, key: &str) -> Option<Json<'a>> {
        let member = self.0.iter().rev().find(|(name, _)| *name.0 == *key.as_bytes());
        member.map(|(_, value)| *value)
    }

    /// The member, if it is a string.
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text()
    }

    /// The member, if it is a string that is not empty.
    pub fn filled_text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.text(key).filter(|text| !text.is_empty())
    }

    /// The member, if it is an object.
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object()
    }

    /// The elements of the member; none if it is no array.
    pub fn list(&self, key: &str) -> Vec<Json<'a>> {
        self.get(key).and_then(Json::list).unwrap_or_default()
    }

    /// The elements of the member that are objects; none if it is no array.
    pub fn objects(&self, key: &str) -> impl Iterator<Item = Object<'a>> + use<'a> {
        self.list(key).into_iter().filter_map(Json::object)
    }

    /// The members' values in order.
    pub fn values(&self) -> impl Iterator<Item = Json<'a>> {
        self.0.iter().map(|(_, value)| *value)
    }

    /// The members' names in order. One that is no Unicode text is left out.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(name, _)| core::str::from_utf8(&name.0).ok())
    }
}

/// A member's name, in bytes: JSON allows half of a surrogate pair in it.
struct Key<'a>(Cow<'a, [u8]>);

/// A string with its escapes undone.
struct Unescaped(String);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> de::Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                // Room for the members of a usual webhook.
                let mut members = Vec::with_capacity(12);
                while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    members.push((key, Json(value.get())));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(StringBytes).map(Key)
    }
}

impl<'de> Deserialize<'de> for Unescaped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_bytes(StringBytes)?;
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            // Half of a surrogate pair comes as three bytes: its first byte stands for it, the
            // other two are continuation bytes.
            if chunk.invalid().first().is_some_and(|byte| *byte >= 0xc0) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(Self(text))
    }
}

/// The bytes of a string: the one way to read it that allows half of a surrogate pair.
struct StringBytes;

impl<'de> de::Visitor<'de> for StringBytes {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn a_value_of_another_type_reads_as_absent() {
        let object = json(r#"{"a":1,"b":"x","c":{"d":[true,null]}}"#).object().unwrap();
        assert_eq!(object.text("a"), None);
        assert_eq!(object.get("a").unwrap().integer(), Some(1));
        assert_eq!(object.text("b").as_deref(), Some("x"));
        assert!(object.object("b").is_none());
        assert!(object.list("b").is_empty());
        let inner = object.object("c").unwrap().list("d");
        assert_eq!(inner[0].boolean(), Some(true));
        assert_eq!(inner[1].boolean(), None);
        assert_eq!(object.text("missing"), None);
    }

    #[test]
    fn a_string_without_escapes_is_borrowed_and_one_with_escapes_is_read() {
        assert!(matches!(json(r#""plain ż""#).text(), Some(Cow::Borrowed("plain ż"))));
        let text = json(r#""a\n\u017c\"\\\/\ud83d\ude00""#).text();
        assert_eq!(text.as_deref(), Some("a\nż\"\\/😀"));
    }

    #[test]
    fn half_of_a_surrogate_pair_becomes_one_replacement_character() {
        assert_eq!(json(r#""a\ud83d""#).text().as_deref(), Some("a\u{fffd}"));
        assert_eq!(json(r#""\ude00b""#).text().as_deref(), Some("\u{fffd}b"));
        assert_eq!(
            json(r#"{"\ud83d":1,"b":2}"#).object().unwrap().get("b").unwrap().integer(),
            Some(2)
        );
    }

    #[test]
    fn of_two_members_with_one_key_the_last_counts() {
        assert_eq!(json(r#"{"a":"1","a":"2"}"#).object().unwrap().text("a").as_deref(), Some("2"));
    }

    #[test]
    fn an_escaped_key_is_found_by_its_text() {
        assert!(json(r#"{"\u0061b":1}"#).object().unwrap().get("ab").is_some());
    }

    #[test]
    fn valid_json_is_accepted_however_odd() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        for text in [
            "{\"a\":1e999999}",
            " {\"\\u0001\":[]} ",
            "1e999999",
            "-0",
            " [ ] ",
            "\"\\ud800\"",
            "null",
            deep.as_str(),
        ] {
            assert!(Document::parse(text.as_bytes()).is_ok());
            assert!(Json::parse(text.as_bytes()).is_ok());
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for bytes in [
            &b""[..],
            b"{",
            b"{} {}",
            b"\xff",
            b"\"\xff\"",
            b"\xef\xbb\xbf{}",
            b"01",
            b"'a'",
            b"\"\x01\"",
            b"{\"\x01\":1}",
            b"{\"\\n\x01\":1}",
            b"{\"a\":1}x",
        ] {
            assert_eq!(Document::parse(bytes).err(), Some(NotJson), "{bytes:?}");
            assert_eq!(Json::parse(bytes).err(), Some(NotJson), "{bytes:?}");
        }
    }
}
