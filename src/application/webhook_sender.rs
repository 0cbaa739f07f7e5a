//! Tells an application's endpoint what happened, one notification after the other, until it has
//! each.

use std::time::Duration;

use axum::body::Bytes;
use baton_outbound::{Answer, Bounds, GuardedClient};
use baton_process::{Clock, Shutdown};
use baton_store::{Notification, Store, StoreError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use tokio::{sync::watch, time::sleep};

use crate::{webhook::Webhook, webhook_pace::WebhookPace};

/// An answer says nothing but its status; this much of it is read, so that the connection can be
/// used again.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// When the queue is looked at again after the store failed.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// Sends what waits in the store for one endpoint. After a restart it goes on where it was: what
/// was sent and not noted as sent is sent once more, under the same id.
#[derive(Debug)]
pub struct WebhookSender {
    /// The endpoint.
    pub webhook: Webhook,
    /// Where the notifications wait.
    pub store: Store,
    /// What sends.
    pub client: GuardedClient,
    /// The time.
    pub clock: Clock,
    /// How long things may take.
    pub pace: WebhookPace,
    /// Changes when something may wait.
    pub queued: watch::Receiver<()>,
    /// Ends the sending when it begins.
    pub shutdown: Shutdown,
}

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The endpoint has it.
    Taken,
    /// The endpoint will never have it.
    Refused(String),
    /// It is tried again, not before this has passed.
    Failed(String, Duration),
}

impl WebhookSender {
    /// Sends until the process stops.
    pub async fn run(mut self) {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = shutdown.begun() => {}
            () = self.send_all() => {}
        }
    }

    async fn send_all(&mut self) {
        loop {
            // What is queued from here on is seen as a change.
            self.queued.mark_unchanged();
            match self.send_waiting().await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => {
                    let endpoint = self.webhook.endpoint();
                    tracing::error!(endpoint, %error, "webhooks have to wait");
                    sleep(STORE_AGAIN).await;
                    continue;
                }
            }
            if self.queued.changed().await.is_err() {
                return;
            }
        }
    }

    /// Sends until nothing waits.
    async fn send_waiting(&self) -> Result<(), StoreError> {
        let endpoint = self.webhook.endpoint();
        while let Some(notification) = self.store.next_notification(endpoint).await? {
            if self.webhook.wants(&notification.event.kind) {
                self.send(&notification).await?;
            } else {
                self.store.notified(notification.number).await?;
            }
        }
        Ok(())
    }

    /// Sends one until the endpoint has it, or never will.
    async fn send(&self, notification: &Notification) -> Result<(), StoreError> {
        let endpoint = self.webhook.endpoint();
        let host = self.webhook.url().host();
        let mut failures: u32 = 0;
        loop {
            let reason = match self.post(notification).await {
                Verdict::Taken => return self.store.notified(notification.number).await,
                Verdict::Refused(reason) => reason,
                Verdict::Failed(reason, not_before) if !self.is_too_old(notification) => {
                    failures = failures.saturating_add(1);
                    let pause = self.pace.pause(failures).max(not_before);
                    tracing::warn!(endpoint, host, %reason, ?pause, "a webhook is tried again");
                    sleep(pause).await;
                    continue;
                }
                Verdict::Failed(reason, _) => reason,
            };
            tracing::error!(endpoint, host, %reason, "a webhook was given up");
            return self.store.notification_given_up(notification.number, &reason).await;
        }
    }

    fn is_too_old(&self, notification: &Notification) -> bool {
        let Ok(happened) = notification.event.timestamp.parse::<Timestamp>() else { return true };
        let age = Duration::try_from(self.clock.now().duration_since(happened));
        age.is_ok_and(|age| age > self.pace.give_up_after)
    }

    async fn post(&self, notification: &Notification) -> Verdict {
        let id = self.webhook.id_of(notification);
        let body = self.webhook.body_of(notification);
        let now = self.clock.now().as_second();
        let signatures = self.webhook.signatures(&id, now, &body);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let own = [("webhook-id", id), ("webhook-timestamp", now.to_string())];
        for (name, value) in own.into_iter().chain([("webhook-signature", signatures)]) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        let bounds = Bounds { timeout: self.pace.per_try, most_bytes: MOST_ANSWER_BYTES };
        let posted = self.client.post(self.webhook.url(), headers, Bytes::from(body), bounds);
        match posted.await {
            Ok(answer) => self.verdict(&answer),
            Err(error) => Verdict::Failed(error.to_string(), Duration::ZERO),
        }
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let reason = format!("the endpoint answered {}", answer.status);
        match answer.status {
            status if status.is_success() => Verdict::Taken,
            // By the convention: it wants no more.
            StatusCode::GONE => Verdict::Refused(reason),
            _ => {
                let asked = answer.headers.get(header::RETRY_AFTER);
                let asked = asked.and_then(|asked| asked.to_str().ok()?.trim().parse().ok());
                let asked = asked.map(Duration::from_secs).unwrap_or_default();
                Verdict::Failed(reason, asked.min(self.pace.retry_cap))
            }
        }
    }
}

#[cfg(test)]
#[path = "webhook_sender_tests.rs"]
mod tests;
