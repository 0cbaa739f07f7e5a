//! Asks Genesys for a token (Genesys reference, 3.5).

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use baton_metrics::{ClientMetrics, TokenResult};
use bytes::Bytes;
use http::{
    HeaderValue, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::Full;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::ledger::Issued;
use crate::{
    error::{TokenError, correlation_id, retry_after, word},
    hosts::Hosts,
    pace::Pace,
    secret::{Credentials, Secret},
    transport::{Answer, Transport, TransportError},
};

/// The life of a token when Genesys does not say it.
const ASSUMED_SECONDS: u64 = 3600;

/// What claims to live longer is renewed by then.
const LONGEST_LIFE: Duration = Duration::from_hours(48);

/// A longer answer is no token: Genesys' are a few hundred bytes long.
const MOST_BYTES: usize = 64 << 10;

/// Asks for tokens with the credentials of one OAuth client.
#[derive(Clone)]
pub(crate) struct Issuer {
    transport: Transport,
    url: String,
    host: String,
    credentials: Credentials,
    pace: Pace,
    metrics: ClientMetrics,
}

/// What a token comes in.
#[derive(Deserialize)]
struct Grant {
    access_token: String,
    expires_in: Option<u64>,
}

/// OAuth's error, or the Platform API's: the login host knows both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: Option<String>,
    code: Option<String>,
    #[serde(rename = "contextId")]
    context_id: Option<String>,
}

impl Issuer {
    pub(crate) fn new(
        transport: Transport,
        hosts: &Hosts,
        credentials: Credentials,
        pace: Pace,
        metrics: ClientMetrics,
    ) -> Self {
        let login = hosts.login();
        let url = format!("{}/oauth/token", login.as_str().trim_end_matches('/'));
        let host = login.host_str().unwrap_or_default().to_owned();
        Self { transport, url, host, credentials, pace, metrics }
    }

    /// Asks for a token, once.
    pub(super) async fn issue(&self) -> Result<Issued, TokenError> {
        let issued = self.ask().await;
        self.metrics.asked_for_token(match issued {
            Ok(_) => TokenResult::Granted,
            Err(_) => TokenResult::Failed,
        });
        issued
    }

    async fn ask(&self) -> Result<Issued, TokenError> {
        let answer = match self.transport.send(self.request()?, MOST_BYTES).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.unanswered(error)),
        };
        if !answer.status.is_success() {
            return Err(self.refusal(&answer));
        }
        let grant: Grant = serde_json::from_slice(&answer.body).map_err(|_| self.unreadable())?;
        if grant.access_token.is_empty() {
            return Err(self.unreadable());
        }
        let seconds = grant.expires_in.unwrap_or(ASSUMED_SECONDS);
        Ok(Issued {
            secret: Secret::new(grant.access_token),
            life: self.pace.seconds(seconds).min(LONGEST_LIFE),
        })
    }

    pub(super) fn not_accepted(&self) -> TokenError {
        let (host, client_id) = self.named();
        TokenError::NotAccepted { host, client_id }
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, TokenError> {
        let Credentials { client_id, client_secret } = &self.credentials;
        let pair = Zeroizing::new(format!("{client_id}:{}", client_secret.expose()));
        let basic = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
        let mut authorization = HeaderValue::from_str(&basic).map_err(|_| self.unreadable())?;
        authorization.set_sensitive(true);
        Request::post(&self.url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from("grant_type=client_credentials"))
            .map_err(|_| self.unreadable())
    }

    fn refusal(&self, answer: &Answer) -> TokenError {
        let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        let (host, client_id) = self.named();
        let code = refusal.error.or(refusal.code).and_then(|code| word(&code)).unwrap_or_default();
        let context_id = refusal.context_id.as_deref().and_then(word);
        let context_id = context_id.or_else(|| word(correlation_id(&answer.headers)?));
        match answer.status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let code = if code.is_empty() { answer.status.as_str().to_owned() } else { code };
                TokenError::WrongCredentials { host, client_id, code, context_id }
            }
            status => TokenError::Refused {
                host,
                client_id,
                status: status.as_u16(),
                code,
                context_id,
                retry_after: retry_after(&answer.headers, &self.pace),
            },
        }
    }

    fn unanswered(&self, error: TransportError) -> TokenError {
        let (host, client_id) = self.named();
        match error {
            TransportError::Unreachable(reason) | TransportError::Interrupted(reason) => {
                TokenError::Unreachable { host, client_id, reason }
            }
            TransportError::TimedOut(after) => TokenError::TimedOut { host, client_id, after },
            TransportError::TooLong(most_bytes) => {
                TokenError::TooLong { host, client_id, most_bytes }
            }
        }
    }

    fn unreadable(&self) -> TokenError {
        let (host, client_id) = self.named();
        TokenError::Unreadable { host, client_id }
    }

    fn named(&self) -> (String, String) {
        (self.host.clone(), self.credentials.client_id.clone())
    }
}
