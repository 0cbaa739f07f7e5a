//! The module for Envoy on a host that keeps what Envoy keeps, and grants what Envoy grants:
//! nothing that is not verified goes on, no call is made where it is not granted, nothing traps.

mod any_order;
mod callers;
mod failing_calls;
mod forgetting;
mod play;
mod reload;
mod scenes;

use baton_tests_hosts::proxy_wasm::Hold;

use self::{
    callers::Who,
    play::{Fate, Play, Tenants},
};

/// What every scene has to say in the end.
const WAITING: Fate = Fate { went_up: false, answered: None };

const DELIVERED: Fate = Fate { went_up: true, answered: None };

const fn refused(status: u16) -> Fate {
    Fate { went_up: false, answered: Some(status) }
}

const fn delivered_and_answered(status: u16) -> Fate {
    Fate { went_up: true, answered: Some(status) }
}
