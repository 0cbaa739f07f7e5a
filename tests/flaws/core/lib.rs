//! The core of a flawed edge, which stands in the place of `baton-core` when the filter is built
//! for the tests that have to notice the flaw.
//!
//! It is `baton-core` but for two types that are wrapped: the configuration and the gate. Which
//! flaw they have says the variable `BATON_FLAW` when the filter is loaded; without it there is
//! none.

pub mod configuration;
mod flaw;
pub mod gate;
mod rewriting;

pub use baton_core::*;
