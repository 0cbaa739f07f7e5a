//! Customers who type one message after the other.

use std::time::Duration;

use baton_tests::{chat::text_of, customer::Customer};
use tokio::time::timeout;

/// How long lies between two messages.
const PAUSE: Duration = Duration::from_millis(60);

/// A customer at work.
pub(crate) struct Typing {
    pub(crate) customer: Customer,
    /// What was echoed.
    pub(crate) echoed: Vec<String>,
    /// By what this customer's messages differ from earlier ones.
    name: u64,
}

impl Typing {
    pub(crate) fn new(customer: Customer, name: u64) -> Self {
        Self { customer, echoed: Vec::new(), name }
    }

    /// Types, until the socket is closed.
    pub(crate) async fn until_closed(mut self) -> Self {
        let mut number = 0;
        loop {
            number += 1;
            let text = format!("question {number} at {} ms", self.name);
            self.customer.types().await;
            self.customer.say(&text).await;
            // What comes meanwhile; with the last of it the socket is closed.
            let watched = timeout(PAUSE, async {
                while let Some(event) = self.customer.socket.next().await {
                    if event["type"] == "EVENT_TYPE_USER_MESSAGE" {
                        self.echoed.push(text_of(&event).to_owned());
                    }
                }
            });
            if watched.await.is_ok() {
                // The sidecar waits a while for the farewell of a client.
                self.customer.socket.close().await;
                return self;
            }
        }
    }
}
