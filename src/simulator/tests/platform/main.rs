//! What stands around the org: OAuth, REST, notification channels, event posts and faults, over
//! real HTTP and WebSockets on loopback.

#[cfg(test)]
mod caller;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod event_posts;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "../receiver/mod.rs"]
mod receiver;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod set_up;
