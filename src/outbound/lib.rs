//! The HTTP client for URLs that a configuration names: bots, applications' webhooks, a collector of
//! traces.
//!
//! A tenant's URL must not lead into the network in which Baton runs: to a metadata service, to a
//! database, to Baton itself. Whether it does is seen three times. An [`OutboundUrl`] is checked
//! when the configuration is read; a host that is an address once more before each request; and
//! a name when it is resolved, where the connection goes to the very addresses that were
//! checked. A name that leads to one reserved address leads nowhere, whatever its others are.
//!
//! [`Reach::PrivateToo`] lifts that, for whoever runs Baton and its bots in one network. In both
//! cases no redirect is followed, no proxy of the environment is used, and an answer is bounded
//! in time and in size.

mod client;
mod error;
mod reserved;
mod resolver;
mod url;

pub use baton_tls::TlsError;

pub use self::{
    client::{Answer, Bounds, GuardedClient},
    error::OutboundError,
    reserved::Reserved,
    url::{OutboundUrl, Reach, UrlProblem},
};
