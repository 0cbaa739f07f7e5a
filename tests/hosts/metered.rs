//! Modules whose instructions are counted.

use std::sync::LazyLock;

use wasmtime::{Config, Engine, Store};

/// What counts the instructions of whatever runs in it.
pub(crate) static METERED: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config.consume_fuel(true);
    Engine::new(&config).expect("an engine")
});

/// More instructions than any request takes. What takes more does not come to its end.
pub(crate) const PLENTY: u64 = 4_000_000_000;

/// How many instructions were counted since the store was given [`PLENTY`].
pub(crate) fn spent<T>(store: &Store<T>) -> u64 {
    PLENTY - store.get_fuel().expect("fuel is counted")
}
