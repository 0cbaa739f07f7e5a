//! What belongs to one instance of a component.

use wasmtime::{ResourceLimiter, StoreLimits, component::ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{loopback::Loopback, surroundings::Surroundings};

/// The host's side of one instance.
pub(crate) struct Guest {
    surroundings: Surroundings,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    loopback: Loopback,
    table: ResourceTable,
    limits: StoreLimits,
}

impl Guest {
    /// The host's side of an instance in these surroundings, with these variables as its
    /// environment.
    pub(crate) fn new(surroundings: &Surroundings, environment: &[(String, String)]) -> Self {
        let wasi = WasiCtx::builder()
            .wall_clock(surroundings.clone())
            .stderr(surroundings.log_pipe())
            .envs(environment)
            .build();
        Self {
            surroundings: surroundings.clone(),
            wasi,
            http: WasiHttpCtx::new(),
            loopback: Loopback,
            table: ResourceTable::new(),
            limits: surroundings.limits(),
        }
    }

    /// What surrounds it.
    pub(crate) fn surroundings(&mut self) -> &mut Surroundings {
        &mut self.surroundings
    }

    /// What it may have at most.
    pub(crate) fn limits(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limits
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.loopback, table: &mut self.table, ctx: &mut self.http }
    }
}
