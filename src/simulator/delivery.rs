//! The delivery of one webhook by Genesys' retry rules (Genesys reference 2.2).
//!
//! A webhook is POSTed up to six times, 5 s apart, each time with the same bytes and the same
//! signature. Any 2xx delivers it. Only a time-out of 10 s, a failed connection, 429 and 5xx
//! are tried again; any other answer, a redirect included, fails the webhook at once. The
//! body of an answer is ignored.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::uri::InvalidUri;
use http::{Request, Uri};
use http_body_util::Full;
use jiff::Timestamp;
use rustls::RootCertStore;
use serde::Serialize;
use tokio::time::timeout;

use crate::configuration::Configuration;
use crate::http_client::{HttpClient, WholeRequest, http_client};
use crate::pace::Pace;
use crate::signature;
use crate::simulator::SimulatorError;
use crate::webhook::written;

/// How often a webhook is tried again after the first attempt (Genesys reference 2.2).
pub const RETRIES: u32 = 5;
/// How long Genesys waits for an answer (Genesys reference 2.2).
pub const TIME_OUT: Duration = Duration::from_secs(10);
/// How long Genesys waits between two attempts (Genesys reference 2.2).
pub const PAUSE: Duration = Duration::from_secs(5);
/// The shortest time-out that a time scale can lead to: below it, a slow machine would time
/// out on webhooks that were answered well.
pub const TIME_OUT_FLOOR: Duration = Duration::from_secs(1);

/// The bytes to POST and the signature that goes with them, both the same in every attempt.
#[derive(Clone, Debug)]
pub struct SignedBody {
    /// The raw body.
    pub body: Bytes,
    /// The value of the signature header, or `None` to leave the header out.
    pub signature: Option<String>,
}

/// One try at delivering a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When it began: ISO 8601, UTC, milliseconds.
    pub at: String,
    /// What came of it.
    #[serde(flatten)]
    pub answer: Answer,
    /// From its begin to the head of the answer or to the error, in milliseconds.
    pub latency_milliseconds: u64,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The receiver answered with this status code.
    Status(u16),
    /// No answer: a time-out or a failed connection, in words.
    Error(String),
}

/// How far a delivery has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The attempt of this number begins; the first is 1.
    Begun(u32),
    /// It is over.
    Over(Attempt),
}

/// How the delivery of a webhook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered 2xx.
    Delivered,
    /// Genesys gave up. The message is `delivery-failed` in the conversation.
    Failed(ErrorInfo),
}

/// Genesys' `errorInfo` of a message that could not be delivered (Genesys reference 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorInfo {
    /// Always `DELIVERY_FAILED`.
    pub code: &'static str,
    /// For a status, worded as captured: `GeneralError - Request failed with status code 404`.
    /// The wording for time-outs and failed connections is the simulator's own.
    pub text: String,
}

/// Sends webhooks, or posts of events, to one URL.
#[derive(Clone, Debug)]
pub struct Sender {
    client: HttpClient,
    url: Uri,
    headers: HeaderMap,
    time_out: Duration,
    pause: Duration,
    retries: u32,
}

impl Sender {
    /// A sender to the configuration's webhook URL, at the pace of its time scale.
    ///
    /// # Errors
    ///
    /// [`SimulatorError`] says which field of the configuration cannot be used, and why.
    pub fn new(configuration: &Configuration) -> Result<Self, SimulatorError> {
        Self::to(
            &configuration.webhook_url,
            &configuration.webhook_headers,
            RETRIES,
            Pace::new(configuration.time_scale)?,
            configuration.authorities.as_ref(),
        )
    }

    /// A sender to `url` that sends these headers too, and tries this often again.
    pub(crate) fn to(
        url: &str,
        headers: &BTreeMap<String, String>,
        retries: u32,
        pace: Pace,
        authorities: Option<&RootCertStore>,
    ) -> Result<Self, SimulatorError> {
        let url = target_url(url)?;
        let mut headers = headers
            .iter()
            .map(|(name, value)| header(name, value))
            .collect::<Result<HeaderMap, _>>()?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let client = http_client(&url, authorities)?;
        let time_out = pace.scaled_above(TIME_OUT_FLOOR, TIME_OUT);
        Ok(Self { client, url, headers, time_out, pause: pace.scaled(PAUSE), retries })
    }

    /// Sends `signed` until it is delivered or Genesys would give up, and shows each attempt to
    /// `observe` as it begins and as soon as it is over. Dropping the future stops the delivery.
    pub async fn deliver(&self, signed: &SignedBody, mut observe: impl FnMut(Progress)) -> Outcome {
        let mut number = 1;
        loop {
            observe(Progress::Begun(number));
            let attempt = self.attempt(signed).await;
            let answer = attempt.answer.clone();
            observe(Progress::Over(attempt));
            if answer.delivers() {
                return Outcome::Delivered;
            }
            if number > self.retries || !answer.is_tried_again() {
                return Outcome::Failed(answer.error_info());
            }
            number += 1;
            tokio::time::sleep(self.pause).await;
        }
    }

    async fn attempt(&self, signed: &SignedBody) -> Attempt {
        let at = written(Timestamp::now());
        let begin = Instant::now();
        let answer = self.answer(signed).await;
        let latency_milliseconds = begin.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        Attempt { at, answer, latency_milliseconds }
    }

    async fn answer(&self, signed: &SignedBody) -> Answer {
        let failed = |error: &(dyn Error + 'static)| {
            Answer::Error(format!("Connection failed: {}", root_cause(error)))
        };
        let request = match self.request(signed) {
            Ok(request) => request,
            Err(error) => return failed(&error),
        };
        match timeout(self.time_out, self.client.request(request)).await {
            Ok(Ok(response)) => Answer::Status(response.status().as_u16()),
            Ok(Err(error)) => failed(&error),
            Err(_) => Answer::Error("Request timed out".into()),
        }
    }

    fn request(&self, signed: &SignedBody) -> Result<WholeRequest, http::Error> {
        let mut request = Request::post(self.url.clone());
        if let Some(signature) = &signed.signature {
            request = request.header(signature::HEADER, signature);
        }
        let mut request = request.body(Full::from(signed.body.clone()))?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }
}

impl Answer {
    fn delivers(&self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    fn is_tried_again(&self) -> bool {
        matches!(self, Self::Status(429 | 500..=599) | Self::Error(_))
    }

    fn error_info(&self) -> ErrorInfo {
        let reason = match self {
            Self::Status(status) => format!("Request failed with status code {status}"),
            Self::Error(error) => error.clone(),
        };
        ErrorInfo { code: "DELIVERY_FAILED", text: format!("GeneralError - {reason}") }
    }
}

fn target_url(url: &str) -> Result<Uri, SimulatorError> {
    let refusal = |reason: String| SimulatorError::WebhookUrl { url: url.to_owned(), reason };
    let parsed: Uri = url.parse().map_err(|error: InvalidUri| refusal(error.to_string()))?;
    match parsed.scheme_str() {
        Some("http" | "https") => Ok(parsed),
        Some(scheme) => Err(refusal(format!("its scheme is {scheme}"))),
        None => Err(refusal("it has no scheme".to_owned())),
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SimulatorError> {
    let refusal = |reason| SimulatorError::WebhookHeader { name: name.to_owned(), reason };
    let parsed = HeaderName::try_from(name).map_err(|_| refusal("the name is no header name"))?;
    if parsed == CONTENT_TYPE || parsed.as_str().eq_ignore_ascii_case(signature::HEADER) {
        return Err(refusal("the simulator sets this header itself"));
    }
    let value = HeaderValue::try_from(value)
        .map_err(|_| refusal("the value holds a character that no header may hold"))?;
    Ok((parsed, value))
}

/// The innermost error alone: the outer ones only say that sending to the URL failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration() -> Configuration {
        Configuration::new("http://127.0.0.1:1/events", "at-least-16-chars-long")
    }

    #[test]
    fn only_time_outs_failed_connections_429_and_5xx_are_tried_again() {
        for status in [429, 500, 502, 503, 504, 599] {
            assert!(Answer::Status(status).is_tried_again(), "{status}");
        }
        for status in [200, 204, 302, 400, 401, 403, 404, 413, 422] {
            assert!(!Answer::Status(status).is_tried_again(), "{status}");
        }
        assert!(Answer::Error("Request timed out".into()).is_tried_again());
    }

    #[test]
    fn a_refusal_is_recorded_in_genesys_words() {
        let info = Answer::Status(404).error_info();
        assert_eq!(info.code, "DELIVERY_FAILED");
        assert_eq!(info.text, "GeneralError - Request failed with status code 404");
    }

    #[test]
    fn an_attempt_is_written_with_a_status_or_an_error() {
        let at = "2026-05-04T09:15:22.417Z";
        let written = |answer| {
            let attempt = Attempt { at: at.into(), answer, latency_milliseconds: 7 };
            serde_json::to_string(&attempt).unwrap()
        };
        assert_eq!(
            written(Answer::Status(503)),
            format!(r#"{{"at":"{at}","status":503,"latency_milliseconds":7}}"#)
        );
        assert_eq!(
            written(Answer::Error("Request timed out".into())),
            format!(r#"{{"at":"{at}","error":"Request timed out","latency_milliseconds":7}}"#)
        );
    }

    #[test]
    fn the_pause_follows_the_time_scale() {
        let sender = Sender::new(&Configuration { time_scale: 0.01, ..configuration() }).unwrap();
        assert_eq!(sender.pause, Duration::from_millis(50));
    }

    #[test]
    fn a_time_scale_that_is_no_length_of_time_is_refused() {
        for time_scale in [-1.0, f64::NAN, f64::INFINITY] {
            let error = Sender::new(&Configuration { time_scale, ..configuration() }).unwrap_err();
            assert!(matches!(error, SimulatorError::TimeScale { .. }), "{error}");
        }
    }

    #[test]
    fn a_webhook_url_that_is_neither_http_nor_https_is_refused() {
        for webhook_url in ["events", "/events", "ftp://example.org/"] {
            let webhook_url = webhook_url.into();
            let error = Sender::new(&Configuration { webhook_url, ..configuration() }).unwrap_err();
            assert!(matches!(error, SimulatorError::WebhookUrl { .. }), "{error}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_refused_without_showing_its_value() {
        for name in ["Content-Type", "X-Hub-Signature-256", "no header", "x-tenant"] {
            let mut configuration = configuration();
            configuration.webhook_headers.insert(name.into(), "hush\nhush".into());
            let error = Sender::new(&configuration).unwrap_err();
            assert!(matches!(error, SimulatorError::WebhookHeader { .. }), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
