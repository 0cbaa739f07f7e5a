//! Links to a session's context: signed, good for a time, and until they are revoked.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_store::{Session, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// What is signed begins with this, so that no signature means anything elsewhere.
const PURPOSE: &[u8] = b"baton context link\n";

/// Makes links, and knows them again. Clones share their keys.
#[derive(Clone)]
pub struct ContextLinks {
    public_url: Arc<str>,
    lifetime: SignedDuration,
    /// The newest first.
    keys: Arc<RwLock<Vec<Hmac<Sha256>>>>,
}

/// A link that somebody may be given.
#[derive(Clone, PartialEq, Eq)]
pub struct ContextLink {
    /// Its address. Whoever has it may look.
    pub url: String,
    /// When it is good no more.
    pub expires: Timestamp,
}

/// On what terms a link is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// When it is good no more: seconds since 1970, UTC.
    pub(crate) expires: i64,
    /// How often the session's links had been revoked when it was made.
    pub(crate) revoked: u64,
}

/// What a link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkCheck {
    /// It is good, unless it was revoked.
    Good,
    /// It was good once.
    Expired,
    /// It is not ours.
    Wrong,
}

impl Terms {
    /// Whether the session's links were revoked since it was made.
    pub(crate) fn are_revoked(self, session: &Session) -> bool {
        self.revoked != session.context_links_revoked
    }

    /// What is signed of them: a number, and another one where links had been revoked.
    fn signed(self) -> String {
        let Self { expires, revoked } = self;
        if revoked == 0 { expires.to_string() } else { format!("{expires} {revoked}") }
    }
}

impl ContextLinks {
    /// Links that begin with this address, without a slash at its end, and are good for so long.
    pub fn new(
        public_url: &str,
        lifetime: SignedDuration,
        newest: &SigningKey,
        older: &[SigningKey],
    ) -> Self {
        let links = Self { public_url: public_url.into(), lifetime, keys: Arc::default() };
        links.change_keys(newest, older);
        links
    }

    /// Puts these keys in the place of those before. Links of a key that is not among them are
    /// good no more.
    pub fn change_keys(&self, newest: &SigningKey, older: &[SigningKey]) {
        let keys = std::iter::once(newest).chain(older).map(mac).collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// A link to the context of this session that is good from now on.
    pub fn link(&self, session: &Session, now: Timestamp) -> Option<ContextLink> {
        let expires = now.checked_add(self.lifetime).ok()?.as_second();
        let (session_id, revoked) = (&session.details.session_id, session.context_links_revoked);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let signature = signed(keys.first()?, session_id, Terms { expires, revoked });
        let signature = URL_SAFE_NO_PAD.encode(signature.finalize().into_bytes());
        let terms = match revoked {
            0 => format!("expires={expires}"),
            _ => format!("expires={expires}&revoked={revoked}"),
        };
        let url = format!("{}/context/{session_id}?{terms}&signature={signature}", self.public_url);
        Some(ContextLink { url, expires: Timestamp::from_second(expires).ok()? })
    }

    /// What a link to this session on these terms and with this signature is worth now.
    pub(crate) fn check(
        &self,
        session_id: &str,
        terms: Terms,
        signature: &str,
        now: Timestamp,
    ) -> LinkCheck {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return LinkCheck::Wrong };
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let is_ours =
            keys.iter().any(|key| signed(key, session_id, terms).verify_slice(&signature).is_ok());
        match is_ours {
            false => LinkCheck::Wrong,
            true if now.as_second() >= terms.expires => LinkCheck::Expired,
            true => LinkCheck::Good,
        }
    }
}

fn mac(key: &SigningKey) -> Hmac<Sha256> {
    // HMAC fills a key up to its block with zeroes (RFC 2104, 2).
    let mut block = [0; 64];
    block.iter_mut().zip(key.bytes).for_each(|(to, from)| *to = from);
    Hmac::new(&block.into())
}

fn signed(key: &Hmac<Sha256>, session_id: &str, terms: Terms) -> Hmac<Sha256> {
    key.clone()
        .chain_update(PURPOSE)
        .chain_update(terms.signed())
        .chain_update("\n")
        .chain_update(session_id)
}

/// Shows nothing by which anybody could look.
impl fmt::Debug for ContextLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContextLink")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ContextLinks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ContextLinks")
            .field("public_url", &self.public_url)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::session;

    fn key(number: u8) -> SigningKey {
        SigningKey { id: format!("key-{number}"), bytes: [number; 32], created_at_ms: 0 }
    }

    fn links() -> ContextLinks {
        let lifetime = SignedDuration::from_hours(24);
        ContextLinks::new("https://baton.example.com", lifetime, &key(1), &[])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The query of the link that is made now for `s-1`, whose links were revoked so often.
    fn made(links: &ContextLinks, revoked: u64, now: i64) -> String {
        let session = Session { context_links_revoked: revoked, ..session("s-1") };
        let link = links.link(&session, at(now)).unwrap();
        assert!(!format!("{link:?}").contains("https"));
        let query = link.url.strip_prefix("https://baton.example.com/context/s-1?");
        query.unwrap().to_owned()
    }

    fn parts(query: &str) -> (Terms, String) {
        let (terms, signature) = query.split_once("&signature=").unwrap();
        let number = |name: &str| {
            let named = terms.split('&').find_map(|term| term.strip_prefix(name));
            named.map_or(0, |number| number.parse().unwrap())
        };
        let revoked = number("revoked=").try_into().unwrap();
        (Terms { expires: number("expires="), revoked }, signature.to_owned())
    }

    #[test]
    fn a_link_is_good_for_its_lifetime() {
        let (terms, signature) = parts(&made(&links(), 0, 1_000));
        assert_eq!(terms, Terms { expires: 87_400, revoked: 0 });
        let check = |now| links().check("s-1", terms, &signature, at(now));
        assert_eq!(check(1_000), LinkCheck::Good);
        assert_eq!(check(87_399), LinkCheck::Good);
        assert_eq!(check(87_400), LinkCheck::Expired);
    }

    #[test]
    fn a_link_to_another_session_or_on_other_terms_or_of_another_signature_is_not_ours() {
        let check =
            |id: &str, terms, signature: &str| links().check(id, terms, signature, at(1_000));
        for revoked in [0, 1, 12] {
            let (terms, signature) = parts(&made(&links(), revoked, 1_000));
            assert_eq!(check("s-1", terms, &signature), LinkCheck::Good);
            assert_eq!(check("s-2", terms, &signature), LinkCheck::Wrong);
            let later = Terms { expires: terms.expires + 1, ..terms };
            assert_eq!(check("s-1", later, &signature), LinkCheck::Wrong);
            let newer = Terms { revoked: revoked + 1, ..terms };
            assert_eq!(check("s-1", newer, &signature), LinkCheck::Wrong);
            for signature in ["", &signature[1..], "é"] {
                assert_eq!(check("s-1", terms, signature), LinkCheck::Wrong);
            }
        }
    }

    #[test]
    fn a_link_that_was_made_before_links_could_be_revoked_is_good_until_they_are() {
        // Of the version that had no such term.
        let signature = "GAej3tv4Enz0GbsXxZWMb5OZAF3yre8hzHVvopFGa0A";
        let (terms, made) = parts(&made(&links(), 0, 1_000));
        assert_eq!(made, signature);
        assert!(!terms.are_revoked(&session("s-1")));
        assert!(terms.are_revoked(&Session { context_links_revoked: 1, ..session("s-1") }));
    }

    #[test]
    fn a_link_of_an_older_key_is_good_until_the_key_is_gone() {
        let links = links();
        let (terms, signature) = parts(&made(&links, 0, 0));
        let check = || links.check("s-1", terms, &signature, at(1));
        links.change_keys(&key(2), &[key(1)]);
        assert_eq!(check(), LinkCheck::Good);
        links.change_keys(&key(2), &[]);
        assert_eq!(check(), LinkCheck::Wrong);
    }

    #[test]
    fn invariant_10_the_debug_print_shows_no_key() {
        assert!(!format!("{:?}", links()).contains("keys"));
    }
}
