//! What the operator sets: Spin variables.

use std::{collections::BTreeMap, fmt};

use baton_core::{configuration::Configuration, exchange::UpstreamAddress, gate::Gate};

use crate::seal::Seal;

/// The variable that holds the edge's configuration, the same document as on every host.
pub(crate) const CONFIGURATION: &str = "edge_configuration";

/// The variable that holds where deliveries go: scheme and host, such as
/// `http://127.0.0.1:8081`. The path is in the configuration.
pub(crate) const UPSTREAM: &str = "upstream";

/// The secret variable under which what was looked up is sealed.
pub(crate) const STORE_SECRET: &str = "store_secret";

/// The fewest characters of that secret.
const SHORTEST_STORE_SECRET: usize = 32;

/// What a component works with.
pub(crate) struct Settings {
    pub(crate) gate: Gate,
    pub(crate) upstream: UpstreamAddress,
    /// Absent where nothing is kept.
    pub(crate) seal: Option<Seal>,
}

/// Why a component takes no requests: one line for its log.
#[derive(Debug)]
pub(crate) struct SettingsProblem(String);

impl fmt::Display for SettingsProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "baton: {}", self.0)
    }
}

impl Settings {
    /// The variables that these settings are read from: those above, and one for each
    /// `{"env": "NAME"}` in the document, by its name in lower case, as Spin wants names.
    pub(crate) fn variables(document: &str) -> Vec<String> {
        let secrets = Configuration::secrets(document.as_bytes());
        let own = [UPSTREAM, STORE_SECRET].map(str::to_owned);
        own.into_iter().chain(secrets.into_iter().map(|name| name.to_lowercase())).collect()
    }

    /// The settings of this document and these variables.
    pub(crate) fn read(
        document: &str,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, SettingsProblem> {
        let environment = |name: &str| variables.get(&name.to_lowercase()).cloned();
        let configuration = Configuration::parse(document.as_bytes(), &environment)
            .map_err(|error| SettingsProblem(error.to_string()))?;
        let upstream = variables.get(UPSTREAM).map_or("", String::as_str);
        let upstream = UpstreamAddress::read(&format!("the variable {UPSTREAM}"), upstream)
            .map_err(|problem| SettingsProblem(problem.to_string()))?;
        let seal = match variables.get(STORE_SECRET).map(String::as_str) {
            None | Some("") => None,
            Some(secret) if secret.chars().count() < SHORTEST_STORE_SECRET => {
                return Err(SettingsProblem(format!(
                    "the variable {STORE_SECRET} has to have {SHORTEST_STORE_SECRET} characters \
                     or more: openssl rand -hex 32"
                )));
            }
            Some(secret) => Some(Seal::new(secret)),
        };
        Ok(Self { gate: Gate::new(configuration), upstream, seal })
    }
}
