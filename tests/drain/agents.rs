//! Agents, whose messages Genesys brings as webhooks, and brings again where nobody takes them.

use std::{sync::Arc, time::Duration};

use baton_tests::simulator::Simulator;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How long an agent looks whether a message is taken. Then Genesys has to try it again, and the
/// agent goes on.
const TAKEN: Duration = Duration::from_millis(200);

/// How long lies between two messages.
const PAUSE: Duration = Duration::from_millis(3);

/// An agent who writes one message after the other.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) genesys: Arc<Simulator>,
    pub(crate) end_user_id: String,
    pub(crate) name: String,
}

/// A message of an agent, and what became of it.
pub(crate) struct Told {
    pub(crate) end_user_id: String,
    pub(crate) text: String,
    /// Genesys' record of it, in which it is settled.
    pub(crate) record: Value,
}

impl Agent {
    /// Writes until the shift is over, and waits until all of it is settled.
    pub(crate) async fn write(self, shift: watch::Receiver<()>) -> Vec<Told> {
        let (mut told, mut tried_again) = (Vec::new(), Vec::new());
        let mut number = 0;
        while shift.has_changed().is_ok() {
            number += 1;
            let text = format!("{}: message {number}", self.name);
            let mut message = tokio::spawn(self.clone().tell(text));
            match timeout(TAKEN, &mut message).await {
                Ok(taken) => told.push(taken.expect("it does not panic")),
                Err(_) => tried_again.push(message),
            }
            sleep(PAUSE).await;
        }
        for message in tried_again {
            told.push(message.await.expect("it does not panic"));
        }
        told
    }

    async fn tell(self, text: String) -> Told {
        let order = json!({ "shape": "text-agent", "to": self.end_user_id, "text": text });
        let record = self.genesys.send(order).await;
        Told { end_user_id: self.end_user_id, text, record }
    }
}
