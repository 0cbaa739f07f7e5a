//! What a process lends to its parts: the time, and how fast it goes by; chance; and the news that it
//! is to stop. And how it keeps its memory to itself, and its log short.
//!
//! What it lends is passed in, so that a test decides what time it is and what falls.

mod clock;
mod private_memory;
mod random;
mod recurrence;
mod scale;
mod shutdown;

pub use clock::Clock;
pub use private_memory::keep_memory_private;
pub use random::{Random, RandomError};
pub use recurrence::Recurrence;
pub use scale::scaled;
pub use shutdown::{Shutdown, ShutdownTrigger, shutdown};
