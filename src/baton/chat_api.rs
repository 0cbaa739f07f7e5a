//! The two HTTP calls by which a chat begins (Messaging API, 2 and 3).

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};
use thiserror::Error;

use crate::output::harmless;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The most bytes of an answer that are read.
const MOST_BYTES: usize = 64 * 1024;

/// Why a chat did not begin, or was lost for good.
#[derive(Debug, Error)]
pub(crate) enum ChatError {
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    /// Nothing answered.
    #[error("no answer from {url}: is the sidecar running, and is --url right?")]
    Unreachable {
        /// Whom was asked.
        url: String,
        /// What the network says.
        source: reqwest::Error,
    },
    /// The server did not give what it was asked for.
    #[error("{what} was refused with {status}{said}: {advice}")]
    Refused {
        /// What it was asked for.
        what: &'static str,
        /// The HTTP status.
        status: u16,
        /// What the server says, in brackets, or nothing.
        said: String,
        /// What to do.
        advice: &'static str,
    },
    /// The answer is not what the Messaging API says.
    #[error("the answer of {url} holds no {member}: is --url that of a Messaging API?")]
    Unexpected {
        /// Whom was asked.
        url: String,
        /// What is not there.
        member: &'static str,
    },
    /// The server does not know the session any more.
    #[error("the server closed the connection with {code}: the session is gone; begin a new one")]
    Gone {
        /// The close code.
        code: u16,
    },
}

/// The server that a chat is begun at.
pub(crate) struct ChatApi {
    client: Client,
    base: String,
}

impl ChatApi {
    /// The API under this URL.
    pub(crate) fn new(url: &Url) -> Result<Self, ChatError> {
        // The WebSocket takes no proxy either, so that both go the same way.
        let client = Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ChatError::Client)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, base })
    }

    /// An access token for whoever shows this connector token and comes from this host.
    pub(crate) async fn access_token(&self, token: &str, host: &str) -> Result<String, ChatError> {
        let url = format!("{}/api/v1/access-token", self.base);
        let request =
            self.client.post(&url).header("x-token", token).header("x-host", host).json(&json!({}));
        let advice = "check the connector token and --host against the sidecar's tenants";
        self.ask(url, request, "access_token", "an access token", advice).await
    }

    /// A new session.
    pub(crate) async fn create_session(&self, access_token: &str) -> Result<String, ChatError> {
        let url = format!("{}/api/v1/sessions", self.base);
        let request = self
            .client
            .post(&url)
            .bearer_auth(access_token)
            .json(&json!({"streaming_enabled": false, "platform": "custom"}));
        let advice = "look at the sidecar's log";
        self.ask(url, request, "session_id", "a session", advice).await
    }

    async fn ask(
        &self,
        url: String,
        request: RequestBuilder,
        member: &'static str,
        what: &'static str,
        advice: &'static str,
    ) -> Result<String, ChatError> {
        let unreachable = |source: reqwest::Error| ChatError::Unreachable {
            url: url.clone(),
            // The cause names the URL as well.
            source: source.without_url(),
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&piece);
            if body.len() > MOST_BYTES {
                return Err(ChatError::Unexpected { url, member });
            }
        }
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |member: &str| answer.get(member).and_then(Value::as_str);
        if status != StatusCode::OK {
            let said = text("message").or_else(|| text("error")).map_or_else(String::new, |said| {
                format!(" ({})", harmless(&said.chars().take(200).collect::<String>()))
            });
            return Err(ChatError::Refused { what, status: status.as_u16(), said, advice });
        }
        match text(member) {
            Some(found) if !found.is_empty() => Ok(found.to_owned()),
            _ => Err(ChatError::Unexpected { url, member }),
        }
    }
}
