//! By what a server is known to be the one that it says it is: the settings of whoever speaks TLS
//! with one.
//!
//! [`system_authorities`] are those that this machine trusts, [`authorities_in`] those of a file; a
//! [`client`] trusts those that it is given, and nobody else. What a listener speaks TLS with is the
//! listener's own matter.

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Why TLS could not be set up.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TlsError {
    /// There is nothing to check certificates against.
    #[error(
        "found no certificate authorities on this machine, without which no server can be told \
         from anybody else ({reason}); install the package ca-certificates, or name a file of \
         them in SSL_CERT_FILE"
    )]
    NoAuthorities {
        /// What went wrong on the way.
        reason: String,
    },
    /// The TLS library refused its settings.
    #[error("TLS could not be set up: {0}")]
    Refused(#[from] rustls::Error),
}

/// Why a file names no authorities, to be read after its path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AuthoritiesProblem {
    /// There is no certificate in it.
    #[error("holds no certificate in PEM")]
    NoCertificate,
    /// A certificate is no authority's.
    #[error("holds an authority that cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Whom this machine trusts, by `SSL_CERT_FILE` and `SSL_CERT_DIR` or by what the operating system
/// keeps. Blocks while they are read.
///
/// # Errors
///
/// [`TlsError::NoAuthorities`] if that is nobody.
pub fn system_authorities() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(found.certs);
    if authorities.is_empty() {
        let reason = match found.errors.first() {
            Some(error) => error.to_string(),
            None => "none of the usual places has any".to_owned(),
        };
        return Err(TlsError::NoAuthorities { reason });
    }
    Ok(authorities)
}

/// The authorities whose certificates stand in this PEM, and nobody else.
///
/// # Errors
///
/// [`AuthoritiesProblem`] if it holds none, or one that cannot be used.
pub fn authorities_in(pem: &[u8]) -> Result<RootCertStore, AuthoritiesProblem> {
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        authorities.add(certificate.map_err(|_| AuthoritiesProblem::NoCertificate)?)?;
    }
    match authorities.is_empty() {
        true => Err(AuthoritiesProblem::NoCertificate),
        false => Ok(authorities),
    }
}

/// The settings of a client that trusts these authorities; without any, it speaks TLS with nobody.
/// What is left to say is which certificate it shows, if any.
///
/// # Errors
///
/// [`TlsError::Refused`] if the library cannot speak TLS at all.
pub fn client(
    authorities: RootCertStore,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use baton_tests_certificates::Authority;
    use rustls::{ClientConnection, ServerConfig, ServerConnection, pki_types::PrivateKeyDer};

    use super::*;

    /// What becomes of a handshake with a server of this authority.
    fn handshake(server: &Authority, trusted: RootCertStore) -> Result<(), rustls::Error> {
        let folder = tempfile::tempdir().unwrap();
        let pair = server.pair(folder.path(), "DNS:localhost");
        let chain = vec![CertificateDer::from_pem_file(pair.certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_file(pair.key).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        let client = Arc::new(client(trusted).unwrap().with_no_client_auth());
        let mut client = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
        while client.is_handshaking() {
            let mut sent = Vec::new();
            client.write_tls(&mut sent).unwrap();
            server.read_tls(&mut sent.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut sent = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut sent).unwrap();
            }
            client.read_tls(&mut sent.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        Ok(())
    }

    fn trusting(authority: &Authority) -> RootCertStore {
        authorities_in(&fs::read(authority.certificate()).unwrap()).unwrap()
    }

    #[test]
    fn a_client_speaks_with_servers_of_its_authorities_and_with_nobody_else() {
        let authority = Authority::new();
        assert_eq!(handshake(&authority, trusting(&authority)), Ok(()));
        for trusted in [RootCertStore::empty(), trusting(&Authority::new())] {
            let refused = handshake(&authority, trusted);
            assert!(matches!(refused, Err(rustls::Error::InvalidCertificate(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_file_without_an_authority_names_nobody() {
        for pem in ["", "not in PEM", "-----BEGIN CERTIFICATE-----\n"] {
            let problem = authorities_in(pem.as_bytes()).unwrap_err();
            assert_eq!(problem, AuthoritiesProblem::NoCertificate, "{pem}");
        }
        let pem = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
        let problem = authorities_in(pem.as_bytes()).unwrap_err();
        assert!(matches!(problem, AuthoritiesProblem::Unusable(_)), "{problem:?}");
    }
}
