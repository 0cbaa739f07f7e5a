//! Where everything is in a demonstration, and what opens it; and what each part is told of it.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
};

use baton_console::{Console, Control, Demonstration, EdgeKind, Token};
use baton_sidecar::{Configuration, ConfigurationProblem};
use baton_simulator::{Configuration as Org, OauthClient};

use super::{failure::DemoFailure, secrets::Secrets};

/// From where the demonstration's chat clients say they come.
pub(crate) const HOST: &str = "example.com";

/// The one tenant, as its path has it.
pub(crate) const TENANT: &str = "acme/support/live";

/// The id of the sidecar's OAuth client.
const CLIENT_ID: &str = "baton";

/// Where everything is, and what opens it.
pub(crate) struct Place {
    /// The console.
    pub(crate) console: SocketAddr,
    /// Where chat clients connect.
    pub(crate) chat_url: String,
    /// The API for applications, and the agents' page.
    pub(crate) application_url: String,
    /// The simulator.
    pub(crate) genesys_url: String,
    /// The origin to which webhooks go.
    pub(crate) edge_url: String,
    /// Which edge that is.
    pub(crate) edge: EdgeKind,
    /// The secrets of this run.
    pub(crate) secrets: Secrets,
}

impl Place {
    /// The address of the console, with its token.
    pub(crate) fn console_url(&self) -> String {
        self.console_token().url(self.console)
    }

    /// The simulated org.
    pub(crate) fn org(&self) -> Org {
        let client = OauthClient::with_every_permission(CLIENT_ID, &self.secrets.client);
        let mut org = Org::new(self.webhook_url(), &self.secrets.webhook);
        org.oauth_clients = vec![client];
        org.control_token = Some(self.secrets.control.clone());
        org.serves_pictures = true;
        org
    }

    /// The sidecar's configuration, for this org. Its listeners are given to it open, and their
    /// addresses are not read from there.
    pub(crate) fn sidecar(
        &self,
        store: &Path,
        org: &Org,
    ) -> Result<Configuration, ConfigurationProblem> {
        // A policy for frames knows no address of IPv6 (Content Security Policy Level 3, 2.3.1).
        let framing = match self.console {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(address) => SocketAddrV4::new(Ipv4Addr::LOCALHOST, address.port()),
        };
        let text = format!(
            r#"
[application]
public_url = "{application_url}"
# The console shows the page as an agent's desktop would: in a frame.
frame_ancestors = ["http://localhost:{console_port}", "http://{framing}"]

[store]
path = '{store}'

[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "live"
integration_id = "{integration_id}"
connector_tokens = [{{ env = "CONNECTOR_TOKEN" }}]
hosts = ["{HOST}", "127.0.0.1", "localhost", "http://{console}"]

[tenants.edge]
signature_secrets = [{{ env = "WEBHOOK_SECRET" }}]

[tenants.bot]
builtin = true

[tenants.genesys]
base_url = "{genesys_url}"
client_id = "{CLIENT_ID}"
client_secret = {{ env = "CLIENT_SECRET" }}

[tenants.genesys.handoff]
agent_name = "first"
agent_picture = true
"#,
            application_url = self.application_url,
            console = self.console,
            console_port = self.console.port(),
            store = store.display(),
            integration_id = org.integration_id,
            genesys_url = self.genesys_url,
        );
        // What it warns of is of no concern to a run that keeps nothing.
        let (configuration, _) =
            Configuration::parse(&text, &|name: &str| self.secrets.named(name))?;
        Ok(configuration)
    }

    /// The console.
    pub(crate) fn console(&self) -> Result<Console, DemoFailure> {
        let control = Control::new(self.genesys_url.clone(), self.secrets.control.clone())?;
        let demonstration = Demonstration {
            chat_url: self.chat_url.clone(),
            connector_token: self.secrets.connector_token.clone(),
            host: HOST.to_owned(),
            tenant: TENANT.to_owned(),
            edge: self.edge,
            webhook_url: self.webhook_url(),
            webhook_secret: self.secrets.webhook.clone(),
        };
        Ok(Console::new(demonstration, control, self.console_token()))
    }

    fn console_token(&self) -> Token {
        Token::new(self.secrets.console.clone())
    }

    fn webhook_url(&self) -> String {
        format!("{}/webhooks/genesys/{TENANT}/events", self.edge_url)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use baton_sidecar::{Host, Random};

    use super::*;

    fn place(console: SocketAddr) -> Place {
        Place {
            console,
            chat_url: "http://127.0.0.1:8080".to_owned(),
            application_url: "http://127.0.0.1:8082".to_owned(),
            genesys_url: "http://127.0.0.1:8090".to_owned(),
            edge_url: "http://127.0.0.1:8083".to_owned(),
            edge: EdgeKind::InProcess,
            secrets: Secrets::new(&Random::system()).unwrap(),
        }
    }

    fn configuration(place: &Place) -> Configuration {
        place.sidecar(Path::new("/tmp/baton.db"), &place.org()).unwrap()
    }

    #[test]
    fn the_sidecar_takes_its_configuration_and_serves_the_tenant_of_the_webhooks() {
        let place = place(SocketAddr::from((Ipv4Addr::LOCALHOST, 8070)));
        assert_eq!(configuration(&place).tenants[0].key.to_string(), TENANT);
        assert!(place.console_url().starts_with("http://127.0.0.1:8070/#token="));
    }

    #[test]
    fn the_consoles_own_page_may_chat_and_frame_wherever_it_listens() {
        for (address, framing) in [
            (SocketAddr::from((Ipv4Addr::LOCALHOST, 8070)), "http://127.0.0.1:8070"),
            (SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), 8070)), "http://127.0.0.2:8070"),
            (SocketAddr::from((Ipv6Addr::LOCALHOST, 8070)), "http://127.0.0.1:8070"),
        ] {
            let configuration = configuration(&place(address));
            let origin = Host::parse(&format!("http://{address}")).unwrap();
            let hosts = &configuration.tenants[0].hosts;
            assert!(hosts.iter().any(|host| origin.is_within(host)), "{address}");
            let ancestors = configuration.frame_ancestors();
            let ancestors: Vec<String> = ancestors.iter().map(ToString::to_string).collect();
            assert_eq!(ancestors, ["http://localhost:8070", framing]);
        }
    }
}
