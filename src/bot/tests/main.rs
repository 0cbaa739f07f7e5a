//! A bot over HTTP, on loopback.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod scripted;
