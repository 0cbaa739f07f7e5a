//! What a process lends to its parts: the time, chance, and the news that it is to stop.
//!
//! All three are passed in, so that a test decides what time it is and what falls.

mod clock;
mod random;
mod shutdown;

pub use clock::Clock;
pub use random::{Random, RandomError};
pub use shutdown::{Shutdown, ShutdownTrigger, shutdown};
