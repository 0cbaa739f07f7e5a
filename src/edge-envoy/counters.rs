//! The filter's counters in Envoy's own statistics, under `wasmcustom.baton.`.

use baton_core::{gate::Forward, refusal::Refusal};
use proxy_wasm::{hostcalls, types::MetricType};

/// The counters, by the ids that the host gave them.
#[derive(Debug)]
pub(crate) struct Counters {
    accepted: u32,
    bytes: u32,
    unhandled: u32,
    look_ups_asked: u32,
    look_ups_failed: u32,
    /// A handful, so that a list is as good as a map.
    refused: Vec<(Refusal, u32)>,
}

impl Counters {
    /// Announces the counters to the host [configuration].
    pub(crate) fn define() -> Self {
        let counter = |name: &str| {
            let name = format!("baton.{name}");
            // A counter that the host does not grant counts nothing: the ids begin with 1.
            hostcalls::define_metric(MetricType::Counter, &name).unwrap_or_default()
        };
        let refused =
            |refusal: Refusal| (refusal, counter(&format!("refused.{}", refusal.label())));
        Self {
            accepted: counter("accepted"),
            bytes: counter("bytes"),
            unhandled: counter("unhandled"),
            look_ups_asked: counter("look_up.asked"),
            look_ups_failed: counter("look_up.failed"),
            refused: Refusal::all().map(refused).collect(),
        }
    }

    /// A webhook of so many bytes goes up as this delivery.
    pub(crate) fn accept(&self, bytes: usize, forward: &Forward) {
        add(self.accepted, 1);
        add(self.bytes, bytes);
        if forward.unhandled > 0 {
            add(self.unhandled, forward.unhandled);
        }
    }

    /// The sidecar is asked for a tenant.
    pub(crate) fn ask(&self) {
        add(self.look_ups_asked, 1);
    }

    /// The sidecar could not be asked for a tenant, or gave no answer that says something of it.
    pub(crate) fn fail_to_ask(&self) {
        add(self.look_ups_failed, 1);
    }

    /// A request is refused.
    pub(crate) fn refuse(&self, refusal: Refusal) {
        if let Some((_, counter)) = self.refused.iter().find(|(counted, _)| *counted == refusal) {
            add(*counter, 1);
        }
    }
}

fn add(counter: u32, amount: usize) {
    // Nothing hangs on a counter that the host lost.
    let _ = hostcalls::increment_metric(counter, i64::try_from(amount).unwrap_or(i64::MAX));
}
