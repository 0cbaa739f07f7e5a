//! A bot behind an endpoint of the tenant.

use std::{fmt, sync::Arc, time::Duration};

use baton_outbound::{Answer, Bounds, GuardedClient, OutboundUrl};
use baton_process::Random;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::{
    answer::BotAnswer,
    credential::Credential,
    error::{BotError, Trouble},
    pace::Pace,
    reading::{self, MAX_ANSWER_BYTES},
    tries::Tries,
    turn::Turn,
};

/// Asks an endpoint of the tenant. Clones are the same bot.
#[derive(Clone)]
pub struct HttpBot(Arc<Endpoint>);

struct Endpoint {
    client: GuardedClient,
    url: OutboundUrl,
    credential: Option<Credential>,
    pace: Pace,
    random: Random,
}

/// Why one try came to nothing.
enum Failure {
    /// The same request may succeed a little later, if the bot said so not before some time.
    Passing { trouble: Trouble, not_before: Option<Duration> },
    /// The same request would fail again.
    Final(BotError),
}

impl HttpBot {
    /// A bot that has not been asked anything yet.
    pub fn new(
        client: GuardedClient,
        url: OutboundUrl,
        credential: Option<Credential>,
        pace: Pace,
        random: Random,
    ) -> Self {
        Self(Arc::new(Endpoint { client, url, credential, pace, random }))
    }

    /// Tells the bot the turn until it answers, or until there is no more time. A turn may reach
    /// the bot more than once; by its id the bot can know that.
    ///
    /// # Errors
    ///
    /// [`BotError`] says why there is no answer. Time-outs, failures of the network, 429 and 5xx
    /// were tried again as long as there was time; nothing else was.
    pub async fn answer(&self, turn: &Turn<'_>) -> Result<BotAnswer, BotError> {
        let headers = self.headers(turn)?;
        let body = serde_json::to_vec(turn)
            .map_err(|error| BotError::Unsendable { reason: error.to_string() })?;
        let body = Bytes::from(body);
        let mut tries = Tries::begin(&self.0.pace, &self.0.random);
        loop {
            let outcome = self.attempt(headers.clone(), body.clone(), tries.next_may_take()).await;
            let (trouble, not_before) = match outcome {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { trouble, not_before }) => (trouble, not_before),
            };
            let Some(wait) = tries.after_failure(not_before) else {
                return Err(BotError::Unavailable {
                    host: self.host(),
                    tries: tries.failures(),
                    within: self.0.pace.overall,
                    last: trouble,
                });
            };
            debug!(host = self.0.url.host(), %trouble, ?wait, "the bot is asked again");
            sleep(wait).await;
        }
    }

    fn headers(&self, turn: &Turn<'_>) -> Result<HeaderMap, BotError> {
        let id = HeaderValue::from_str(&turn.id).map_err(|_| BotError::Unsendable {
            reason: "its id is of other letters than visible ASCII".to_owned(),
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert("idempotency-key", id);
        if let Some(credential) = &self.0.credential {
            headers.insert(AUTHORIZATION, credential.header());
        }
        Ok(headers)
    }

    async fn attempt(
        &self,
        headers: HeaderMap,
        body: Bytes,
        timeout: Duration,
    ) -> Result<BotAnswer, Failure> {
        let bounds = Bounds { timeout, most_bytes: MAX_ANSWER_BYTES };
        match self.0.client.post(&self.0.url, headers, body, bounds).await {
            Ok(answer) => self.judge(&answer),
            Err(error) if error.may_pass() => {
                Err(Failure::Passing { trouble: Trouble::Network(error), not_before: None })
            }
            Err(error) => Err(Failure::Final(BotError::Outbound(error))),
        }
    }

    fn judge(&self, answer: &Answer) -> Result<BotAnswer, Failure> {
        let (status, host) = (answer.status.as_u16(), self.host());
        match status {
            204 => Ok(BotAnswer::default()),
            200..=299 => self.read(&answer.body).map_err(Failure::Final),
            300..=399 => Err(Failure::Final(BotError::Redirected { host, status })),
            429 | 500..=599 => Err(Failure::Passing {
                trouble: Trouble::Status(status),
                not_before: self.retry_after(&answer.headers),
            }),
            _ => Err(Failure::Final(BotError::Refused { host, status })),
        }
    }

    /// What `Retry-After` says in seconds. A date there is not read: the pause is ours then.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let seconds: u32 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(self.0.pace.second.saturating_mul(seconds))
    }

    fn read(&self, body: &[u8]) -> Result<BotAnswer, BotError> {
        let (answer, remarks) = reading::read(body)
            .map_err(|problem| BotError::Answer { host: self.host(), problem })?;
        if let Some(first) = remarks.first() {
            let remarks = remarks.len();
            warn!(host = self.0.url.host(), remarks, %first, "not all of the bot's answer is used");
        }
        Ok(answer)
    }

    fn host(&self) -> String {
        self.0.url.host().to_owned()
    }
}

impl fmt::Debug for HttpBot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpBot").field("host", &self.0.url.host()).finish_non_exhaustive()
    }
}
