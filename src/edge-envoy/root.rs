//! The plugin: its configuration, and a stream for each request.

use std::rc::Rc;

use baton_core::{
    configuration::{Configuration, UnlistedTenants},
    gate::Gate,
};
use proxy_wasm::{
    hostcalls,
    traits::{Context, HttpContext, RootContext},
    types::{BufferType, ContextType, LogLevel},
};

use crate::{counters::Counters, stream::Stream};

/// The plugin in one worker thread. Without a good configuration it makes streams that refuse
/// everything.
#[derive(Default)]
pub(crate) struct Root {
    plugin: Option<Rc<Plugin>>,
}

/// What all streams of a worker share.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) gate: Gate,
    pub(crate) counters: Counters,
}

impl Root {
    fn load(document: &[u8]) -> Result<Plugin, String> {
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
        Ok(Plugin { gate: Gate::new(configuration), counters: Counters::define() })
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, length: usize) -> bool {
        let document = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, length);
        match Self::load(&document.ok().flatten().unwrap_or_default()) {
            Ok(plugin) => self.plugin = Some(Rc::new(plugin)),
            Err(problem) => {
                self.plugin = None;
                log(LogLevel::Error, &problem);
            }
        }
        self.plugin.is_some()
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.plugin.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

pub(crate) fn log(level: LogLevel, message: &str) {
    // A line that the host does not take is lost; there is nowhere else to say so.
    let _ = hostcalls::log(level, &format!("baton: {message}"));
}
