//! What must not be seen.

use std::fmt;

use zeroize::Zeroizing;

/// A password or a token. It is wiped from memory when it is dropped, and never shown; what is
/// written into a request to Genesys is a copy that lives as long as the request.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text as a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret itself, for the place where it is needed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// What an OAuth client with the grant "client credentials" has (Genesys reference, 3.5).
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The id, which is not secret.
    pub client_id: String,
    /// The secret.
    pub client_secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        let client_secret = Secret::new("hunter2-hunter2".to_owned());
        let credentials = Credentials { client_id: "id".to_owned(), client_secret };
        assert_eq!(
            format!("{credentials:?}"),
            r#"Credentials { client_id: "id", client_secret: Secret }"#
        );
    }
}
