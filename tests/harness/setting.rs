//! How a world is set up: the tenants of the sidecar, and how fast time goes by.

use std::{net::SocketAddr, path::Path};

use baton_sidecar::Configuration;
use baton_simulator::OauthClient;

use crate::sidecar::{HOST, INTEGRATION, SANDBOX_INTEGRATION, SIDECAR_ENVIRONMENT};

/// The lines by which the first message begins a handoff, with which the agent gets nothing else to
/// read.
pub const FIRST_MESSAGE: &str =
    "start = 'first_message'\njoined_note = ''\ntranscript_messages = 0";

/// What other programs show to borrow a token of the tenant `acme/support/live`.
pub const TOKEN_CREDENTIAL: &str = "the-token-credential-of-acme-support-live";

/// The same of the tenant `acme/support/sandbox`.
pub const SANDBOX_TOKEN_CREDENTIAL: &str = "the-token-credential-of-acme-support-sandbox";

/// What other programs show to begin handoffs of the tenant `acme/support/live`.
pub const HANDOFF_CREDENTIAL: &str = "the-handoff-credential-of-acme-support-live";

/// The same of the tenant `acme/support/sandbox`.
pub const SANDBOX_HANDOFF_CREDENTIAL: &str = "the-handoff-credential-of-acme-support-sandbox";

/// What applications of the tenant `acme/support/live` show.
pub const APPLICATION_KEY: &str = "the-application-key-of-acme-support-live";

/// The same of the tenant `acme/support/sandbox`.
pub const SANDBOX_APPLICATION_KEY: &str = "the-application-key-of-acme-support-sandbox";

/// What signs the webhooks to applications.
pub const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What part of its real length each duration at Genesys has here.
pub const TIME_SCALE: f64 = 0.05;

/// How a world differs from the usual one.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Lines of the tenants' `handoff` section.
    pub handoff: String,
    /// Lines before all sections.
    pub head: String,
    /// Further sections of the first tenant, such as `[tenants.bot]`.
    pub sections: String,
    /// The line that names the tenant's integration.
    pub integration: String,
    /// Where the sidecar looks for the tenant's Genesys, if not where it is.
    pub address: Option<SocketAddr>,
    /// What the sidecar shows Genesys for the tenant.
    pub client: OauthClient,
    /// The same for a second tenant, `acme/support/sandbox`, if there is one.
    pub sandbox: Option<OauthClient>,
    /// Of how many channels the OAuth client may make use.
    pub channels: u32,
    /// What part of its real length each duration has.
    pub time_scale: f64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            handoff: FIRST_MESSAGE.to_owned(),
            head: String::new(),
            sections: String::new(),
            integration: format!("integration_id = '{INTEGRATION}'"),
            address: None,
            client: OauthClient::default(),
            sandbox: None,
            channels: 20,
            time_scale: TIME_SCALE,
        }
    }
}

impl Setting {
    /// The sidecar's configuration, with this store and this Genesys.
    pub fn configuration(&self, store: &Path, genesys: SocketAddr) -> Configuration {
        let Self { integration, address, channels, client, sandbox, .. } = self;
        let mut text = format!(
            "{}\nstore.path = '{}'\ngenesys.channels_per_client = {channels}\n{}",
            self.head,
            store.display(),
            self.tenant(address.unwrap_or(genesys), "live", integration, &client.id, ""),
        );
        if let Some(client) = sandbox {
            let integration = format!("integration_id = '{SANDBOX_INTEGRATION}'");
            text += &self.tenant(genesys, "sandbox", &integration, &client.id, "SANDBOX_");
        }
        let sandbox_secret = sandbox.as_ref().map_or("", |client| &client.secret);
        let environment = |name: &str| {
            let own = [
                ("GENESYS_SECRET", &*client.secret),
                ("SANDBOX_GENESYS_SECRET", sandbox_secret),
                ("TOKEN_CREDENTIAL", TOKEN_CREDENTIAL),
                ("SANDBOX_TOKEN_CREDENTIAL", SANDBOX_TOKEN_CREDENTIAL),
                ("HANDOFF_CREDENTIAL", HANDOFF_CREDENTIAL),
                ("APPLICATION_KEY", APPLICATION_KEY),
                ("SANDBOX_APPLICATION_KEY", SANDBOX_APPLICATION_KEY),
                ("WEBHOOK_SECRET", WEBHOOK_SECRET),
                ("SANDBOX_HANDOFF_CREDENTIAL", SANDBOX_HANDOFF_CREDENTIAL),
            ];
            let mut known = own.into_iter().chain(SIDECAR_ENVIRONMENT);
            known.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        Configuration::parse(&text, &environment).expect("it is valid").0
    }

    /// A tenant's section. Its secrets are in variables that begin with the prefix.
    fn tenant(
        &self,
        genesys: SocketAddr,
        client_env: &str,
        integration: &str,
        client_id: &str,
        prefix: &str,
    ) -> String {
        format!(
            r#"
[[tenants]]
account_id = "acme"
project_id = "support"
client_env = "{client_env}"
{integration}
connector_tokens = [{{ env = "{prefix}CONNECTOR_TOKEN" }}]
api_keys = [{{ env = "{prefix}APPLICATION_KEY" }}]
hosts = ["{HOST}"]
[tenants.genesys]
base_url = "http://{genesys}"
client_id = "{client_id}"
client_secret = {{ env = "{prefix}GENESYS_SECRET" }}
token_credentials = [{{ env = "{prefix}TOKEN_CREDENTIAL" }}]
handoff_credentials = [{{ env = "{prefix}HANDOFF_CREDENTIAL" }}]
[tenants.genesys.handoff]
{}
{}
"#,
            self.handoff, self.sections,
        )
    }
}
