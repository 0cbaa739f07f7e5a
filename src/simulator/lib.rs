//! A Genesys Cloud for people without an org, for Open Messaging.
//!
//! [`serve`] runs one listener that plays all of Genesys' hosts: OAuth, the Platform API, the
//! sockets of notification channels; and a control API. Whoever calls that says what the people
//! in the [`org`] do and what goes wrong. What happens in the org goes out as signed webhooks by
//! Genesys' own retry rules ([`delivery`]), to the notification sockets, and to `EventBridge` and
//! trigger targets, always from one and the same event. Single webhooks of every [`webhook`]
//! shape, with a right [`signature`] or a wrong one, can be sent without an org too.
//!
//! Whoever runs it in the same process can listen to what truly happens ([`feed`]).
//!
//! Genesys' limits hold, and every duration follows one time scale. Faults that a real org cannot
//! produce at will are a plan away: see the README of the package.
//!
//! Of the other packages of this workspace it uses the settings of a TLS client and nothing else, so
//! that the simulator and the product can never agree on the same mistake about Genesys.

mod channels;
mod configuration;
mod control;
mod control_access;
mod departure;
mod emissions;
mod event_posts;
mod event_shapes;
mod fault_control;
mod faults;
mod http_client;
mod locked;
mod oauth;
mod org_control;
mod pace;
mod pictures;
mod platform;
mod request_feed;
mod striking;
mod structured_shapes;
mod text_shapes;
mod webhook_lanes;

pub mod delivery;
pub mod feed;
pub mod org;
pub mod sending;
pub mod signature;
pub mod simulator;
pub mod webhook;

pub use configuration::{
    Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, EventTarget, EventTargetKind,
    OauthClient, PERMISSIONS,
};
pub use simulator::{SimulatorError, serve};
