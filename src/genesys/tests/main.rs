//! The client against a scripted Genesys on loopback.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod channels_client;
#[cfg(test)]
mod channels_server;
#[cfg(test)]
mod channels_simulator;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod look_ups;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod turns;
