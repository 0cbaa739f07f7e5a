//! The components, each compiled once for all tests.

use std::{path::PathBuf, sync::LazyLock};

use wasmtime::{
    Config, Engine,
    component::{Component, Linker},
};
use wasmtime_wasi_http::{
    handler::ProxyPre, p2::bindings::ProxyPre as ProxyPreOf2,
    p3::bindings::ServicePre as ProxyPreOf3,
};

use crate::{gate::bindings::EmbeddedPre, guest::Guest, spin};

/// A component, and how it is hosted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// The Spin component for WASI 0.2: each request has an instance of its own.
    SpinOnWasi02,
    /// The Spin component for WASI 0.3: one instance serves all requests, also at once.
    SpinOnWasi03,
    /// The component that serves HTTP by itself, as `wasmtime serve` runs it: each request has an
    /// instance of its own.
    Proxy,
    /// The gate, embedded in a program that does everything else.
    Embedded,
}

impl Host {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SpinOnWasi02, Self::SpinOnWasi03, Self::Proxy, Self::Embedded];

    /// Those that keep what was looked up.
    pub const KEEPING: [Self; 2] = [Self::SpinOnWasi02, Self::SpinOnWasi03];

    /// Those that run as a component alone, with nothing of their own around it.
    pub const SERVED: [Self; 3] = [Self::SpinOnWasi02, Self::SpinOnWasi03, Self::Proxy];

    /// Compiles the component, unless that is done: it takes seconds, in which nothing else in the
    /// test goes on.
    pub fn prepare(self) {
        self.component();
    }

    fn file(self) -> &'static str {
        match self {
            Self::SpinOnWasi02 => "baton-edge-spin-wasi-0-2.wasm",
            Self::SpinOnWasi03 => "baton-edge-spin-wasi-0-3.wasm",
            Self::Proxy => "baton-edge-proxy.wasm",
            Self::Embedded => "baton-edge-component.wasm",
        }
    }

    /// The compiled component.
    pub(crate) fn component(self) -> &'static Component {
        static COMPILED: [LazyLock<Component>; 4] = [
            LazyLock::new(|| compile(&ENGINE, Host::SpinOnWasi02)),
            LazyLock::new(|| compile(&ENGINE, Host::SpinOnWasi03)),
            LazyLock::new(|| compile(&ENGINE, Host::Proxy)),
            LazyLock::new(|| compile(&ENGINE, Host::Embedded)),
        ];
        &COMPILED[self as usize]
    }
}

/// What all components run in.
pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    Engine::new(&config).expect("an engine")
});

/// Compiles a component for this engine.
pub(crate) fn compile(engine: &Engine, host: Host) -> Component {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/edge");
    Component::from_file(engine, folder.join(host.file())).unwrap_or_else(|error| {
        panic!("{} ({error:#}): `make components` makes it", host.file());
    })
}

/// The names of the interfaces that a component takes from its host.
pub fn imports(host: Host) -> Vec<String> {
    let component = host.component().component_type();
    component.imports(&ENGINE).map(|(name, _)| name.to_owned()).collect()
}

/// A component that serves HTTP, ready to be instantiated.
pub(crate) fn served(host: Host) -> ProxyPre<Guest> {
    let mut linker = Linker::new(&ENGINE);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI 0.2");
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).expect("HTTP of WASI 0.2");
    wasmtime_wasi::p3::add_to_linker(&mut linker).expect("WASI 0.3");
    wasmtime_wasi_http::p3::add_to_linker(&mut linker).expect("HTTP of WASI 0.3");
    spin::add_to_linker(&mut linker).expect("Spin's interfaces");
    let instance = linker.instantiate_pre(host.component()).expect("all that it imports");
    match host {
        Host::SpinOnWasi03 => ProxyPre::P3(ProxyPreOf3::new(instance).expect("a handler")),
        _ => ProxyPre::P2(ProxyPreOf2::new(instance).expect("a handler")),
    }
}

/// The gate, ready to be instantiated in a host that gives it nothing.
pub(crate) fn embedded<T: 'static>() -> EmbeddedPre<T> {
    embedded_of(Host::Embedded.component())
}

/// The same, of a component that was compiled for another engine.
pub(crate) fn embedded_of<T: 'static>(component: &Component) -> EmbeddedPre<T> {
    let linker = Linker::new(component.engine());
    let instance = linker.instantiate_pre(component).expect("it imports nothing");
    EmbeddedPre::new(instance).expect("a gate")
}
