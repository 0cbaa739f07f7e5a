//! What all streams of a worker share.

use baton_core::{
    configuration::{Configuration, UnlistedTenants},
    gate::Gate,
};
use proxy_wasm::{hostcalls, types::LogLevel};

use crate::counters::Counters;

/// The gate at work, and what it counts.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) gate: Gate,
    pub(crate) counters: Counters,
}

impl Plugin {
    /// Reads the configuration, or says what is wrong with it [configuration].
    pub(crate) fn load(document: &[u8]) -> Result<Self, String> {
        let environment = |name: &str| std::env::var(name).ok();
        let configuration =
            Configuration::parse(document, &environment).map_err(|error| error.to_string())?;
        if configuration.unlisted_tenants == UnlistedTenants::LookUp {
            return Err(
                "edge configuration: unlisted_tenants: this filter looks no tenant up yet: \
                        list the tenants and set it to \"refuse\""
                    .into(),
            );
        }
        for warning in &configuration.warnings {
            log(LogLevel::Warn, warning);
        }
        log(
            LogLevel::Info,
            &format!(
                "edge {} with {} tenants",
                env!("CARGO_PKG_VERSION"),
                configuration.tenants.len()
            ),
        );
        Ok(Self { gate: Gate::new(configuration), counters: Counters::define() })
    }
}

/// Writes a line into the host's log.
pub(crate) fn log(level: LogLevel, message: &str) {
    // A line that the host does not take is lost; there is nowhere else to say so.
    let _ = hostcalls::log(level, &format!("baton: {message}"));
}
