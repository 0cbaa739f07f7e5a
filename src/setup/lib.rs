//! Setting Genesys Cloud up for Baton: what is wanted, what is there, and the steps in between.
//!
//! ```text
//! Wanted ──┐
//!          ├──▶ Plan ──▶ apply ──▶ Outcome of each step
//! Found  ──┘
//! ```
//!
//! [`Found::read`] asks Genesys, [`Plan::new`] is pure, and [`apply`] carries a plan out. A plan
//! that is made again after that has nothing left to do, and one that was carried out by half is
//! completed. What the OAuth client may not do, or nobody can over the Platform API, is a step for
//! a person, with the place in Genesys' admin pages where it is done.

mod apply;
mod checklist;
mod found;
mod plan;
mod terraform;
mod thing;
mod wanted;

pub use apply::{Applied, StepOutcome, apply};
pub use checklist::{Checklist, Item};
pub use found::{Found, Seen};
pub use plan::{Plan, QueueOf, State, Step, Work};
pub use terraform::{TerraformInput, terraform};
pub use thing::Thing;
pub use wanted::{Wanted, WantedSecret};

/// Why Genesys cannot be set up at all. What concerns one step only is told with that step.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SetUpError {
    /// Genesys could not be asked.
    #[error(transparent)]
    Call(#[from] baton_genesys::CallError),
    /// The integration or the queue is not there, or there are several of its name.
    #[error(transparent)]
    LookUp(#[from] baton_genesys::LookUpError),
}
