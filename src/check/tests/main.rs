//! `baton check` against the simulator and a sidecar with its edge.

#[cfg(test)]
mod failures;
#[cfg(test)]
mod handoffs;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod well;
#[cfg(test)]
mod world;
