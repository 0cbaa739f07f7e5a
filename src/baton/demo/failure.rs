//! Why a demonstration did not begin, or did not come to a good end.

use std::{io, net::SocketAddr};

use baton_console::{ConsoleError, ControlError};
use baton_sidecar::{BindError, ConfigurationProblem, OpenError, RandomError, RunError};
use baton_simulator::SimulatorError;
use thiserror::Error;
use tokio::task::JoinError;

/// Why a demonstration failed.
#[derive(Debug, Error)]
pub(crate) enum DemoFailure {
    /// An address cannot be had.
    #[error(
        "{part} cannot listen on {address}: stop what listens there, or take free ports with \
         --ports any"
    )]
    Listen {
        /// What would have listened there.
        part: &'static str,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: Box<BindError>,
    },
    /// A listener is open, and nobody knows where.
    #[error("a listener does not say where it is")]
    Address(#[source] io::Error),
    /// There is no chance to be had.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// There is no place for the store.
    #[error("a temporary directory for the store cannot be made: look at the variable TMPDIR")]
    Directory(#[source] io::Error),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The sidecar does not take the configuration that was made for it.
    #[error("the sidecar does not take the demonstration's configuration")]
    Configuration(#[from] ConfigurationProblem),
    /// The console cannot speak with the simulator.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The simulator did not start, or stopped.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// The sidecar stopped.
    #[error(transparent)]
    Sidecar(#[from] RunError),
    /// The console stopped.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// A part of the demonstration broke.
    #[error("{part} broke off: please report it")]
    Broken {
        /// Which one.
        part: &'static str,
        /// How.
        source: JoinError,
    },
    /// A part ended that nobody had asked to.
    #[error("{part} ended by itself: start the demonstration again")]
    Ended {
        /// Which one.
        part: &'static str,
    },
    /// The simulator does not do what it is told.
    #[error("the simulator refused {order} with {status}: {said}")]
    Order {
        /// What it was told.
        order: String,
        /// What it answered; 0 where it did not.
        status: u16,
        /// In words.
        said: String,
    },
    /// The customer's connection is gone.
    #[error("the customer's connection to the chat was lost")]
    Customer,
    /// Something did not show.
    #[error("{what} did not show within {seconds} s")]
    NotSeen {
        /// What.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// Something showed that must not.
    #[error("{what} showed, and must not")]
    Seen {
        /// What.
        what: String,
    },
}
