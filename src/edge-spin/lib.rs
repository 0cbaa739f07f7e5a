//! The Spin component: a thin adapter over `baton-core`.
//!
//! It gives Spin's calls to the core's exchange, and decides nothing. `settings` reads the
//! variables, `seal` keeps secrets from whoever can read Spin's key-value store, `store` says when
//! that fails. Two versions of
//! Spin's interfaces are in use, each with an entry of its own: `wasi_0_2` for every Spin from 2.0
//! on, in which each request has an instance of its own, and `wasi_0_3` for Spin 4.1 and later,
//! which uses an instance again. What such an instance keeps is its settings and the pace at which
//! it looks up tenants of which nothing is known, and nothing else.

// Each version's entry macro looks for its crate under this name.
#[cfg(feature = "wasi-0-2")]
extern crate spin_sdk_5 as spin_sdk;
#[cfg(all(feature = "wasi-0-3", not(feature = "wasi-0-2")))]
extern crate spin_sdk_7 as spin_sdk;

mod seal;
mod settings;
mod store;
mod time;
#[cfg(feature = "wasi-0-2")]
mod wasi_0_2;
#[cfg(feature = "wasi-0-3")]
mod wasi_0_3;

#[cfg(not(any(feature = "wasi-0-2", feature = "wasi-0-3")))]
compile_error!("choose the feature wasi-0-2 or wasi-0-3: `make components` builds both");
