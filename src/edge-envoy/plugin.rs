//! What all streams of a worker share.

use std::cell::RefCell;

use baton_core::{
    configuration::{Configuration, Duplicates, LookUp, UnlistedTenants},
    gate::Gate,
    id::Id,
    recent_deliveries::RecentDeliveries,
    tenant::TenantKey,
};
use proxy_wasm::types::LogLevel;

use crate::{
    counters::Counters,
    host,
    look_ups::{Finding, Kept, LookUps, Told},
    request::Waiting,
};

/// The gate at work, what it looks up, and what it counts.
pub(crate) struct Plugin {
    pub(crate) gate: Gate,
    pub(crate) counters: Counters,
    /// Only where tenants are looked up.
    look_ups: Option<RefCell<LookUps>>,
    /// Only where duplicates are answered.
    recent: Option<RefCell<RecentDeliveries>>,
}

impl Plugin {
    /// Reads the configuration, or says what is wrong with it [configuration].
    pub(crate) fn load(document: &[u8]) -> Result<Self, String> {
        let environment = |name: &str| std::env::var(name).ok();
        let configuration =
            Configuration::parse(document, &environment).map_err(|error| error.to_string())?;
        let look_ups = look_ups(&configuration)?;
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
        let answers_duplicates = configuration.envoy.duplicates == Duplicates::Answer;
        Ok(Self {
            gate: Gate::new(configuration),
            counters: Counters::define(),
            look_ups,
            recent: answers_duplicates.then(RefCell::default),
        })
    }

    /// Whether the upstream has stored this delivery a moment ago [any].
    pub(crate) fn is_stored(&self, id: &Id) -> bool {
        self.recent.as_ref().is_some_and(|recent| recent.borrow().holds(id, host::now()))
    }

    /// The upstream has stored this delivery [any].
    pub(crate) fn stored(&self, id: Id) {
        if let Some(recent) = &self.recent {
            recent.borrow_mut().remember(id, host::now());
        }
    }

    /// A tenant that is not listed [request headers].
    pub(crate) fn find(&self, key: TenantKey<'static>, waiting: Waiting) -> Finding {
        let Some(look_ups) = &self.look_ups else { return Finding::Nothing };
        look_ups.borrow_mut().find(key, self.look_up(), &self.counters, waiting)
    }

    /// The same tenant, because a proof did not match what was known [request body and trailers].
    pub(crate) fn find_again(&self, kept: &Kept, waiting: Waiting) -> Finding {
        let Some(look_ups) = &self.look_ups else { return Finding::Nothing };
        look_ups.borrow_mut().find_again(kept, self.look_up(), &self.counters, waiting)
    }

    /// Sends the look-ups that are to be sent [tick of the root context].
    pub(crate) fn send_look_ups(&self) {
        let Some(look_ups) = &self.look_ups else { return };
        let failed = look_ups.borrow_mut().send(self.look_up(), &self.counters);
        failed.into_iter().for_each(|told| self.tell(told));
    }

    /// Takes the answer to a look-up [answer to a look-up].
    pub(crate) fn look_up_answered(&self, call: u32, body_length: usize) {
        let Some(look_ups) = &self.look_ups else { return };
        let told = look_ups.borrow_mut().answered(call, body_length, &self.counters);
        told.into_iter().for_each(|told| self.tell(told));
    }

    fn tell(&self, told: Told) {
        for waiting in told.waiting {
            waiting.tell(self, told.tenant.clone());
        }
    }

    const fn look_up(&self) -> &LookUp {
        &self.gate.configuration().look_up
    }
}

/// What looks tenants up, if the configuration says so.
fn look_ups(configuration: &Configuration) -> Result<Option<RefCell<LookUps>>, String> {
    match (configuration.unlisted_tenants, &configuration.envoy.look_up_cluster) {
        (UnlistedTenants::Refuse, _) => Ok(None),
        (UnlistedTenants::LookUp, Some(cluster)) => {
            let look_ups = LookUps::at(cluster.clone(), &configuration.look_up.authorization);
            Ok(Some(RefCell::new(look_ups)))
        }
        (UnlistedTenants::LookUp, None) => Err("edge configuration: envoy.look_up_cluster: it is \
             missing, and unlisted_tenants is \"look_up\": name the cluster of the sidecar's \
             internal listener"
            .into()),
    }
}

/// Writes a line into the host's log.
pub(crate) fn log(level: LogLevel, message: &str) {
    host::log(level, &format!("baton: {message}"));
}
