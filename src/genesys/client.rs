//! One OAuth client at one organisation.

use std::{fmt, sync::Arc, time::Duration};

use baton_metrics::ClientMetrics;
use baton_process::Random;
use baton_tls::TlsError;
use bytes::Bytes;
use http::{
    HeaderValue, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::Full;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

use crate::{
    call::Call,
    calls::Users,
    error::{ApiError, CallError, TokenError, Wording},
    hosts::Hosts,
    pace::Pace,
    rate_limit::{RateLimit, RateState},
    secret::Credentials,
    token::{Issuer, LentToken, Token, TokenState, Tokens},
    transport::{Answer, Transport},
};

/// A call that waited less for its turn did not have to wait.
const NO_WAIT: Duration = Duration::from_millis(1);

/// The Platform API, as one OAuth client sees it. Clones share the token, the rate limit and what
/// was read of users. It has to live in a Tokio runtime.
#[derive(Clone)]
pub struct Genesys(Arc<Shared>);

struct Shared {
    hosts: Hosts,
    /// The address before `/api/v2`, without a slash at its end.
    base: String,
    host: String,
    pace: Pace,
    random: Random,
    tls: Arc<ClientConfig>,
    transport: Transport,
    tokens: Tokens,
    lent: Tokens,
    rate: RateLimit,
    users: Users,
    metrics: ClientMetrics,
}

impl Genesys {
    /// A client that has not said anything to Genesys yet. It fails where this machine cannot
    /// tell who Genesys is.
    pub fn new(
        hosts: Hosts,
        credentials: Credentials,
        pace: Pace,
        random: Random,
    ) -> Result<Self, TlsError> {
        Self::measured(hosts, credentials, pace, random, ClientMetrics::unread())
    }

    /// As [`Genesys::new`], for one whose calls are counted.
    pub fn measured(
        hosts: Hosts,
        credentials: Credentials,
        pace: Pace,
        random: Random,
        metrics: ClientMetrics,
    ) -> Result<Self, TlsError> {
        // What is never encrypted takes nobody's certificate.
        let authorities = match hosts.are_plain() {
            true => RootCertStore::empty(),
            false => baton_tls::system_authorities()?,
        };
        let tls = Arc::new(baton_tls::client(authorities)?.with_no_client_auth());
        let transport = Transport::new(&tls, &pace);
        let issuer =
            Issuer::new(transport.clone(), &hosts, credentials, pace.clone(), metrics.clone());
        Ok(Self(Arc::new(Shared {
            base: hosts.api().as_str().trim_end_matches('/').to_owned(),
            host: hosts.api().host_str().unwrap_or_default().to_owned(),
            tokens: Tokens::new(issuer.clone(), pace.clone(), random.clone()),
            lent: Tokens::new(issuer, pace.clone(), random.clone()),
            rate: RateLimit::new(&pace),
            users: Users::new(pace.user_kept),
            metrics,
            hosts,
            pace,
            random,
            tls,
            transport,
        })))
    }

    /// A token for another program on this host. It is not the one that this client uses: each
    /// token has a rate limit of its own.
    pub async fn lend_token(&self) -> Result<LentToken, TokenError> {
        self.0.lent.lend().await
    }

    /// How things stand with the token of this client.
    pub fn token_state(&self) -> TokenState {
        self.0.tokens.state()
    }

    /// How things stand with the rate limit of this client.
    pub fn rate_state(&self) -> RateState {
        self.0.rate.state()
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.0.hosts
    }

    /// For what needs no token.
    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    /// For sockets, which go around the rest of this.
    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.0.tls
    }

    pub(crate) fn metrics(&self) -> &ClientMetrics {
        &self.0.metrics
    }

    pub(crate) fn users(&self) -> &Users {
        &self.0.users
    }

    /// Makes the call and reads its answer.
    pub(crate) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let body = self.bytes(&call).await?;
        serde_json::from_slice(&body).map_err(|error| {
            // The error itself may quote what stands there.
            let (line, column) = (error.line(), error.column());
            let reason = format!("it differs at line {line}, column {column}");
            self.unreadable(call.purpose, reason)
        })
    }

    /// Makes the call; its answer says nothing.
    pub(crate) async fn carry_out(&self, call: Call) -> Result<(), CallError> {
        self.taken(&call).await.map(drop)
    }

    /// Makes the call. That Genesys took it is all that counts: an answer that is too long to be
    /// read is taken for an empty one.
    pub(crate) async fn taken(&self, call: &Call) -> Result<Bytes, CallError> {
        match self.bytes(call).await {
            Err(CallError::TooLong { .. }) => Ok(Bytes::new()),
            outcome => outcome,
        }
    }

    /// Makes the call. If Genesys refuses the token, the call is made once more with another.
    pub(crate) async fn bytes(&self, call: &Call) -> Result<Bytes, CallError> {
        match self.attempt(call).await {
            Err(CallError::Genesys(error)) if error.status == StatusCode::UNAUTHORIZED => {
                self.attempt(call).await
            }
            outcome => outcome,
        }
    }

    pub(crate) fn unreadable(&self, purpose: &'static str, reason: String) -> CallError {
        CallError::Unreadable { purpose, host: self.0.host.clone(), reason }
    }

    async fn attempt(&self, call: &Call) -> Result<Bytes, CallError> {
        let Shared { tokens, rate, metrics, .. } = &*self.0;
        let purpose = call.purpose;
        let token = tokens.token().await?;
        let request = self.request(call, &token)?;
        let asked = Instant::now();
        let turn = rate.turn(call.class).await.map_err(|_| CallError::Busy { purpose })?;
        if asked.elapsed() >= NO_WAIT {
            metrics.waited(asked.elapsed());
        }
        let answer = self.exchange(call, request).await?;
        rate.observe(answer.status, &answer.headers);
        drop(turn);
        self.learn(&token, answer.status);
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let wording = wording(call, &token, &answer);
        Err(CallError::Genesys(Box::new(ApiError::read(purpose, &answer, wording))))
    }

    /// Sends the request and reads its answer, whatever its status.
    async fn exchange(
        &self,
        call: &Call,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, CallError> {
        let Shared { transport, host, metrics, .. } = &*self.0;
        let Call { purpose, method, most_bytes, .. } = call;
        let span = baton_traces::child!(
            "genesys call",
            "client",
            purpose,
            http.request.method = %method,
            server.address = host,
            http.response.status_code = Empty,
        );
        let begun = Instant::now();
        let sent = transport.send(request, *most_bytes).instrument(span.clone()).await;
        let status = sent.as_ref().ok().map(|answer| answer.status.as_u16());
        metrics.called(purpose, status, begun.elapsed());
        baton_traces::answered(&span, status);
        sent.map_err(|error| CallError::of_transport(error, purpose, host))
    }

    /// Learns from the status of an answer whether the token is good. The one that was lent is
    /// given up together with our own: Genesys revokes the tokens of an OAuth client, not one of
    /// them (Genesys reference, 3.5).
    fn learn(&self, token: &Token, status: StatusCode) {
        let Shared { tokens, lent, .. } = &*self.0;
        if status != StatusCode::UNAUTHORIZED {
            tokens.accepted(token);
        } else if tokens.refused(token) {
            lent.forget();
        }
    }

    fn request(&self, call: &Call, token: &Token) -> Result<Request<Full<Bytes>>, CallError> {
        let refused = |_| self.unreadable(call.purpose, "the token is no header".to_owned());
        let bearer = zeroize::Zeroizing::new(format!("Bearer {}", token.secret.expose()));
        let mut authorization = HeaderValue::from_str(&bearer).map_err(refused)?;
        authorization.set_sensitive(true);
        let mut request = Request::builder()
            .method(&call.method)
            .uri(format!("{}{}", self.0.base, call.target))
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json");
        if call.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request
            .body(Full::from(call.body.clone().unwrap_or_default()))
            .map_err(|_| self.unreadable(call.purpose, "its address is too long".to_owned()))
    }
}

/// How much of the sentence in an answer may be shown. Whoever answers in Genesys' place, such as a
/// proxy that tells what it got, may quote the token.
fn wording(call: &Call, token: &Token, answer: &Answer) -> Wording {
    let token = token.secret.expose().as_bytes();
    let quotes_token = answer.body.windows(token.len().max(1)).any(|part| part == token);
    if quotes_token { Wording::Nothing } else { call.wording() }
}

impl fmt::Debug for Genesys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Genesys").field("host", &self.0.host).finish_non_exhaustive()
    }
}
