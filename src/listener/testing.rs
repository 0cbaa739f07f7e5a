//! Clients of listeners that speak TLS, and the files of these.

use std::sync::Arc;

use baton_tests_certificates::Authority;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

use crate::TlsFiles;

/// Where the files of a listener are.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a new certificate for this name, and its key.
    pub(crate) fn pair(&self, authority: &Authority, name: &str) -> TlsFiles {
        let pair = authority.pair(self.0.path(), &format!("DNS:{name}"));
        TlsFiles { certificate: pair.certificate, key: pair.key, client_ca: None }
    }
}

/// What trusts the authority, and shows a certificate if it has one.
pub(crate) fn client(authority: &Authority, shown: Option<&TlsFiles>) -> TlsConnector {
    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(authority.certificate()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted);
    let configuration = match shown {
        None => builder.with_no_client_auth(),
        Some(files) => {
            let chain = vec![CertificateDer::from_pem_file(&files.certificate).unwrap()];
            let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(configuration))
}
