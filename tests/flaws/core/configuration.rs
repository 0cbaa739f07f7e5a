//! The edge's configuration, of which a flaw may see the first secrets only.

pub use baton_core::configuration::*;

use std::ops::Deref;

use baton_core::configuration as right;
use serde_json::Value;

use crate::flaw::Flaw;

/// A configuration as it should be, or without all but the first secret of each tenant.
#[derive(Debug)]
pub struct Configuration(pub(crate) right::Configuration);

impl Configuration {
    /// Reads the document.
    ///
    /// # Errors
    ///
    /// Those of the right one.
    pub fn parse(
        document: &[u8],
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigurationError> {
        let first_only = (Flaw::chosen() == Some(Flaw::FirstSecretOnly))
            .then(|| with_first_secrets(document))
            .flatten();
        let document = first_only.as_deref().unwrap_or(document);
        right::Configuration::parse(document, environment).map(Self)
    }
}

impl Deref for Configuration {
    type Target = right::Configuration;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn with_first_secrets(document: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(document).ok()?;
    for tenant in document.get_mut("tenants")?.as_array_mut()? {
        tenant.get_mut("signature_secrets")?.as_array_mut()?.truncate(1);
    }
    Some(document.to_string().into_bytes())
}
