//! Access tokens: JSON Web Tokens that this process mints and checks itself.
//!
//! The algorithm is fixed to HS256. The header is compared with those that Baton writes, one for
//! each key, and is never interpreted, so that no token can choose how it is checked.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_core::tenant::TenantKey;
use baton_store::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// For how many seconds a token is good. Clients fetch another token when less than 300 s are
/// left, and lose their session with it (Messaging API, 2).
pub(crate) const LIFETIME_SECONDS: i64 = 86_400;

/// The most characters that a token of ours has.
const MAX_CHARACTERS: usize = 2048;

/// A key with the header of the tokens that it signs.
#[derive(Clone)]
struct Key {
    /// In base64url.
    header: String,
    mac: Hmac<Sha256>,
}

impl Key {
    fn new(key: &SigningKey) -> Self {
        let header = Header { alg: "HS256", kid: &key.id, typ: "JWT" };
        // Texts always have a JSON form.
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap_or_default());
        // HMAC fills a key up to its block with zeroes (RFC 2104, 2).
        let mut block = [0; 64];
        block.iter_mut().zip(key.bytes).for_each(|(to, from)| *to = from);
        Self { header, mac: Hmac::new(&block.into()) }
    }

    fn signed(&self, claims: &str) -> Hmac<Sha256> {
        self.mac.clone().chain_update(&self.header).chain_update(".").chain_update(claims)
    }
}

/// How a token is signed.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    /// The user, made afresh for each token.
    sub: String,
    /// Whose chat it is good for.
    #[serde(borrow)]
    tenant: TenantKey<'a>,
    /// When it was made, in seconds since 1970.
    iat: i64,
    /// When it ceases to be good, in seconds since 1970.
    exp: i64,
}

/// Mints and checks access tokens. Clones share their keys.
#[derive(Clone)]
pub struct AccessTokens(Arc<RwLock<Keys>>);

/// What tokens are signed under, and were.
struct Keys {
    newest: Key,
    older: Vec<Key>,
}

impl Keys {
    fn new(newest: &SigningKey, older: &[SigningKey]) -> Self {
        Self { newest: Key::new(newest), older: older.iter().map(Key::new).collect() }
    }

    /// The key that makes tokens with this header.
    fn of_header(&self, header: &str) -> Option<&Key> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.header == header)
    }
}

impl AccessTokens {
    /// Signs under the newest key, and takes tokens of the older ones as well. The keys have to
    /// stay the same over restarts.
    pub fn new(newest: &SigningKey, older: &[SigningKey]) -> Self {
        Self(Arc::new(RwLock::new(Keys::new(newest, older))))
    }

    /// Puts these keys in the place of those before. Tokens of a key that is not among them are
    /// good no more.
    pub fn change_keys(&self, newest: &SigningKey, older: &[SigningKey]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Keys::new(newest, older);
    }

    fn newest(&self) -> Key {
        self.0.read().unwrap_or_else(PoisonError::into_inner).newest.clone()
    }

    fn of_header(&self, header: &str) -> Option<Key> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).of_header(header).cloned()
    }

    /// A token for this user of this tenant, or `None` if the tenant's names are too long for
    /// one.
    pub(crate) fn mint(
        &self,
        user: String,
        tenant: &TenantKey<'_>,
        now: Timestamp,
    ) -> Option<String> {
        let iat = now.as_second();
        let tenant = tenant.clone();
        let claims = Claims { sub: user, tenant, iat, exp: iat.saturating_add(LIFETIME_SECONDS) };
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).ok()?);
        let key = self.newest();
        let signature = key.signed(&claims).finalize().into_bytes();
        let header = &key.header;
        let token = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
        (token.len() <= MAX_CHARACTERS).then_some(token)
    }

    /// The tenant that the token is good for; `None` if it was not minted under one of the keys
    /// or has expired.
    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Option<TenantKey<'static>> {
        if token.len() > MAX_CHARACTERS {
            return None;
        }
        let mut parts = token.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let key = self.of_header(header)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        key.signed(claims).verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        (now.as_second() < claims.exp).then(|| claims.tenant.into_owned())
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessTokens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> SigningKey {
        SigningKey { id: id.to_owned(), bytes: [byte; 32], created_at_ms: 0 }
    }

    fn tokens() -> AccessTokens {
        AccessTokens::new(&key("seven", 7), &[])
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tenant() -> TenantKey<'static> {
        TenantKey::new("acme", "support", "live")
    }

    fn token() -> String {
        tokens().mint("user".to_owned(), &tenant(), at(1000)).unwrap()
    }

    fn json(part: &str) -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_what_the_ios_client_demands_of_one() {
        let token = token();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(
            json(parts[0]),
            serde_json::json!({"alg": "HS256", "kid": "seven", "typ": "JWT"})
        );
        let claims = json(parts[1]);
        assert_eq!(claims["sub"], "user");
        assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(1000), Some(87_400)));
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let tokens = tokens();
        assert_eq!(tokens.check(&token(), at(1000)), Some(tenant()));
        assert_eq!(tokens.check(&token(), at(87_399)), Some(tenant()));
        assert_eq!(tokens.check(&token(), at(87_400)), None);
    }

    #[test]
    fn a_token_of_another_key_is_refused_whatever_it_is_called() {
        for other in [key("seven", 8), key("eight", 7), key("eight", 8)] {
            assert_eq!(AccessTokens::new(&other, &[]).check(&token(), at(1000)), None);
        }
    }

    #[test]
    fn a_token_of_an_older_key_is_good_and_new_ones_are_of_the_newest() {
        let rotated = tokens();
        rotated.clone().change_keys(&key("eight", 8), &[key("seven", 7), key("six", 6)]);
        assert_eq!(rotated.check(&token(), at(1000)), Some(tenant()));
        let fresh = rotated.mint("user".to_owned(), &tenant(), at(1000)).unwrap();
        assert_eq!(json(fresh.split('.').next().unwrap())["kid"], "eight");
        assert_eq!(rotated.check(&fresh, at(1000)), Some(tenant()));
        assert_eq!(tokens().check(&fresh, at(1000)), None);
        rotated.change_keys(&key("eight", 8), &[]);
        assert_eq!(rotated.check(&token(), at(1000)), None);
    }

    #[test]
    fn no_changed_token_is_good() {
        let (tokens, token) = (tokens(), token());
        for position in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.check(&changed, at(1000)), None, "position {position}");
        }
    }

    #[test]
    fn a_token_cannot_choose_its_algorithm() {
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let token = token();
        let parts: Vec<&str> = token.split('.').collect();
        let (header, claims) = (parts[0], parts[1]);
        for forged in [format!("{none}.{claims}."), format!("{header}.{claims}.")] {
            assert_eq!(tokens().check(&forged, at(1000)), None);
        }
    }

    #[test]
    fn invariant_11_text_that_is_no_token_is_refused() {
        let long = "a".repeat(MAX_CHARACTERS + 1);
        for text in ["", ".", "..", "...", "a.b.c", "é.é.é", &long] {
            assert_eq!(tokens().check(text, at(1000)), None);
        }
    }
}
