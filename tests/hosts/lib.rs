//! The components in a WASI host: a small one on wasmtime, whose every part is in the hands of the
//! test.
//!
//! [`Edge`] is a component that listens, [`Host`] says which and how it is hosted, [`Surroundings`]
//! are its variables, key-value store, clock and log, and [`Sidecar`] is what it delivers to and
//! looks tenants up at. Nothing goes out but to this machine.

// A test stops where something is not as it has to be, and so does what it stands on.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod bare_gate;
mod component;
mod edge;
mod embedded;
mod gate;
mod guest;
mod loopback;
mod metered;
pub mod proxy_wasm;
mod served;
mod spin;
mod surroundings;

pub use bare_gate::{BareGate, BareGates, Judged};
pub use baton_tests_edge::sidecar::{LookUp, Sidecar};
pub use component::{Host, imports};
pub use edge::Edge;
pub use surroundings::{Fault, STORE_SECRET, Surroundings};
