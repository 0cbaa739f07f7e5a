//! By what a sidecar is known that speaks TLS, and what it is shown.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use rustls::{
    ClientConfig, RootCertStore,
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
            None => baton_tls::system_authorities().map_err(|_| {
                let problem = "this machine has no certificate authorities; name a file with the \
                               sidecar's";
                refused(CA_FILE, problem.to_owned())
            })?,
        };
        let builder = baton_tls::client(authorities)
            .map_err(|error| refused("--sidecar", error.to_string()))?;
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

/// Whom to trust, from the file of `--ca-file`.
pub(crate) fn authorities_of_file(path: &Path) -> Result<RootCertStore, Failure> {
    baton_tls::authorities_in(&contents(path)?)
        .map_err(|error| refused(CA_FILE, format!("{} {error}", path.display())))
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
