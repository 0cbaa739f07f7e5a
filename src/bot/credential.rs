//! By what the bot knows that it is Baton who asks.

use std::fmt;

use http::HeaderValue;

/// The credential of a bot, never shown.
#[derive(Clone)]
pub struct Credential(HeaderValue);

/// Why a text is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bot's credential is empty, or has a blank or a letter that is not of ASCII in it")]
pub struct CredentialProblem;

impl Credential {
    /// The credential for the header `authorization: Bearer <text>`.
    ///
    /// # Errors
    ///
    /// [`CredentialProblem`] if the text cannot stand there.
    pub fn parse(text: &str) -> Result<Self, CredentialProblem> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialProblem);
        }
        let bearer = format!("Bearer {text}");
        let mut header = HeaderValue::try_from(bearer).map_err(|_| CredentialProblem)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credential")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_not_shown() {
        let credential = Credential::parse("hunter2-hunter2").unwrap();
        assert_eq!(format!("{credential:?} {:?}", credential.header()), "Credential Sensitive");
    }

    #[test]
    fn what_cannot_stand_in_the_header_is_refused() {
        for text in ["", "hunter2\n", "hunter 2", "hünter2", "hunter2\u{0}"] {
            assert_eq!(Credential::parse(text).unwrap_err(), CredentialProblem, "{text:?}");
        }
    }
}
