//! Set-up against the simulated Genesys.

#[cfg(test)]
mod applying;
#[cfg(test)]
mod org;
#[cfg(test)]
mod planning;
#[cfg(test)]
mod terraform;
