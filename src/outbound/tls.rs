//! How a host is known to be the one that it says it is.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::url::Reach;

/// Why TLS could not be set up.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TlsError {
    /// There is nothing to check certificates against.
    #[error(
        "found no certificate authorities on this machine, without which no https URL can be \
         called ({reason}); install the package ca-certificates, or name a file of them in \
         SSL_CERT_FILE"
    )]
    NoAuthorities {
        /// What went wrong on the way.
        reason: String,
    },
    /// The TLS library refused its settings.
    #[error("TLS could not be set up: {0}")]
    Refused(#[from] rustls::Error),
}

/// The settings for TLS: whom this machine trusts, by `SSL_CERT_FILE` and `SSL_CERT_DIR` or by
/// what the operating system keeps. In one's own network, where plain http may be all there is,
/// that may be nobody.
pub(crate) fn configuration(reach: Reach) -> Result<ClientConfig, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(found.certs);
    if authorities.is_empty() && reach == Reach::Public {
        let reason = match found.errors.first() {
            Some(error) => error.to_string(),
            None => "none of the usual places has any".to_owned(),
        };
        return Err(TlsError::NoAuthorities { reason });
    }
    let provider = Arc::new(ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities)
        .with_no_client_auth())
}
