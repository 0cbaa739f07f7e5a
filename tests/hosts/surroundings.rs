//! What surrounds a component: variables, a key-value store, a clock and a log, all in the hands
//! of the test.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use baton_tests_edge::ENVIRONMENT;
use bytes::Bytes;
use wasmtime::{StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{
    HostWallClock,
    p2::{OutputStream as _, pipe::MemoryOutputPipe},
};

/// The secret under which Spin's components seal what they keep.
pub const STORE_SECRET: &str = "a store secret of more than thirty-two characters";

/// What surrounds the instances of one component. A clone is the same surroundings.
#[derive(Clone)]
pub struct Surroundings {
    variables: Arc<Mutex<BTreeMap<String, String>>>,
    kept: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    fault: Arc<Mutex<Option<Fault>>>,
    milliseconds_ahead: Arc<AtomicU64>,
    stopped_at: Arc<Mutex<Option<Duration>>>,
    log: MemoryOutputPipe,
    most_memory: Option<usize>,
}

/// What the key-value store does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not opened.
    Open,
    /// It is not read.
    Read,
    /// It is not written.
    Write,
}

impl Surroundings {
    /// The surroundings of an edge with this configuration, the secrets of the corpus, and this
    /// upstream.
    pub fn new(configuration: &str, upstream: SocketAddr) -> Self {
        let own = [
            ("edge_configuration", configuration.to_owned()),
            ("upstream", format!("http://{upstream}")),
            ("store_secret", STORE_SECRET.to_owned()),
        ];
        let secrets = ENVIRONMENT.map(|name| {
            (name.to_lowercase(), baton_tests_edge::environment(name).expect("a secret"))
        });
        let variables = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self {
            variables: Arc::new(Mutex::new(variables.chain(secrets).collect())),
            kept: Arc::default(),
            fault: Arc::default(),
            milliseconds_ahead: Arc::default(),
            stopped_at: Arc::default(),
            log: MemoryOutputPipe::new(1 << 20),
            most_memory: None,
        }
    }

    /// The same, but with no more linear memory for an instance than so many bytes.
    #[must_use]
    pub fn with_most_memory(self, bytes: usize) -> Self {
        Self { most_memory: Some(bytes), ..self }
    }

    /// Gives a variable another value. Names are those of the Spin components.
    pub fn set_variable(&self, name: &str, value: &str) {
        lock(&self.variables).insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable away.
    pub fn remove_variable(&self, name: &str) {
        lock(&self.variables).remove(name);
    }

    /// A variable's value.
    pub fn variable(&self, name: &str) -> Option<String> {
        lock(&self.variables).get(name).cloned()
    }

    /// All variables by the names that a process' environment has for them.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let named = |(name, value): (&String, &String)| {
            let name = match name.as_str() {
                "edge_configuration" => "BATON_EDGE_CONFIGURATION".to_owned(),
                "upstream" => "BATON_UPSTREAM".to_owned(),
                secret => secret.to_uppercase(),
            };
            (name, value.clone())
        };
        lock(&self.variables).iter().map(named).collect()
    }

    /// All that is in the key-value store.
    pub fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        lock(&self.kept).clone()
    }

    /// Changes what is in the key-value store.
    pub fn change_kept<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
        change(&mut lock(&self.kept))
    }

    /// Lets the key-value store fail from now on.
    pub fn break_store(&self, fault: Fault) {
        *lock(&self.fault) = Some(fault);
    }

    /// How the key-value store fails.
    pub(crate) fn fault(&self) -> Option<Fault> {
        *lock(&self.fault)
    }

    /// Sets the clock on.
    pub fn pass(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).expect("a short time");
        self.milliseconds_ahead.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Stops the clock: from now on only what [`pass`](Self::pass) says passes.
    pub fn stop_clock(&self) {
        *lock(&self.stopped_at) = Some(since_1970());
    }

    /// What was written to the log.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.contents()).into_owned()
    }

    /// Where instances write their log.
    pub(crate) fn log_pipe(&self) -> MemoryOutputPipe {
        self.log.clone()
    }

    /// Writes to the log, for a program that embeds a component.
    pub(crate) fn write_log(&self, line: &str) {
        self.log.clone().write(Bytes::copy_from_slice(line.as_bytes())).expect("a short log");
    }

    /// What an instance may have at most.
    pub(crate) fn limits(&self) -> StoreLimits {
        match self.most_memory {
            Some(bytes) => StoreLimitsBuilder::new().memory_size(bytes).build(),
            None => StoreLimits::default(),
        }
    }
}

impl HostWallClock for Surroundings {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let ahead = Duration::from_millis(self.milliseconds_ahead.load(Ordering::Relaxed));
        lock(&self.stopped_at).unwrap_or_else(since_1970) + ahead
    }
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panicked in here")
}
