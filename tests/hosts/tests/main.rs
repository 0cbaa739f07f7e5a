//! The components in a WASI host: the corpus on each of them, and what goes wrong around them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

mod constancy;
mod corpus;
mod envoy_module;
mod forged;
mod imports;
mod look_up;
mod manifest;
mod memory;
mod parts;
mod reuse;
mod settings;
mod upstream;
mod webhook;
