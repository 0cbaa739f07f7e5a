//! The key under which the store's tenants are sealed.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use baton_process::{Random, RandomError};
use zeroize::Zeroizing;

/// How many bytes a master key has.
const BYTES: usize = 32;

/// Takes base64 with its padding or without.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The operator's key, 32 bytes. It stands nowhere in the store, has no debug form that shows it,
/// and is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; BYTES]>);

/// Why a text is no master key. It does not show the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has to be 32 bytes in base64 or hex: baton store new-key makes one")]
pub struct MasterKeyError;

impl MasterKey {
    /// Reads the key from base64url, base64 (both with or without padding) or hex; blanks around
    /// it do not count.
    ///
    /// # Errors
    ///
    /// If it is none of these, or not of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim_ascii();
        let bytes = if text.len() == 2 * BYTES {
            from_hex(text)
        } else {
            let of_base64 = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
            of_base64.ok().map(Zeroizing::new)
        };
        let bytes = bytes.ok_or(MasterKeyError)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| MasterKeyError)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// A fresh key.
    ///
    /// # Errors
    ///
    /// If there are no random bytes.
    pub fn generate(random: &Random) -> Result<Self, RandomError> {
        random.bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The key in base64url without padding, for whoever is to keep it.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(general_purpose::URL_SAFE_NO_PAD.encode(*self.0))
    }

    pub(crate) fn bytes(&self) -> &[u8; BYTES] {
        &self.0
    }
}

/// Shows no key.
impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey")
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES));
    while let Some(high) = digits.next() {
        bytes.push(u8::try_from(high? << 4 | digits.next()??).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey(Zeroizing::new(std::array::from_fn(|place| place as u8 * 8 + 7)))
    }

    #[test]
    fn a_key_is_read_in_each_form_that_people_make() {
        let key = key();
        let hex: String = key.bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        for text in [
            key.to_text().to_string(),
            general_purpose::STANDARD.encode(key.bytes()),
            general_purpose::STANDARD_NO_PAD.encode(key.bytes()),
            general_purpose::URL_SAFE.encode(key.bytes()),
            hex.to_lowercase(),
            format!(" {hex}\n"),
        ] {
            assert_eq!(MasterKey::parse(&text).unwrap().bytes(), key.bytes(), "{text}");
        }
        assert!(key.to_text().contains(['-', '_']), "both alphabets are tried");
    }

    #[test]
    fn invariant_10_what_is_no_key_is_not_repeated() {
        let text = key().to_text();
        for wrong in ["", "password", &text[1..], &format!("{}A", &*text), &"g".repeat(64)] {
            let said = MasterKey::parse(wrong).unwrap_err().to_string();
            assert!(said.contains("32 bytes") && (wrong.is_empty() || !said.contains(wrong)));
        }
        assert_eq!(format!("{:?}", key()), "MasterKey");
    }

    #[test]
    fn a_fresh_key_is_another_one_each_time() {
        let random = Random::system();
        let fresh = || MasterKey::generate(&random).unwrap();
        assert_ne!(fresh().bytes(), fresh().bytes());
    }
}
