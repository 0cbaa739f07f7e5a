//! The operator's side of a running sidecar: the client of its internal API.
//!
//! Every command that asks a sidecar something takes [`AdminArguments`] and makes an
//! [`AdminClient`] of it.

mod address;
mod arguments;
mod error;
mod tls;
mod transport;
mod transport_error;

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT},
};
use http_body_util::Full;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Position;

#[cfg(feature = "simulator")]
pub(crate) use self::tls::authorities_of_file;
use self::{
    address::SidecarAddress,
    error::CredentialOrigin,
    transport::{Answer, Transport},
    transport_error::TransportError,
};
pub(crate) use self::{arguments::AdminArguments, error::AdminError};
use crate::output::harmless;

/// The most bytes of an answer that are read at once.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The most characters of a refusal that are shown.
const MOST_SAID: usize = 400;

/// Asks a sidecar. A path is given by its segments after `/internal/v1`, so that an id with a
/// slash in it stays one segment.
pub(crate) struct AdminClient {
    transport: Transport,
    address: SidecarAddress,
    patience: Duration,
    credential: HeaderValue,
    origin: CredentialOrigin,
}

/// A refusal as it comes over the wire (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl AdminClient {
    /// What the sidecar has under this path.
    ///
    /// # Errors
    ///
    /// [`AdminError`] says what is wrong and what to do.
    pub(crate) async fn get<Reply: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, AdminError> {
        self.read(self.send(Method::GET, path, query, None).await?).await
    }

    /// Posts this body.
    ///
    /// # Errors
    ///
    /// As [`AdminClient::get`].
    pub(crate) async fn post<Reply: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &Value,
    ) -> Result<Reply, AdminError> {
        self.read(self.send(Method::POST, path, &[], Some(body)).await?).await
    }

    /// Puts this body there.
    ///
    /// # Errors
    ///
    /// As [`AdminClient::get`].
    pub(crate) async fn put<Reply: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &Value,
    ) -> Result<Reply, AdminError> {
        self.read(self.send(Method::PUT, path, &[], Some(body)).await?).await
    }

    /// Deletes what is there.
    ///
    /// # Errors
    ///
    /// As [`AdminClient::get`].
    pub(crate) async fn delete<Reply: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Reply, AdminError> {
        self.read(self.send(Method::DELETE, path, query, None).await?).await
    }

    /// What the sidecar makes on a post under this path, piece by piece.
    ///
    /// # Errors
    ///
    /// As [`AdminClient::get`].
    pub(crate) async fn download(&self, path: &[&str]) -> Result<Download<'_>, AdminError> {
        let answer = self.send(Method::POST, path, &[], None).await?;
        Ok(Download { client: self, answer })
    }

    /// Sends a request. The answer is none of a refusal.
    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, AdminError> {
        let request = self.request(method, path, query, body)?;
        let answer = self.transport.send(request, self.patience).await;
        let answer =
            answer.map_err(|source| AdminError::NoAnswer { sidecar: self.sidecar(), source })?;
        match answer.status {
            status if status.is_success() => Ok(answer),
            StatusCode::UNAUTHORIZED => Err(AdminError::Unauthorized {
                sidecar: self.sidecar(),
                origin: self.origin.clone(),
            }),
            status => {
                let problem: Problem = serde_json::from_slice(&self.body(answer).await?)
                    .map_err(|_| self.unexpected())?;
                let said: String = harmless(&problem.detail).chars().take(MOST_SAID).collect();
                let said = said.replace('\n', " ");
                Err(AdminError::Refused { sidecar: self.sidecar(), status, said })
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Request<Full<Bytes>>, AdminError> {
        let mut url = self.address.base.clone();
        // An http address has segments always.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["internal", "v1"]).extend(path);
        }
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = Request::builder()
            .method(method)
            .uri(&url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
            .header(AUTHORIZATION, self.credential.clone())
            .header(USER_AGENT, concat!("baton/", env!("CARGO_PKG_VERSION")));
        let request = match body {
            Some(body) => {
                request.header(CONTENT_TYPE, "application/json").body(Full::from(body.to_string()))
            }
            None => request.body(Full::default()),
        };
        request.map_err(|_| self.unexpected())
    }

    async fn read<Reply: DeserializeOwned>(&self, answer: Answer) -> Result<Reply, AdminError> {
        let body = self.body(answer).await?;
        // An answer without a body reads as nothing.
        let body = if body.is_empty() { b"null" } else { &*body };
        serde_json::from_slice(body).map_err(|_| self.unexpected())
    }

    async fn body(&self, answer: Answer) -> Result<Bytes, AdminError> {
        answer.whole(MOST_BYTES).await.map_err(|source| self.broken_off(source))
    }

    fn sidecar(&self) -> String {
        self.address.to_string()
    }

    fn unexpected(&self) -> AdminError {
        AdminError::Unexpected { sidecar: self.sidecar() }
    }

    fn broken_off(&self, source: TransportError) -> AdminError {
        AdminError::BrokenOff { sidecar: self.sidecar(), source }
    }
}

/// What comes from a sidecar piece by piece.
pub(crate) struct Download<'a> {
    client: &'a AdminClient,
    answer: Answer,
}

impl Download<'_> {
    /// The next piece; none after the last.
    ///
    /// # Errors
    ///
    /// [`AdminError::BrokenOff`] if that was not the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, AdminError> {
        self.answer.next().await.map_err(|source| self.client.broken_off(source))
    }
}
