//! Ids that a repeated webhook makes again: UUIDs of version 8 from a SHA-256.

use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// A UUID of version 8 (RFC 9562, 5.8): 122 bits of a SHA-256.
///
/// On the wire it is the usual text of 36 characters, in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; 16]);

impl Id {
    /// The id of these parts in this order. Each part is hashed with its length before it, so
    /// that no two lists of parts read the same; no part is longer than four bytes can say.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u32).to_be_bytes());
            hash.update(part);
        }
        Self::from_hash(hash)
    }

    /// The id of the thing at a position under this id, such as an event of a delivery.
    pub fn child(&self, position: usize) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update((position as u32).to_be_bytes());
        Self::from_hash(hash)
    }

    fn from_hash(hash: Sha256) -> Self {
        let digest: [u8; 32] = hash.finalize().into();
        let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, ..] = digest;
        let version = (b6 & 0x0f) | 0x80;
        let variant = (b8 & 0x3f) | 0x80;
        Self([b0, b1, b2, b3, b4, b5, version, b7, variant, b9, b10, b11, b12, b13, b14, b15])
    }

    /// The text: 36 characters of ASCII.
    fn to_text(self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        // The places between the hyphens, two for each byte.
        let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
        for (place, digit) in places.zip(digits) {
            if let (Some(to), Some(from)) = (text.get_mut(place), DIGITS.get(usize::from(digit))) {
                *to = *from;
            }
        }
        text
    }

    /// Reads the text of 36 characters, in lower case; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut digits = text.bytes().filter(|byte| *byte != b'-').map(|byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        });
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            *byte = (digits.next()?? << 4) | digits.next()??;
        }
        let id = Self(bytes);
        (id.to_text() == text.as_bytes()).then_some(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(core::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(core::str::from_utf8(&self.to_text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_text(&text)
            .ok_or_else(|| de::Error::custom("an id has to be a UUID in lower case"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_id_is_a_uuid_of_version_8_and_reads_back_from_its_text() {
        let id = Id::of_parts(&[b"a", b"b"]);
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "8");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"));
        assert_eq!(Id::from_text(&text), Some(id));
    }

    #[test]
    fn the_border_between_two_parts_counts() {
        assert_ne!(Id::of_parts(&[b"ab", b"c"]), Id::of_parts(&[b"a", b"bc"]));
        assert_ne!(Id::of_parts(&[b"ab"]), Id::of_parts(&[b"ab", b""]));
    }

    #[test]
    fn children_differ_by_position_and_by_parent() {
        let (one, two) = (Id::of_parts(&[b"1"]), Id::of_parts(&[b"2"]));
        assert_ne!(one.child(0), one.child(1));
        assert_ne!(one.child(0), two.child(0));
        assert_eq!(one.child(0), one.child(0));
    }

    #[test]
    fn text_that_is_no_uuid_is_refused() {
        let good = Id::of_parts(&[]).to_string();
        for bad in ["", "x", &good.to_uppercase(), &good.replace('-', ""), &good[1..]] {
            assert_eq!(Id::from_text(bad), None, "{bad}");
        }
    }
}
