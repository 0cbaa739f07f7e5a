//! The log of everything, read while it is written.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use baton_tests::{
    API_KEY, CREDENTIAL, SECRET,
    sidecar::{ADMIN_CREDENTIAL, CONNECTOR_TOKEN},
    world::TOKEN_CREDENTIAL,
};
use tracing_subscriber::filter::LevelFilter;

/// In every text that somebody says.
pub(crate) const SAID: &str = "hunter2";

/// What nobody may find in a log. Every access token of a client begins like the last.
const SECRETS: [&str; 9] = [
    SAID,
    SECRET,
    API_KEY,
    CREDENTIAL,
    ADMIN_CREDENTIAL,
    CONNECTOR_TOKEN,
    TOKEN_CREDENTIAL,
    baton_simulator::DEFAULT_CLIENT_SECRET,
    "eyJhbGciOi",
];

/// The lines of a log that show a secret. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leaks(Arc<Mutex<Vec<String>>>);

impl Leaks {
    /// Reads what every part of this process logs from now on.
    pub(crate) fn watch() -> Self {
        let leaks = Self::default();
        let writer = leaks.clone();
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        leaks
    }

    /// Those that there are.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Write for Leaks {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if SECRETS.iter().any(|secret| text.contains(secret)) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.into_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
