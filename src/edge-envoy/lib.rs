//! The Envoy filter: a thin proxy-wasm adapter over `baton-core`.
//!
//! It turns Envoy's callbacks into the two steps of the gate and the gate's answers into calls to
//! the host; it decides nothing. `root` is the filter in a worker, `plugin` what its streams share,
//! `stream` and `request` one request, `look_ups` and `known` the tenants that are looked up, `host`
//! and `abi` the calls to the host, `headers` the form in which headers cross, `counters` the
//! statistics.

mod abi;
mod counters;
mod headers;
mod host;
mod known;
mod look_ups;
mod plugin;
mod request;
mod root;
mod stream;

pub use self::entry::_initialize;

/// The module's entry, in the shape that the host's ABI forces.
#[allow(unsafe_code, missing_docs, reason = "the host calls this function by its C name")]
mod entry {
    use crate::root::Root;
    use proxy_wasm::types::LogLevel;

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Info);
        proxy_wasm::set_root_context(|_| Box::new(Root::default()));
    }}
}
