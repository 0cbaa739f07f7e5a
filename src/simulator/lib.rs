//! A Genesys Cloud for people without an org: it sends the webhooks of Open Messaging.
//!
//! [`serve`] runs a small HTTP control API. Whoever calls it says which [`webhook`] shape to
//! send and to whom; the simulator builds the JSON as Genesys writes it, puts Genesys'
//! [`signature`] on it, and makes the [`delivery`] by Genesys' own retry rules. Faults that a
//! real org cannot produce at will (a forged signature, a webhook sent twice at once, raw
//! bytes) are one field away.
//!
//! The package uses none of the other packages of this workspace, so that the simulator and
//! the product can never agree on the same mistake.

mod configuration;
mod control;
mod event_shapes;
mod structured_shapes;
mod text_shapes;

pub mod delivery;
pub mod sending;
pub mod signature;
pub mod simulator;
pub mod webhook;

pub use configuration::Configuration;
pub use simulator::{SimulatorError, serve};
