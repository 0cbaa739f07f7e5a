//! What a process lends to its parts: the time, chance, and the news that it is to stop; and how it
//! keeps its memory to itself.
//!
//! What it lends is passed in, so that a test decides what time it is and what falls.

mod clock;
mod private_memory;
mod random;
mod shutdown;

pub use clock::Clock;
pub use private_memory::keep_memory_private;
pub use random::{Random, RandomError};
pub use shutdown::{Shutdown, ShutdownTrigger, shutdown};
