//! The tenant's section for the configuration of the sidecar. It holds references to secrets, and
//! no secret.

use std::fmt::Write;

use baton_core::tenant::TenantKey;
use baton_genesys::{IntegrationDetails, IntegrationRef};
use serde_json::{Value, json};

use super::{
    Arguments,
    answers::{Answers, GenesysPlace},
};

/// In which environment variables the sidecar looks for the tenant's secrets.
pub(crate) struct SecretNames {
    pub(crate) signature_secret: String,
    pub(crate) client_secret: String,
    pub(crate) connector_token: String,
}

impl SecretNames {
    /// Those that were given, and for the others names made of the tenant's.
    pub(crate) fn new(arguments: &Arguments, tenant: &TenantKey<'_>) -> Self {
        let of_tenant = |what: &str| {
            let TenantKey { account_id, project_id, client_env } = tenant;
            let name = format!("{account_id}_{project_id}_{client_env}_{what}");
            let name = name.to_ascii_uppercase().replace(['.', '-'], "_");
            // A variable's name begins with a letter.
            if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                name
            } else {
                format!("TENANT_{name}")
            }
        };
        let given_or =
            |given: &Option<String>, what| given.clone().unwrap_or_else(|| of_tenant(what));
        Self {
            signature_secret: given_or(&arguments.webhook_secret_env, "SIGNATURE_SECRET"),
            client_secret: given_or(&arguments.client_secret_env, "GENESYS_SECRET"),
            connector_token: of_tenant("CONNECTOR_TOKEN"),
        }
    }
}

/// How far the set-up of a tenant has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// What Genesys is told is not known yet. The tenant has no host, so that no chat client can
    /// connect: nobody uses it, and it can be begun anew without harm.
    Begun,
    /// It is over.
    Finished,
}

impl Stage {
    /// That of a section as it stands in the store. Who brings sessions of its own takes no host.
    pub(crate) fn of(section: &Value) -> Self {
        let hosts = section.get("hosts").and_then(Value::as_array);
        let is_used =
            hosts.is_none_or(|hosts| !hosts.is_empty()) || section.get("api_keys").is_some();
        if is_used { Self::Finished } else { Self::Begun }
    }
}

/// The integration of a section as it stands in the store.
pub(crate) fn integration_of(section: &Value) -> Option<IntegrationRef> {
    let text = |key| section.get(key).and_then(Value::as_str).map(str::to_owned);
    let by_name = || text("integration_name").map(IntegrationRef::Name);
    text("integration_id").map(IntegrationRef::Id).or_else(by_name)
}

/// What the section is made of.
pub(crate) struct Section<'a> {
    pub(crate) stage: Stage,
    pub(crate) arguments: &'a Arguments,
    pub(crate) answers: &'a Answers,
    pub(crate) names: &'a SecretNames,
    /// The integration, if it is there.
    pub(crate) integration: Option<&'a IntegrationDetails>,
}

impl Section<'_> {
    /// The section, in TOML.
    pub(crate) fn text(&self) -> String {
        let Self { arguments, answers, names, .. } = self;
        let TenantKey { account_id, project_id, client_env } = &answers.tenant;
        let hosts = match (self.stage, arguments.hosts.as_slice()) {
            (Stage::Begun, _) => Vec::new(),
            (Stage::Finished, []) => vec![quoted(&answers.public_host)],
            (Stage::Finished, hosts) => hosts.iter().map(|host| quoted(host)).collect(),
        };
        let (genesys_key, genesys) = match &answers.place {
            GenesysPlace::Region { text, .. } => ("region", text),
            GenesysPlace::At { url, .. } => ("base_url", url),
        };
        let mut text = format!(
            r#"[[tenants]]
account_id = "{account_id}"
project_id = "{project_id}"
client_env = "{client_env}"
{}
connector_tokens = [{}]
hosts = [{}]

[tenants.edge]
signature_secrets = [{}]

[tenants.genesys]
{genesys_key} = {}
"#,
            self.integration(),
            variable(&names.connector_token),
            hosts.join(", "),
            variable(&names.signature_secret),
            quoted(genesys),
        );
        let client_id = answers.client.as_ref().map(|client| client.id.as_str());
        let client_id = quoted(client_id.unwrap_or("the id of the OAuth client"));
        let client_secret = match &arguments.client_secret_file {
            Some(path) if !arguments.store => format!("{{ file = {} }}", quoted(path)),
            _ => variable(&names.client_secret),
        };
        // Writing into a String cannot fail.
        let _ = write!(text, "client_id = {client_id}\nclient_secret = {client_secret}\n");
        if let (Some(bot), Some(agent)) = (&arguments.bot_queue, &arguments.queue) {
            let (bot, agent) = (quoted(bot), quoted(agent));
            let _ = write!(text, "\n[tenants.genesys.queues]\nbot = {bot}\nagent = {agent}\n");
        }
        text
    }

    fn integration(&self) -> String {
        match (self.integration, &self.answers.integration) {
            (Some(found), _) => format!("integration_id = {}", quoted(&found.id)),
            (None, IntegrationRef::Id(id)) => format!("integration_id = {}", quoted(id)),
            (None, IntegrationRef::Name(name)) => format!("integration_name = {}", quoted(name)),
        }
    }
}

/// A text as TOML writes it, of which JSON's way is a part.
fn quoted(text: &str) -> String {
    json!(text.replace('\u{7f}', " ")).to_string()
}

fn variable(name: &str) -> String {
    format!("{{ env = {} }}", quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_in_the_store_has_its_integration_by_id_or_by_name() {
        for (section, integration) in [
            (json!({ "integration_id": "i" }), Some(IntegrationRef::Id("i".to_owned()))),
            (json!({ "integration_name": "n" }), Some(IntegrationRef::Name("n".to_owned()))),
            (json!({}), None),
        ] {
            assert_eq!(integration_of(&section), integration, "{section}");
        }
    }

    #[test]
    fn a_tenant_that_nobody_can_use_was_only_begun() {
        for (section, stage) in [
            (json!({ "hosts": [] }), Stage::Begun),
            (json!({ "hosts": ["www.example.com"] }), Stage::Finished),
            (json!({ "hosts": [], "api_keys": ["since"] }), Stage::Finished),
        ] {
            assert_eq!(Stage::of(&section), stage, "{section}");
        }
    }
}
