//! What is sent, how often, and what has to be answered.

use std::ops::Range;

use super::chance::Chance;
use crate::{
    Result,
    webhook::{self, PATH, PREFIX, SECRET},
};

/// The path of a tenant that the sidecar knows and the configuration does not.
const LOOKED_UP_PATH: &str = "/webhooks/genesys/acme/known/live/events";

/// Where a webhook's own id stands in its body.
const ID: Range<usize> = 7..39;

/// How the ids of webhooks begin that must not be delivered.
pub(super) const MUST_NOT_ARRIVE: &str = "must-not-arrive-";

/// More bytes than the filter takes.
const TOO_MANY_BYTES: usize = 512 * 1024 + 1;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A webhook of a tenant in the configuration.
    Listed,
    /// A webhook of a tenant that is looked up.
    LookedUp,
    /// The last webhook once more.
    Duplicate,
    /// A webhook in chunks, with trailers behind it.
    Trailers,
    /// One signed with another secret.
    Forged,
    /// One signed with another secret, for a tenant that is looked up.
    ForgedForLookedUp,
    /// One signed with another secret, in chunks, with trailers behind it.
    ForgedTrailers,
    /// One that is not signed.
    Unsigned,
    /// A tenant that is nowhere, a new one each time.
    UnknownTenant,
    /// One that says it is too long.
    TooLong,
    /// One that turns out to be too long.
    TooLongInChunks,
    /// One whose caller goes away amid its body.
    BrokenOff,
}

/// All kinds; how many of a thousand requests are of each.
const KINDS: [(Kind, u64); 12] = [
    (Kind::Listed, 510),
    (Kind::LookedUp, 100),
    (Kind::Duplicate, 50),
    (Kind::Trailers, 50),
    (Kind::Forged, 80),
    (Kind::ForgedForLookedUp, 20),
    (Kind::ForgedTrailers, 20),
    (Kind::Unsigned, 40),
    (Kind::UnknownTenant, 100),
    (Kind::TooLong, 15),
    (Kind::TooLongInChunks, 5),
    (Kind::BrokenOff, 10),
];

/// The lengths of webhooks; how many of a thousand are of each.
const LENGTHS: [(usize, u64); 5] =
    [(300, 300), (600, 300), (1024, 350), (16 * 1024, 40), (256 * 1024, 10)];

/// A request for the wire.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether an answer comes.
    pub(super) is_answered: bool,
}

impl Kind {
    /// One of them.
    pub(super) fn any(chance: &mut Chance) -> Self {
        weighed(&KINDS, chance).unwrap_or(Self::Listed)
    }

    /// Whether it is delivered.
    pub(super) const fn is_delivered(self) -> bool {
        matches!(self, Self::Listed | Self::LookedUp | Self::Duplicate | Self::Trailers)
    }

    /// Whether this answer is right. A worker asks for so many new names in a second; beyond that a
    /// caller shall try again.
    pub(super) const fn is_answered(self, status: u16) -> bool {
        match self {
            Self::Listed | Self::LookedUp | Self::Duplicate | Self::Trailers => status == 200,
            Self::Forged | Self::ForgedForLookedUp | Self::ForgedTrailers | Self::Unsigned => {
                status == 401
            }
            Self::UnknownTenant => matches!(status, 401 | 503),
            Self::TooLong | Self::TooLongInChunks => status == 413,
            Self::BrokenOff => false,
        }
    }

    /// A new request of this kind.
    pub(super) fn request(self, chance: &mut Chance) -> Result<Request> {
        let body = self.body(chance)?;
        let bytes = match self {
            Self::Listed | Self::Duplicate => signed(PATH, SECRET, &body)?,
            Self::LookedUp => signed(LOOKED_UP_PATH, SECRET, &body)?,
            Self::Trailers => with_trailers(SECRET, &body)?,
            Self::Forged => signed(PATH, "another secret", &body)?,
            Self::ForgedForLookedUp => signed(LOOKED_UP_PATH, "another secret", &body)?,
            Self::ForgedTrailers => with_trailers("another secret", &body)?,
            Self::Unsigned => with_length(PATH, None, body.len(), &body),
            Self::UnknownTenant => {
                let path = format!("{PREFIX}/acme/{:x}/live/events", chance.number());
                signed(&path, SECRET, &body)?
            }
            Self::TooLong => {
                let signature = webhook::signature(SECRET, &body)?;
                with_length(PATH, Some(&signature), TOO_MANY_BYTES, &[])
            }
            Self::TooLongInChunks => {
                let mut begin = in_chunks(&webhook::signature(SECRET, &body)?);
                begin.extend(chunk(&vec![b' '; TOO_MANY_BYTES]));
                begin
            }
            Self::BrokenOff => {
                let whole = signed(PATH, SECRET, &body)?;
                let missing = 1 + chance.below(body.len() as u64 - 1) as usize;
                whole.get(..whole.len() - missing).unwrap_or_default().to_vec()
            }
        };
        Ok(Request { bytes, is_answered: self != Self::BrokenOff })
    }

    fn body(self, chance: &mut Chance) -> Result<Vec<u8>> {
        let mut body = webhook::body(weighed(&LENGTHS, chance).unwrap_or(1024))?;
        let number = chance.number();
        let id = if self.is_delivered() {
            format!("{number:032x}")
        } else {
            format!("{MUST_NOT_ARRIVE}{number:016x}")
        };
        body.splice(ID, id.into_bytes());
        Ok(body)
    }
}

fn weighed<T: Copy>(choices: &[(T, u64)], chance: &mut Chance) -> Option<T> {
    let mut at = chance.below(choices.iter().map(|(_, weight)| weight).sum());
    choices.iter().find_map(|(choice, weight)| {
        if at < *weight {
            return Some(*choice);
        }
        at -= weight;
        None
    })
}

fn signed(path: &str, secret: &str, body: &[u8]) -> Result<Vec<u8>> {
    Ok(with_length(path, Some(&webhook::signature(secret, body)?), body.len(), body))
}

fn with_length(path: &str, signature: Option<&str>, length: usize, body: &[u8]) -> Vec<u8> {
    let head = head(path, signature, &format!("content-length: {length}"));
    [head.as_bytes(), body].concat()
}

fn with_trailers(secret: &str, body: &[u8]) -> Result<Vec<u8>> {
    let mut request = in_chunks(&webhook::signature(secret, body)?);
    request.extend(chunk(body));
    request.extend(b"0\r\nx-sent: all\r\n\r\n");
    Ok(request)
}

fn in_chunks(signature: &str) -> Vec<u8> {
    head(PATH, Some(signature), "transfer-encoding: chunked").into_bytes()
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn head(path: &str, signature: Option<&str>, framing: &str) -> String {
    let signature =
        signature.map_or_else(String::new, |value| format!("x-hub-signature-256: {value}\r\n"));
    format!(
        "POST {path} HTTP/1.1\r\nhost: baton.example\r\ncontent-type: application/json\r\n\
         {signature}{framing}\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_requests() {
        let requests = |seed| {
            let mut chance = Chance::new(seed);
            let request = |_| Kind::any(&mut chance).request(&mut chance).unwrap().bytes;
            (0..20).map(request).collect::<Vec<_>>()
        };
        assert_eq!(requests(7), requests(7));
        assert_ne!(requests(7), requests(8));
    }

    #[test]
    fn a_body_is_json_with_an_id_that_says_whether_it_may_arrive() {
        for (kind, _) in KINDS {
            let body = kind.body(&mut Chance::new(1)).unwrap();
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let id = json["id"].as_str().unwrap();
            assert_eq!(id.starts_with(MUST_NOT_ARRIVE), !kind.is_delivered(), "{kind:?}");
        }
    }
}
