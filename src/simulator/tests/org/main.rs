//! The org as a pure model: what people do in it, and what it tells the world.

#[cfg(test)]
mod scene;

#[cfg(test)]
mod agents;
#[cfg(test)]
mod autopilot;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod inbound;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod threading;
#[cfg(test)]
mod transfers;
