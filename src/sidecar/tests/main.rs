//! The sidecar over real sockets: chat clients on one side, the edge on the other.

#[cfg(test)]
mod backup;
#[cfg(test)]
mod client_events;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod internal;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod log;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod secret_rotation;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod stored_tenants;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod typing;
