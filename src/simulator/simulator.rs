//! The running simulator: its control API, and the webhooks on their way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use crate::configuration::Configuration;
use crate::control;
use crate::delivery::{Sender, SignedBody};
use crate::sending::{Ledger, Sending};

/// Genesys takes no secret of 15 characters or fewer (Genesys reference 2.1).
const LONGEST_REFUSED_SECRET: usize = 15;

/// Why the simulator did not start, or stopped.
#[derive(Debug, Error)]
pub enum SimulatorError {
    /// The webhook URL cannot be used.
    #[error(
        "the webhook URL {url:?} cannot be used: {reason}; \
         give one such as http://127.0.0.1:8080/webhooks/genesys/account/project/live/events"
    )]
    WebhookUrl {
        /// The URL as configured.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Genesys would not take the signature secret.
    #[error(
        "the signature secret has {length} characters; \
         Genesys takes none below 16, so give a longer one"
    )]
    SecretTooShort {
        /// The number of characters.
        length: usize,
    },
    /// The time scale gives no length of time.
    #[error(
        "the time scale {time_scale} cannot be used; \
         give 1.0 for Genesys' pace, or a smaller number from 0.0 for a faster one"
    )]
    TimeScale {
        /// The scale as configured.
        time_scale: f64,
    },
    /// One of the extra headers cannot be sent.
    #[error("the webhook header {name:?} cannot be sent: {reason}; change or remove it")]
    WebhookHeader {
        /// The header's name. Its value may be a credential and is not shown.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The HTTP client could not be built.
    #[error("the HTTP client that sends the webhooks could not be built")]
    Client(#[source] reqwest::Error),
    /// The address of the control API cannot be had.
    #[error("the control API cannot listen on {address}; is another simulator running there?")]
    Bind {
        /// The address as configured.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The listener of the control API failed.
    #[error("the control API stopped because its listener failed")]
    Serve(#[source] io::Error),
}

/// Serves the control API on `listener` until `shutdown` is done, then stops: open requests are
/// answered, deliveries under way are dropped and stay `pending`, and no task is left behind.
///
/// # Errors
///
/// [`SimulatorError`] if the configuration cannot be used or the listener fails.
pub async fn serve(
    listener: TcpListener,
    configuration: Configuration,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SimulatorError> {
    let stop = Arc::new(watch::Sender::new(false));
    let simulator = Simulator::new(configuration, stop.clone())?;
    let address = listener.local_addr().map_err(SimulatorError::Serve)?;
    if !address.ip().is_loopback() {
        warn!(%address, "the control API asks for no credential and is not on loopback");
    }
    info!(%address, configuration = ?simulator.configuration, "the simulator is ready");

    let stopping = stop.clone();
    axum::serve(listener, control::router(simulator))
        .with_graceful_shutdown(async move {
            shutdown.await;
            stopping.send_replace(true);
        })
        .await
        .map_err(SimulatorError::Serve)?;
    // Each delivery holds a receiver: when the last one is gone, so are the deliveries.
    stop.closed().await;
    Ok(())
}

/// What every request of the control API shares.
#[derive(Clone)]
pub(crate) struct Simulator {
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) ledger: Arc<Ledger>,
    sender: Sender,
    stop: Arc<watch::Sender<bool>>,
}

/// A webhook that was sent off: its record as it began, and the task that settles it.
pub(crate) struct Started {
    pub(crate) sending: Sending,
    pub(crate) settled: JoinHandle<Sending>,
}

impl Simulator {
    fn new(
        configuration: Configuration,
        stop: Arc<watch::Sender<bool>>,
    ) -> Result<Self, SimulatorError> {
        let length = configuration.signature_secret.chars().count();
        if length <= LONGEST_REFUSED_SECRET {
            return Err(SimulatorError::SecretTooShort { length });
        }
        let sender = Sender::new(&configuration)?;
        Ok(Self { configuration: Arc::new(configuration), ledger: Arc::default(), sender, stop })
    }

    /// Starts the delivery of `signed` and answers at once.
    pub(crate) fn send(
        &self,
        shape: &'static str,
        message_id: Option<String>,
        signed: SignedBody,
    ) -> Started {
        let sending = self.ledger.open(shape, message_id);
        let settled = tokio::spawn(settle(
            sending.clone(),
            signed,
            self.sender.clone(),
            self.ledger.clone(),
            self.stop.subscribe(),
        ));
        Started { sending, settled }
    }
}

/// Delivers a webhook and keeps its record up to date. Answers the record as it is in the end,
/// which is still pending if the simulator was stopped first.
async fn settle(
    mut sending: Sending,
    signed: SignedBody,
    sender: Sender,
    ledger: Arc<Ledger>,
    mut stop: watch::Receiver<bool>,
) -> Sending {
    let delivery = sender.deliver(&signed, |attempt| {
        sending.attempts.push(attempt);
        ledger.update(&sending);
    });
    let outcome = tokio::select! {
        outcome = delivery => Some(outcome),
        _ = stop.wait_for(|stopped| *stopped) => None,
    };
    if let Some(outcome) = outcome {
        sending.settle(outcome);
        ledger.update(&sending);
    }
    info!(id = sending.id, shape = sending.shape, state = ?sending.state, "the delivery is over");
    sending
}
