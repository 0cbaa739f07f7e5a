//! Reading a certificate, its key, and the authorities of clients.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{VerifierBuilderError, WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::TlsFiles;

/// The one version of HTTP that is spoken behind TLS (ALPN, RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why a listener cannot speak TLS with the files that it was given.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path} for TLS; check its name and whether the process may read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file holds nothing of what it is named for.
    #[error("{path} holds no {wanted} in PEM, which begins with -----BEGIN", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it has to hold.
        wanted: &'static str,
    },
    /// Certificate and key do not make a pair, or one of them cannot be used.
    #[error("the certificate {} cannot be used with the key {}", certificate.display(), key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The reason.
        source: rustls::Error,
    },
    /// An authority of clients cannot be used.
    #[error("{} holds an authority that cannot be used", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: rustls::Error,
    },
    /// Clients cannot be checked against the authorities.
    #[error("the authorities of {} cannot be used", path.display())]
    Verifier {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: VerifierBuilderError,
    },
}

/// What a listener speaks TLS with, as the files have it now. Blocks while they are read.
pub(crate) fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let TlsFiles { certificate, key, client_ca } = files;
    let chain = certificates(certificate)?;
    let private = private_key(key)?;
    let unusable =
        |source| TlsError::Pair { certificate: certificate.clone(), key: key.clone(), source };
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match client_ca {
        Some(path) => builder.with_client_cert_verifier(verifier(path)?),
        None => builder.with_no_client_auth(),
    };
    let mut configuration = builder.with_single_cert(chain, private).map_err(unusable)?;
    configuration.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(configuration))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wanted = "certificate";
    let text = contents(path)?;
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(TlsError::Empty { path: path.to_owned(), wanted }),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let wanted = "private key";
    PrivateKeyDer::from_pem_slice(&contents(path)?)
        .map_err(|_| TlsError::Empty { path: path.to_owned(), wanted })
}

/// Lets those in who show a certificate of one of these authorities, and nobody else.
fn verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut authorities = RootCertStore::empty();
    for authority in certificates(path)? {
        authorities
            .add(authority)
            .map_err(|source| TlsError::Authority { path: path.to_owned(), source })?;
    }
    let provider = Arc::new(ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider)
        .build()
        .map_err(|source| TlsError::Verifier { path: path.to_owned(), source })
}

fn contents(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
}
