//! Which sidecar is asked, and by what right.

use std::{fs, sync::Arc, time::Duration};

use baton_sidecar::Configuration;
use clap::Args;
use http::HeaderValue;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use url::Host;

use super::{
    AdminClient,
    address::{NoSidecarAddress, Peer, SidecarAddress, Way},
    error::CredentialOrigin,
    tls::TlsArguments,
    transport::Transport,
};
use crate::{failure::Failure, secret};

/// Where a sidecar's internal listener is, unless its configuration says otherwise.
const SIDECAR: &str = "http://127.0.0.1:8081";

/// How long the sidecar may say nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// The same where the sidecar has to work through all that it stores.
const LONG_SILENCE: Duration = Duration::from_secs(60 * 60);

/// The environment variable that holds the credential, unless another is named.
const VARIABLE: &str = "BATON_ADMIN_CREDENTIAL";

/// Which sidecar is asked, and by what right.
#[derive(Args)]
#[command(next_help_heading = "The sidecar that is asked")]
pub(crate) struct AdminArguments {
    /// The address of its internal listener, such as https://baton.internal:8081 or
    /// unix:/run/baton/internal.sock [default: http://127.0.0.1:8081]
    #[arg(long, value_name = "URL")]
    sidecar: Option<SidecarAddress>,

    #[command(flatten)]
    tls: TlsArguments,

    /// The environment variable that holds the admin credential [default: BATON_ADMIN_CREDENTIAL]
    #[arg(long, value_name = "NAME", conflicts_with = "credential_file")]
    credential_env: Option<String>,

    /// The file that holds the admin credential
    #[arg(long, value_name = "FILE")]
    credential_file: Option<String>,
}

impl AdminArguments {
    /// The client that asks this sidecar.
    pub(crate) fn client(&self) -> Result<AdminClient, Failure> {
        self.client_at(self.named()?, SILENCE)
    }

    /// The same for what may take long before it is answered.
    pub(crate) fn patient_client(&self) -> Result<AdminClient, Failure> {
        self.client_at(self.named()?, LONG_SILENCE)
    }

    /// The same as [`AdminArguments::client`], of the sidecar that this configuration makes, unless
    /// another is named.
    pub(crate) fn client_of(&self, configuration: &Configuration) -> Result<AdminClient, Failure> {
        let address = match &self.sidecar {
            Some(address) => address.clone(),
            None => SidecarAddress::of(&configuration.internal_listen).map_err(no_address)?,
        };
        self.client_at(address, SILENCE)
    }

    fn named(&self) -> Result<SidecarAddress, Failure> {
        match &self.sidecar {
            Some(address) => Ok(address.clone()),
            None => SIDECAR.parse().map_err(no_address),
        }
    }

    fn client_at(
        &self,
        address: SidecarAddress,
        patience: Duration,
    ) -> Result<AdminClient, Failure> {
        let transport = self.transport(&address)?;
        let (credential, origin) = self.credential()?;
        Ok(AdminClient { transport, address, patience, credential, origin })
    }

    fn transport(&self, address: &SidecarAddress) -> Result<Transport, Failure> {
        match &address.way {
            Way::Tls(peer) => {
                let connector = TlsConnector::from(Arc::new(self.tls.configuration()?));
                Ok(Transport::Tls { peer: peer.clone(), name: name(peer)?, connector })
            }
            Way::Cleartext(peer) => {
                self.tls.refuse_without_tls()?;
                Ok(Transport::Cleartext(peer.clone()))
            }
            Way::UnixSocket(path) => {
                self.tls.refuse_without_tls()?;
                Ok(Transport::UnixSocket(path.clone()))
            }
        }
    }

    /// What is shown as a header, and where it comes from.
    fn credential(&self) -> Result<(HeaderValue, CredentialOrigin), Failure> {
        if let Some(path) = &self.credential_file {
            let text = fs::read_to_string(path)
                .map_err(|source| Failure::Read { path: path.clone(), source })?;
            let credential = secret::not_empty("--credential-file", text.trim())?;
            let header = bearer("--credential-file", &credential)?;
            return Ok((header, CredentialOrigin::File(path.clone())));
        }
        let name = self.credential_env.as_deref().unwrap_or(VARIABLE);
        let credential = secret::variable("--credential-env", name)?;
        let header = bearer("--credential-env", &credential)?;
        Ok((header, CredentialOrigin::Variable(name.to_owned())))
    }
}

/// The credential as a header.
fn bearer(option: &'static str, credential: &str) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::try_from(format!("Bearer {credential}")).map_err(|_| {
        let problem = "the credential holds a character that no HTTP header takes".to_owned();
        Failure::Option { option, problem }
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// The name that a peer's certificate has to have.
fn name(peer: &Peer) -> Result<ServerName<'static>, Failure> {
    match &peer.host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| {
            let problem = format!("no certificate can be for {name}: {error}");
            Failure::Option { option: "--sidecar", problem }
        }),
        Host::Ipv4(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Ok(ServerName::IpAddress((*address).into())),
    }
}

fn no_address(error: NoSidecarAddress) -> Failure {
    Failure::Option { option: "--sidecar", problem: error.to_string() }
}
