//! By what a sidecar is known that speaks TLS, and what it is shown.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::failure::Failure;

const CA_FILE: &str = "--ca-file";
const CLIENT_CERTIFICATE: &str = "--client-certificate";
const CLIENT_KEY: &str = "--client-key";

/// The one version of HTTP that is spoken (ALPN, RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// The files for a sidecar that speaks TLS, all of them in PEM.
#[derive(Args)]
pub(crate) struct TlsArguments {
    /// The authorities of an https sidecar's certificate, in PEM [default: the system's]
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,

    /// The certificate to show where the sidecar asks for one (internal.tls.client_ca), in PEM
    #[arg(long, value_name = "PEM", requires = "client_key")]
    client_certificate: Option<PathBuf>,

    /// The private key of that certificate, in PEM
    #[arg(long, value_name = "PEM", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl TlsArguments {
    /// Whom to trust, and what to show.
    pub(super) fn configuration(&self) -> Result<ClientConfig, Failure> {
        let authorities = match &self.ca_file {
            Some(path) => authorities_of_file(path)?,
            None => authorities_of_system()?,
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused("--sidecar", format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(authorities);
        let mut configuration = match (&self.client_certificate, &self.client_key) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(CLIENT_CERTIFICATE, certificate)?;
                builder.with_client_auth_cert(chain, private_key(key)?).map_err(|error| {
                    let (certificate, key) = (certificate.display(), key.display());
                    let problem = format!("{certificate} cannot be used with {key}: {error}");
                    refused(CLIENT_CERTIFICATE, problem)
                })?
            }
            // Neither is given without the other.
            _ => builder.with_no_client_auth(),
        };
        configuration.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(configuration)
    }

    /// Refuses files that nothing would come of.
    pub(super) fn refuse_without_tls(&self) -> Result<(), Failure> {
        let option = match self {
            Self { ca_file: Some(_), .. } => CA_FILE,
            Self { client_certificate: Some(_), .. } => CLIENT_CERTIFICATE,
            _ => return Ok(()),
        };
        let problem = "it is for a sidecar that speaks TLS; name one with --sidecar https://...";
        Err(refused(option, problem.to_owned()))
    }
}

fn authorities_of_file(path: &Path) -> Result<RootCertStore, Failure> {
    let mut authorities = RootCertStore::empty();
    for authority in certificates(CA_FILE, path)? {
        authorities.add(authority).map_err(|error| {
            let path = path.display();
            refused(CA_FILE, format!("{path} holds an authority that cannot be used: {error}"))
        })?;
    }
    Ok(authorities)
}

/// Whom this machine trusts, by `SSL_CERT_FILE` and `SSL_CERT_DIR` or by what the operating system
/// keeps.
fn authorities_of_system() -> Result<RootCertStore, Failure> {
    let mut authorities = RootCertStore::empty();
    authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if authorities.is_empty() {
        let problem = "this machine has no certificate authorities; name a file with the sidecar's";
        return Err(refused(CA_FILE, problem.to_owned()));
    }
    Ok(authorities)
}

fn certificates(
    option: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents(path)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => {
            Err(refused(option, format!("{} holds no certificate in PEM", path.display())))
        }
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    PrivateKeyDer::from_pem_slice(&contents(path)?)
        .map_err(|_| refused(CLIENT_KEY, format!("{} holds no private key in PEM", path.display())))
}

fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::Read { path: path.display().to_string(), source })
}

fn refused(option: &'static str, problem: String) -> Failure {
    Failure::Option { option, problem }
}
