//! The file with the sidecar's configuration.

use std::fs;

use baton_sidecar::{
    Configuration, ConfigurationProblem, ConfigurationSource, ProcessSurroundings,
};
use clap::Args;

use crate::failure::Failure;

/// Which file it is.
#[derive(Args)]
pub(crate) struct ConfigurationFile {
    /// The configuration, in TOML
    #[arg(long = "config", value_name = "FILE", default_value = "baton.toml")]
    path: String,
}

impl ConfigurationFile {
    /// What it says, with what the environment overrides, and what there is to warn of.
    pub(crate) fn read(&self) -> Result<(Configuration, Vec<ConfigurationProblem>), Failure> {
        let source = self.source()?;
        source.read().map_err(|source| self.is_wrong(source))
    }

    /// The file itself, to be read together with the tenants in the store.
    pub(crate) fn source(&self) -> Result<ConfigurationSource, Failure> {
        let path = &self.path;
        let text = fs::read_to_string(path).map_err(|source| Failure::ReadConfiguration {
            path: path.clone(),
            hint: ", or make one: baton config default > baton.toml",
            source,
        })?;
        Ok(ConfigurationSource::new(text, ProcessSurroundings))
    }

    /// The failure of a configuration that the file makes, alone or with the tenants in the store.
    pub(crate) fn is_wrong(&self, source: ConfigurationProblem) -> Failure {
        Failure::SidecarConfiguration { path: self.path.clone(), source }
    }
}
