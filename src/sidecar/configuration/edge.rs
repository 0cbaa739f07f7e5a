//! The edge: what one that looks tenants up here is told of them, and the one in this process.

use baton_chat::SecretDigest;
use baton_core::{
    signature::{ADVISED_SECRET, SHORTEST_SECRET},
    translation::BotMessages,
};
use baton_genesys::Secret;
use baton_listener::Listen;

use super::{ConfigurationProblem, listen};
use crate::{secret::Secrets, section::Section};

/// The edge in this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeAccess {
    /// Where it takes webhooks.
    pub listen: Listen,
}

/// By what a tenant's webhooks and events are known.
#[derive(Clone, Debug)]
pub struct TenantEdge {
    /// What Genesys signs webhooks with: one secret, or two while they are changed.
    pub signature_secrets: Vec<Secret>,
    /// What EventBridge and triggers show; none where neither is used.
    pub api_keys: Vec<SecretDigest>,
    /// What becomes of messages that a Genesys flow or bot wrote; `None` is as the edge has it.
    pub bot_messages: Option<BotMessages>,
}

/// Reads `[edge]`.
pub(super) fn read(mut section: Section<'_>) -> Result<EdgeAccess, ConfigurationProblem> {
    let access = EdgeAccess { listen: listen::address(&mut section, "127.0.0.1:8083")? };
    section.finish()?;
    Ok(access)
}

/// Reads `[tenants.edge]`.
pub(super) fn tenant(
    mut section: Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<TenantEdge, ConfigurationProblem> {
    let name = section.name("signature_secrets");
    let signature_secrets = secrets.read_each_itself(&mut section, "signature_secrets")?;
    let characters = signature_secrets.iter().map(|secret| secret.expose().chars().count());
    let shortest = characters.min().unwrap_or_default();
    if shortest < SHORTEST_SECRET {
        let problem = format!(
            "holds a secret of fewer than {SHORTEST_SECRET} characters, which Genesys does not \
             take; take a longer one: openssl rand -hex 32"
        );
        return Err(ConfigurationProblem::new(name, problem));
    }
    if shortest < ADVISED_SECRET {
        let problem = format!(
            "holds a secret of fewer than {ADVISED_SECRET} characters; better take a longer one: \
             openssl rand -hex 32"
        );
        secrets.warnings.push(ConfigurationProblem::new(name, problem));
    }
    let edge = TenantEdge {
        signature_secrets,
        api_keys: secrets.read_optional(&mut section, "api_keys")?,
        bot_messages: section.choice("bot_messages", &BotMessages::WORDS)?,
    };
    section.finish()?;
    Ok(edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Configuration;

    fn parse(edge: &str) -> Result<(Configuration, Vec<ConfigurationProblem>), String> {
        let environment = |name: &str| match name {
            "LONG" | "OLD" => Some(format!("0123456789abcdef0123456789abcdef-{name}")),
            "MIDDLING" => Some("0123456789abcdef".to_owned()),
            "SHORT" => Some("0123456789abcde".to_owned()),
            "BATON_DELIVERY_CREDENTIAL" | "BATON_ADMIN_CREDENTIAL" | "TOKEN" => {
                Some(format!("{name} 0123456789abcdef0123456789abcdef"))
            }
            _ => None,
        };
        let text = format!(
            "[[tenants]]
            account_id = 'acme'
            project_id = 'support'
            client_env = 'live'
            integration_id = 'i1'
            connector_tokens = [{{ env = 'TOKEN' }}]
            hosts = ['www.example.com']
            [tenants.edge]
            {edge}"
        );
        Configuration::parse(&text, &environment).map_err(|problem| problem.to_string())
    }

    #[test]
    fn one_signature_secret_is_known_or_two_while_it_is_changed() {
        for (secrets, expected) in
            [("{ env = 'LONG' }", 1), ("{ env = 'LONG' }, { env = 'OLD' }", 2)]
        {
            let (configuration, warnings) =
                parse(&format!("signature_secrets = [{secrets}]")).unwrap();
            assert_eq!(warnings, []);
            let edge = configuration.tenants[0].edge.as_ref().unwrap();
            assert_eq!(edge.signature_secrets.len(), expected);
        }
    }

    #[test]
    fn a_tenant_may_say_what_becomes_of_bot_messages() {
        let said = |line: &str| {
            let (configuration, _) =
                parse(&format!("signature_secrets = [{{ env = 'LONG' }}]\n{line}"))?;
            Ok::<_, String>(configuration.tenants[0].edge.as_ref().unwrap().bot_messages)
        };
        assert_eq!(said(""), Ok(None));
        assert_eq!(said("bot_messages = 'drop'"), Ok(Some(BotMessages::Drop)));
        assert_eq!(said("bot_messages = 'forward'"), Ok(Some(BotMessages::Forward)));
        let problem = said("bot_messages = 'keep'").unwrap_err();
        assert!(problem.contains("edge.bot_messages has to be one of \"drop\""), "{problem}");
    }

    #[test]
    fn a_signature_secret_that_genesys_would_not_take_is_an_error_and_a_short_one_a_warning() {
        let (_, warnings) = parse("signature_secrets = [{ env = 'MIDDLING' }]").unwrap();
        assert!(warnings[0].to_string().contains("fewer than 32 characters"));
        for (edge, expected) in [
            ("signature_secrets = [{ env = 'SHORT' }]", "fewer than 16 characters"),
            ("signature_secrets = []", "has to hold one or two secrets"),
            ("", "has to hold one or two secrets"),
            ("signature_secrets = ['0123456789abcdef']", "never the secret itself"),
            ("signature_secrets = [{ env = 'UNSET' }]", "needs the environment variable UNSET"),
        ] {
            let problem = parse(edge).unwrap_err();
            assert!(problem.contains("tenants[0].edge.signature_secrets"), "{problem}");
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
