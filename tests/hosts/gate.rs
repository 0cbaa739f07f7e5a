//! The gate as a component, in the hands of a program that embeds it.

use std::sync::{Arc, Mutex, atomic::Ordering};

use wasmtime::{Store, StoreLimits, component::ResourceAny};

use crate::{
    component::{self, ENGINE},
    served::Counts,
    surroundings::Surroundings,
};

/// What the interface's definition is made into.
#[allow(missing_docs, unused_qualifications, reason = "made from the definition")]
pub(crate) mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "embedded" });
}

use bindings::{
    Embedded,
    exports::baton::edge::gate::{Answer, Head, Refusal, RequestHead, Variable, Verdict},
};

/// The gate: one instance, which serves one request after the other, until it traps.
pub(crate) struct Gate {
    surroundings: Surroundings,
    counts: Arc<Counts>,
    instance: Mutex<Option<Instance>>,
}

/// Why the gate says nothing of a request.
pub(crate) enum Trouble {
    /// It trapped.
    Trapped,
    /// Its configuration is wrong: the caller gets this.
    Misconfigured(Refusal),
}

struct Instance {
    store: Store<StoreLimits>,
    exports: Embedded,
    gate: ResourceAny,
}

impl From<wasmtime::Error> for Trouble {
    fn from(_: wasmtime::Error) -> Self {
        Self::Trapped
    }
}

impl Gate {
    pub(crate) fn new(surroundings: &Surroundings, counts: &Arc<Counts>) -> Self {
        Self {
            surroundings: surroundings.clone(),
            counts: Arc::clone(counts),
            instance: Mutex::default(),
        }
    }

    /// What the head of a request comes to.
    pub(crate) fn begin(&self, head: &RequestHead) -> Result<Head, Trouble> {
        self.with_instance(|Instance { store, exports, gate }| {
            exports.baton_edge_gate().gate().call_begin(store, *gate, head)
        })
    }

    /// What a whole request comes to.
    pub(crate) fn judge(
        &self,
        head: &RequestHead,
        body: &[u8],
        tenant: Option<&Answer>,
    ) -> Result<Verdict, Trouble> {
        self.with_instance(|Instance { store, exports, gate }| {
            exports.baton_edge_gate().gate().call_judge(store, *gate, head, body, tenant)
        })
    }

    /// What the caller gets instead of the upstream's answer of this status.
    pub(crate) fn answered(&self, status: u16) -> Result<Option<Refusal>, Trouble> {
        self.with_instance(|Instance { store, exports, .. }| {
            exports.baton_edge_gate().call_answered(store, status)
        })
    }

    /// Uses the instance, or makes one. One that trapped is of no more use.
    fn with_instance<T>(
        &self,
        call: impl FnOnce(&mut Instance) -> wasmtime::Result<T>,
    ) -> Result<T, Trouble> {
        let mut kept = self.instance.lock().expect("no test panicked in here");
        let mut instance = match kept.take() {
            Some(instance) => instance,
            None => self.instantiate()?,
        };
        let called = call(&mut instance);
        match called {
            Ok(_) => *kept = Some(instance),
            Err(_) => {
                self.counts.traps.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(called?)
    }

    fn instantiate(&self) -> Result<Instance, Trouble> {
        let mut store = Store::new(&ENGINE, self.surroundings.limits());
        store.limiter(|limits| limits);
        let exports = component::embedded().instantiate(&mut store)?;
        self.counts.instances.fetch_add(1, Ordering::Relaxed);
        let interface = exports.baton_edge_gate();
        let variable = |(name, value)| Variable { name, value };
        let secrets: Vec<_> = self.surroundings.environment().into_iter().map(variable).collect();
        let document = self.surroundings.variable("edge_configuration").unwrap_or_default();
        match interface.gate().call_configure(&mut store, &document, &secrets)? {
            Ok(gate) => Ok(Instance { store, exports, gate }),
            Err(problem) => {
                self.surroundings.write_log(&format!("baton: {problem}\n"));
                let refusal = interface.call_answered(&mut store, 0)?;
                Err(refusal.map_or(Trouble::Trapped, Trouble::Misconfigured))
            }
        }
    }
}
