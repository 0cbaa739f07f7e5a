//! Tells an application's endpoint what happened: of each session one event after the other, until
//! it has each.

use std::{future::pending, time::Duration};

use axum::body::Bytes;
use baton_metrics::{ApplicationMetrics, PostResult};
use baton_outbound::{Answer, Bounds, GuardedClient};
use baton_process::{Clock, Shutdown};
use baton_store::{Notification, Store, StoreError};
use baton_traces::Traces;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    webhook::Webhook,
    webhook_pace::WebhookPace,
    webhook_turns::{Others, Outcome, Tries, Turn, Turns},
};

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
    /// What counts the tries.
    pub metrics: ApplicationMetrics,
    /// Whether spans are collected.
    pub traces: Traces,
    /// How long things may take.
    pub pace: WebhookPace,
    /// Changes when something may wait.
    pub queued: watch::Receiver<()>,
    /// Ends the sending when it begins.
    pub shutdown: Shutdown,
}

/// After how many answers that an event is wrong it is given up: after some minutes.
const MOST_REFUSALS: u32 = 8;

/// How often at least an event is tried, however old it is.
const FEWEST_TRIES: u32 = 3;

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The endpoint has it.
    Taken,
    /// The endpoint will never have it.
    Refused(String),
    /// It is tried again, not before this has passed.
    Failed(String, Duration),
    /// The endpoint says that this one is wrong. It is tried again a few times, so that it does
    /// not hold up all that come after it in its session for days.
    Unwanted(String, Duration),
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
        let mut queued = self.queued.clone();
        let mut turns = Turns::new(&self.pace, Instant::now());
        let mut on_the_way = FuturesUnordered::new();
        loop {
            while let Some(turn) = self.begin(&mut turns).await? {
                on_the_way.push(self.send_next(turn));
            }
            let next_at = turns.next_at(Instant::now());
            if turns.is_empty() && next_at.is_none() {
                return Ok(());
            }
            tokio::select! {
                Some(ended) = on_the_way.next() => {
                    let (turn, outcome) = ended?;
                    turns.end(&turn, outcome, Instant::now());
                }
                () = reached(next_at) => {}
                Ok(()) = queued.changed() => {}
            }
        }
    }

    /// Begins another try, if one may begin and something waits for it.
    async fn begin(&self, turns: &mut Turns<'_>) -> Result<Option<Turn>, StoreError> {
        let now = Instant::now();
        if !turns.has_room(now) {
            return Ok(None);
        }
        if !turns.prefers_others()
            && let Some(turn) = turns.begin_again(now)
        {
            return Ok(Some(turn));
        }
        if let Some(Others { after, except }) = turns.others() {
            let endpoint = self.webhook.endpoint();
            if let Some(session) = self.store.session_to_notify(endpoint, after, except).await? {
                return Ok(Some(turns.begin(session)));
            }
        }
        Ok(turns.begin_again(now))
    }

    /// Sends the oldest event of a session that the endpoint wants, once.
    async fn send_next(&self, turn: Turn) -> Result<(Turn, Outcome), StoreError> {
        let (endpoint, session) = (self.webhook.endpoint(), turn.session);
        while let Some(notification) = self.store.next_notification(endpoint, session).await? {
            if self.webhook.wants(&notification.event.kind) {
                let outcome = self.send(&notification, turn.tries).await?;
                return Ok((turn, outcome));
            }
            self.store.notified(notification.number).await?;
        }
        Ok((turn, Outcome::Unsent))
    }

    /// Sends one once, which was tried so often before.
    async fn send(
        &self,
        notification: &Notification,
        before: Tries,
    ) -> Result<Outcome, StoreError> {
        let (endpoint, host) = (self.webhook.endpoint(), self.webhook.url().host());
        let mut tries = Tries { made: before.made.saturating_add(1), ..before };
        let begun = Instant::now();
        let span = baton_traces::span!(
            self.traces,
            None,
            "application webhook",
            "client",
            session.id = notification.session_id,
            server.address = host,
            http.response.status_code = Empty,
        );
        let verdict = self.post(notification).instrument(span).await;
        let count = |result| self.metrics.posted(result, begun.elapsed());
        let (reason, asked, is_last) = match verdict {
            Verdict::Taken => {
                count(PostResult::Taken);
                self.store.notified(notification.number).await?;
                return Ok(Outcome::Answered);
            }
            Verdict::Refused(reason) => {
                count(PostResult::GivenUp);
                self.give_up(notification, &reason).await?;
                return Ok(Outcome::Answered);
            }
            Verdict::Failed(reason, asked) => (reason, asked, false),
            Verdict::Unwanted(reason, asked) => {
                tries.refused += 1;
                (reason, asked, tries.refused >= MOST_REFUSALS)
            }
        };
        if is_last || tries.made >= FEWEST_TRIES && self.is_too_old(notification) {
            count(PostResult::GivenUp);
            self.give_up(notification, &reason).await?;
            return Ok(Outcome::Failed { again: None, asked });
        }
        count(PostResult::PutOff);
        let pause = self.pace.pause(tries.made).max(asked);
        let tenant = self.webhook.tenant();
        tracing::warn!(%tenant, endpoint, host, %reason, ?pause, "a webhook is tried again");
        Ok(Outcome::Failed { again: Some((tries, pause)), asked })
    }

    async fn give_up(&self, notification: &Notification, reason: &str) -> Result<(), StoreError> {
        let (endpoint, host) = (self.webhook.endpoint(), self.webhook.url().host());
        let tenant = self.webhook.tenant();
        tracing::error!(%tenant, endpoint, host, %reason, "a webhook was given up");
        let at_ms = self.clock.now().as_millisecond();
        self.store.notification_given_up(notification.number, reason, at_ms).await
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
        let posted = self.client.post(self.webhook.url(), headers, Bytes::from(body), bounds).await;
        let status = posted.as_ref().ok().map(|answer| answer.status.as_u16());
        baton_traces::answered(&Span::current(), status);
        match posted {
            Ok(answer) => self.verdict(&answer),
            Err(error) => Verdict::Failed(error.to_string(), Duration::ZERO),
        }
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let advice = match answer.status {
            StatusCode::GONE => {
                ", by which it says that it wants no more: take it out of \
                                 tenants.webhooks, or let it answer otherwise"
            }
            status if status.is_redirection() => {
                "; redirects are not followed: configure the address where it leads to"
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "; compare its secret with that of tenants.webhooks"
            }
            _ => "",
        };
        let reason = format!("the endpoint answered {}{advice}", answer.status);
        match answer.status {
            status if status.is_success() => Verdict::Taken,
            // By the convention: it wants no more.
            StatusCode::GONE => Verdict::Refused(reason),
            _ => {
                let asked = answer.headers.get(header::RETRY_AFTER);
                let asked = asked.and_then(|asked| asked.to_str().ok()?.trim().parse().ok());
                let asked = asked.map(Duration::from_secs).unwrap_or_default();
                let asked = asked.min(self.pace.retry_cap);
                match answer.status.as_u16() {
                    // These may be of the way there, or of the moment.
                    401 | 403 | 404 | 408 | 425 | 429 => Verdict::Failed(reason, asked),
                    400..=499 => Verdict::Unwanted(reason, asked),
                    _ => Verdict::Failed(reason, asked),
                }
            }
        }
    }
}

/// Waits for the moment; for ever, if there is none.
async fn reached(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

#[cfg(test)]
#[path = "webhook_sender_tests.rs"]
mod tests;
