//! How a queue is named.

use serde::{Deserialize, Serialize};

use crate::AcdQueue;

/// A queue, by its id or its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueRef {
    /// By its id.
    Id(String),
    /// By its exact name.
    Name(String),
}

impl QueueRef {
    /// The queue that a text names. An id is a UUID, as Genesys writes its ids, in either case;
    /// anything else is a name.
    pub fn parse(text: &str) -> Self {
        match is_uuid(text) {
            true => Self::Id(text.to_ascii_lowercase()),
            false => Self::Name(text.to_owned()),
        }
    }

    /// Whether it is this queue. Of one whose name Genesys does not show, only an id tells.
    pub(crate) fn is(&self, queue: &AcdQueue) -> bool {
        match self {
            Self::Id(id) => queue.id.eq_ignore_ascii_case(id),
            Self::Name(name) => queue.name.as_ref() == Some(name),
        }
    }
}

/// Whether a text is a UUID as Genesys writes its ids, in either case.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5";

    #[test]
    fn a_queue_is_known_by_its_id_in_either_case_or_by_its_exact_name() {
        let queue = AcdQueue { id: ID.to_owned(), name: Some("Bots".to_owned()) };
        let cases =
            [(ID, true), (&*ID.to_uppercase(), true), ("Bots", true), ("bots", false), ("", false)];
        for (text, expected) in cases {
            assert_eq!(QueueRef::parse(text).is(&queue), expected, "{text}");
        }
        let nameless = AcdQueue { name: None, ..queue };
        assert!(QueueRef::parse(ID).is(&nameless) && !QueueRef::parse("Bots").is(&nameless));
    }

    proptest! {
        #[test]
        fn an_id_is_a_uuid_and_nothing_else(text in "[0-9a-fA-Fg-]{35,37}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}") {
            let bytes = text.as_bytes();
            let right = bytes.len() == 36
                && bytes.iter().enumerate().all(|(place, byte)| match place {
                    8 | 13 | 18 | 23 => *byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                });
            prop_assert_eq!(is_uuid(&text), right);
        }
    }
}
