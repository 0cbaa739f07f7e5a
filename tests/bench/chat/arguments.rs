//! The command line.

use std::{env, path::PathBuf, time::Duration};

use clap::Args;

use super::Size;

/// The clients send a heartbeat so often, as they are told to (Messaging API, 8).
const HEARTBEAT: Duration = Duration::from_secs(30);

/// What is asked about the sidecar.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The command line tool `baton`, built with optimisations.
    #[arg(long)]
    pub(crate) baton: PathBuf,
    /// A folder on the disk that is meant; the default is that for temporary files. A disk in
    /// memory says nothing.
    #[arg(long, default_value_os_t = env::temp_dir())]
    pub(crate) folder: PathBuf,
    /// How many sockets are open at a time.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
    /// How many deliveries are posted in a second.
    #[arg(long, default_value_t = 3_000)]
    pub(crate) rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 20)]
    pub(crate) seconds: u64,
    /// How many events the session has that is replayed.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) events: usize,
    /// Little of everything, to see that it works. The figures are worth nothing.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Arguments {
    /// How much of everything there is.
    pub(crate) fn size(&self) -> Size {
        if self.quick {
            return Size {
                sockets: 100,
                heartbeat: Duration::from_secs(1),
                recipients: 100,
                rate: 200,
                stream: Duration::from_secs(2),
                warm_up: Duration::from_millis(500),
                events: 500,
            };
        }
        let rate = self.rate.clamp(1, 100_000);
        let sockets = self.sockets.clamp(1, 100_000);
        Size {
            sockets,
            heartbeat: HEARTBEAT,
            // Each is written to about once a second.
            recipients: sockets.min(rate as usize),
            rate,
            stream: Duration::from_secs(self.seconds.clamp(1, 600)),
            warm_up: Duration::from_secs(2),
            events: self.events.clamp(1, 1_000_000),
        }
    }
}
