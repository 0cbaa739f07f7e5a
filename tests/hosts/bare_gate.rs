//! The gate as a component, with nothing around it but a count of what it takes: instructions and
//! memory.

use std::sync::LazyLock;

use wasmtime::{
    ResourceLimiter, Store,
    component::{Component, ResourceAny},
};

use crate::{
    component::{self, Host},
    gate::bindings::{
        Embedded, EmbeddedPre,
        exports::baton::edge::gate::{Answer, Header, RequestHead, Variable, Verdict},
    },
    metered::{METERED, PLENTY, spent},
};

/// The gate's component, compiled.
pub struct BareGates {
    component: EmbeddedPre<Memory>,
    configuration: String,
    secrets: Vec<Variable>,
}

/// One instance of it, configured.
pub struct BareGate {
    store: Store<Memory>,
    exports: Embedded,
    gate: ResourceAny,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// This delivery goes up.
    Forwarded(Vec<u8>),
    /// It is refused for this reason.
    Refused(String),
    /// It is none of ours.
    NotOurs,
}

/// How much memory an instance has.
#[derive(Default)]
struct Memory {
    bytes: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.bytes += desired - current;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl BareGates {
    /// Compiles the component so that its instructions are counted.
    pub fn metered(configuration: &str, secrets: &[(String, String)]) -> Self {
        static COMPONENT: LazyLock<Component> =
            LazyLock::new(|| component::compile(&METERED, Host::Embedded));
        Self::of(&COMPONENT, configuration, secrets)
    }

    /// Compiles it as a host does that does not count.
    pub fn unmetered(configuration: &str, secrets: &[(String, String)]) -> Self {
        Self::of(Host::Embedded.component(), configuration, secrets)
    }

    fn of(component: &Component, configuration: &str, secrets: &[(String, String)]) -> Self {
        let variable = |(name, value): &(String, String)| Variable {
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            component: component::embedded_of(component),
            configuration: configuration.to_owned(),
            secrets: secrets.iter().map(variable).collect(),
        }
    }

    /// A new instance.
    pub fn instantiate(&self) -> BareGate {
        let mut store = Store::new(self.component.engine(), Memory::default());
        store.limiter(|memory| memory);
        // Where instructions are not counted there is nothing to give.
        let _ = store.set_fuel(PLENTY);
        let exports = self.component.instantiate(&mut store).expect("an instance");
        let gate = exports.baton_edge_gate().gate();
        let gate = gate.call_configure(&mut store, &self.configuration, &self.secrets);
        let gate = gate.expect("no trap").expect("a right configuration");
        BareGate { store, exports, gate }
    }
}

impl BareGate {
    /// Judges a whole `POST`, with what the sidecar said of its tenant, if it was asked.
    pub fn judge(
        &mut self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
        tenant: Option<&str>,
    ) -> Judged {
        let header = |(name, value): &(String, String)| Header {
            name: name.clone(),
            value: value.clone().into_bytes(),
        };
        let head = RequestHead {
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: headers.iter().map(header).collect(),
        };
        let tenant = tenant.map(|body| Answer { status: 200, body: body.into() });
        let gate = self.exports.baton_edge_gate().gate();
        let verdict = gate.call_judge(&mut self.store, self.gate, &head, body, tenant.as_ref());
        match verdict.expect("no trap") {
            Verdict::NotOurs => Judged::NotOurs,
            Verdict::Refuse(refusal) | Verdict::Mismatch(refusal) => {
                Judged::Refused(refusal.reason)
            }
            Verdict::Forward(delivery) => Judged::Forwarded(delivery.body),
        }
    }

    /// How many instructions it has taken, the configuration among them.
    pub fn instructions(&self) -> u64 {
        spent(&self.store)
    }

    /// How many bytes of memory it has.
    pub fn memory(&self) -> usize {
        self.store.data().bytes
    }
}
