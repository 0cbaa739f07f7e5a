//! What leaves over HTTP: its record, its place behind others, and what became of it.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::info;

use crate::delivery::{Outcome, Progress, Sender, SignedBody};
use crate::feed::{AttemptBegun, AttemptId, Occurrence};
use crate::sending::Sending;
use crate::simulator::Simulator;
use crate::webhook_lanes::Turn;

/// A webhook that was sent off: its record as it began, and the task that settles it.
pub(crate) struct Started {
    pub(crate) sending: Sending,
    pub(crate) settled: JoinHandle<Sending>,
}

/// Something that is to leave over HTTP.
pub(crate) struct Departure {
    /// What it is, for its record.
    pub(crate) shape: &'static str,
    /// Genesys' id of the message.
    pub(crate) message_id: Option<String>,
    pub(crate) signed: SignedBody,
    pub(crate) sender: Sender,
    /// How long it waits before anything else.
    pub(crate) delay: Duration,
    /// Its place behind others, if it has one.
    pub(crate) turn: Option<Turn>,
    /// Whether the org is told what became of it.
    pub(crate) told_to_org: bool,
}

impl Simulator {
    /// Starts the delivery of `signed` and answers at once.
    pub(crate) fn send(
        &self,
        shape: &'static str,
        message_id: Option<String>,
        signed: SignedBody,
    ) -> Started {
        self.depart(Departure {
            shape,
            message_id,
            signed,
            sender: self.sender.clone(),
            delay: Duration::ZERO,
            turn: None,
            told_to_org: false,
        })
    }

    /// Sends something off and answers at once.
    pub(crate) fn depart(&self, departure: Departure) -> Started {
        let sending = self.ledger.open(departure.shape, departure.message_id.clone());
        let settled =
            tokio::spawn(settle(self.clone(), sending.clone(), departure, self.stop.subscribe()));
        Started { sending, settled }
    }
}

/// Delivers a webhook and keeps its record up to date. Answers the record as it is in the end,
/// which is still pending if the simulator was stopped first.
async fn settle(
    simulator: Simulator,
    mut sending: Sending,
    departure: Departure,
    mut stop: watch::Receiver<bool>,
) -> Sending {
    let Departure { signed, sender, delay, mut turn, told_to_org, .. } = departure;
    let (ledger, lanes) = (&simulator.ledger, &simulator.webhook_lanes);
    let feed = &simulator.configuration.feed;
    let mut attempt_id = AttemptId { sending: sending.id, number: 1 };
    let mut begun = Instant::now();
    let delivery = async {
        tokio::time::sleep(delay).await;
        if let Some(turn) = &mut turn {
            turn.come().await;
        }
        sender
            .deliver(&signed, |progress| match progress {
                Progress::Begun(number) => {
                    attempt_id.number = number;
                    begun = Instant::now();
                    feed.tell(|| attempt_begun(attempt_id, &sending, &signed));
                }
                Progress::Over(attempt) => {
                    let (answer, took) = (&attempt.answer, begun.elapsed());
                    feed.tell(|| Occurrence::AttemptSettled {
                        attempt: attempt_id,
                        answer: answer.clone(),
                        took,
                    });
                    sending.attempts.push(attempt);
                    ledger.update(&sending);
                    if let Some(turn) = turn.take() {
                        lanes.with(|lanes| lanes.leave(&turn));
                    }
                }
            })
            .await
    };
    let outcome = tokio::select! {
        outcome = delivery => Some(outcome),
        _ = stop.wait_for(|stopped| *stopped) => None,
    };
    if let Some(outcome) = outcome {
        let failed = match &outcome {
            Outcome::Delivered => None,
            Outcome::Failed(error_info) => Some(error_info.text.clone()),
        };
        sending.settle(outcome);
        ledger.update(&sending);
        if let Some(message_id) = sending.message_id.as_deref().filter(|_| told_to_org) {
            simulator.with_org(|org, _now| org.webhook_settled(message_id, failed));
        }
    }
    info!(id = sending.id, shape = sending.shape, state = ?sending.state, "the delivery is over");
    sending
}

/// Whom a body is about, as far as it says so.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    #[serde(default)]
    channel: Channel,
    #[serde(default)]
    conversation_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Channel {
    #[serde(default)]
    to: EndUser,
}

#[derive(Default, Deserialize)]
struct EndUser {
    #[serde(default)]
    id: Option<String>,
}

fn attempt_begun(attempt: AttemptId, sending: &Sending, signed: &SignedBody) -> Occurrence {
    let about: About = serde_json::from_slice(&signed.body).unwrap_or_default();
    Occurrence::AttemptBegun(AttemptBegun {
        attempt,
        shape: sending.shape,
        message_id: sending.message_id.clone(),
        end_user_id: about.channel.to.id,
        conversation_id: about.conversation_id,
        body: signed.body.clone(),
        signature: signed.signature.clone(),
    })
}
