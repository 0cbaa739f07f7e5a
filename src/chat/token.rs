//! Access tokens: JSON Web Tokens that this process mints and checks itself.
//!
//! The algorithm is fixed to HS256. The header is compared as a constant and never interpreted,
//! so that no token can choose how it is checked.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use baton_core::tenant::TenantKey;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// For how many seconds a token is good. Clients fetch another token when less than 300 s are
/// left, and lose their session with it (Messaging API, 2).
pub(crate) const LIFETIME_SECONDS: i64 = 86_400;

/// The most characters that a token of ours has.
const MAX_CHARACTERS: usize = 2048;

/// `{"alg":"HS256","typ":"JWT"}` in base64url.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

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

/// What a token that was minted here gives access to.
pub(crate) struct Access {
    /// Whose chat it is good for.
    pub(crate) tenant: TenantKey<'static>,
    /// When it ceases to be good, in seconds since 1970.
    expires_at: i64,
}

impl Access {
    /// Whether the token has not expired.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        now.as_second() < self.expires_at
    }
}

/// Mints and checks access tokens.
#[derive(Clone)]
pub struct AccessTokens {
    mac: Hmac<Sha256>,
}

impl AccessTokens {
    /// Signs under this key, which has to stay the same over restarts.
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up to its block with zeroes (RFC 2104, 2).
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Self { mac: Hmac::new(&block.into()) }
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
        let signature = self.signed(HEADER, &claims).finalize().into_bytes();
        let token = format!("{HEADER}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
        (token.len() <= MAX_CHARACTERS).then_some(token)
    }

    /// The tenant that the token is good for; `None` if it was not minted under this key or has
    /// expired.
    pub(crate) fn check(&self, token: &str, now: Timestamp) -> Option<TenantKey<'static>> {
        self.verify(token).filter(|access| access.is_current(now)).map(|access| access.tenant)
    }

    /// What the token says; `None` if it was not minted under this key.
    pub(crate) fn verify(&self, token: &str) -> Option<Access> {
        if token.len() > MAX_CHARACTERS {
            return None;
        }
        let mut parts = token.split('.');
        let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if header != HEADER || parts.next().is_some() {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.signed(header, claims).verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        Some(Access { tenant: claims.tenant.into_owned(), expires_at: claims.exp })
    }

    fn signed(&self, header: &str, claims: &str) -> Hmac<Sha256> {
        self.mac.clone().chain_update(header).chain_update(".").chain_update(claims)
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

    const KEY: [u8; 32] = [7; 32];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tenant() -> TenantKey<'static> {
        TenantKey::new("acme", "support", "live")
    }

    fn token() -> String {
        AccessTokens::new(&KEY).mint("user".to_owned(), &tenant(), at(1000)).unwrap()
    }

    fn json(part: &str) -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_what_the_ios_client_demands_of_one() {
        let token = token();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(json(parts[0]), serde_json::json!({"alg": "HS256", "typ": "JWT"}));
        let claims = json(parts[1]);
        assert_eq!(claims["sub"], "user");
        assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(1000), Some(87_400)));
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let tokens = AccessTokens::new(&KEY);
        assert_eq!(tokens.check(&token(), at(1000)), Some(tenant()));
        assert_eq!(tokens.check(&token(), at(87_399)), Some(tenant()));
        assert_eq!(tokens.check(&token(), at(87_400)), None);
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        assert_eq!(AccessTokens::new(&[8; 32]).check(&token(), at(1000)), None);
    }

    #[test]
    fn no_changed_token_is_good() {
        let tokens = AccessTokens::new(&KEY);
        let token = token();
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
        let claims = token.split('.').nth(1).unwrap();
        for forged in [format!("{none}.{claims}."), format!("{HEADER}.{claims}.")] {
            assert_eq!(AccessTokens::new(&KEY).check(&forged, at(1000)), None);
        }
    }

    #[test]
    fn invariant_11_text_that_is_no_token_is_refused() {
        let long = "a".repeat(MAX_CHARACTERS + 1);
        for text in ["", ".", "..", "...", "a.b.c", "é.é.é", &long] {
            assert_eq!(AccessTokens::new(&KEY).check(text, at(1000)), None);
        }
    }
}
