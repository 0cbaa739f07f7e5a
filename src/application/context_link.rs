//! Links to a session's context: signed, and good for a time.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_store::SigningKey;
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

/// What a link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkCheck {
    /// It is good.
    Good,
    /// It was good once.
    Expired,
    /// It is not ours.
    Wrong,
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
    pub fn link(&self, session_id: &str, now: Timestamp) -> Option<String> {
        let expires = now.checked_add(self.lifetime).ok()?.as_second();
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let signature = signed(keys.first()?, session_id, expires).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let url = &self.public_url;
        Some(format!("{url}/context/{session_id}?expires={expires}&signature={signature}"))
    }

    /// What a link to this session with this end and this signature is worth now.
    pub(crate) fn check(
        &self,
        session_id: &str,
        expires: i64,
        signature: &str,
        now: Timestamp,
    ) -> LinkCheck {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return LinkCheck::Wrong };
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let is_ours = keys
            .iter()
            .any(|key| signed(key, session_id, expires).verify_slice(&signature).is_ok());
        match is_ours {
            false => LinkCheck::Wrong,
            true if now.as_second() >= expires => LinkCheck::Expired,
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

fn signed(key: &Hmac<Sha256>, session_id: &str, expires: i64) -> Hmac<Sha256> {
    let expires = expires.to_string();
    key.clone()
        .chain_update(PURPOSE)
        .chain_update(&expires)
        .chain_update("\n")
        .chain_update(session_id)
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

    fn parts(link: &str) -> (String, i64, String) {
        let rest = link.strip_prefix("https://baton.example.com/context/").unwrap();
        let (session_id, query) = rest.split_once("?expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        (session_id.to_owned(), expires.parse().unwrap(), signature.to_owned())
    }

    #[test]
    fn a_link_is_good_for_its_lifetime() {
        let (session_id, expires, signature) = parts(&links().link("s-1", at(1_000)).unwrap());
        assert_eq!((&*session_id, expires), ("s-1", 87_400));
        let check = |now| links().check(&session_id, expires, &signature, at(now));
        assert_eq!(check(1_000), LinkCheck::Good);
        assert_eq!(check(87_399), LinkCheck::Good);
        assert_eq!(check(87_400), LinkCheck::Expired);
    }

    #[test]
    fn a_link_to_another_session_or_of_another_end_or_signature_is_not_ours() {
        let (session_id, expires, signature) = parts(&links().link("s-1", at(1_000)).unwrap());
        let check =
            |id: &str, expires, signature: &str| links().check(id, expires, signature, at(1_000));
        assert_eq!(check("s-2", expires, &signature), LinkCheck::Wrong);
        assert_eq!(check(&session_id, expires + 1, &signature), LinkCheck::Wrong);
        assert_eq!(check(&session_id, expires, ""), LinkCheck::Wrong);
        assert_eq!(check(&session_id, expires, &signature[1..]), LinkCheck::Wrong);
        assert_eq!(check(&session_id, expires, "é"), LinkCheck::Wrong);
    }

    #[test]
    fn a_link_of_an_older_key_is_good_until_the_key_is_gone() {
        let links = links();
        let (session_id, expires, signature) = parts(&links.link("s-1", at(0)).unwrap());
        let check = || links.check(&session_id, expires, &signature, at(1));
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
