//! The edge in this process, for those who have no proxy: the same gate as in every other, and the
//! intake behind it without a way between them.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use baton_core::{
    api_key::ApiKey,
    configuration::{
        Configuration, DEFAULT_MAX_BODY_BYTES, DEFAULT_PATH_PREFIXES, Envoy, UnlistedTenants,
        Upstream,
    },
    exchange::{
        BodyProblem, DeliveryRequest, Host, LONGEST_BODY, LONGEST_DELIVERY, Outcome, Reply,
        RequestHead, Response as Answer, Trouble, exchange,
    },
    gate::Gate,
    tenant::{Tenant, TenantKey},
    translation::BotMessages,
};
use baton_edge_http::{headers, whole};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::{
    configuration::{self, TenantEdge},
    intake,
    internal::Internal,
};

/// What serves webhooks.
pub(crate) struct Edge {
    gate: Gate,
    internal: Arc<Internal>,
}

impl Edge {
    /// The edge for the tenants that the internal listener knows of.
    pub(crate) fn new(internal: Arc<Internal>) -> Self {
        let tenants =
            internal.edges.iter().map(|(key, edge)| (key.clone(), Arc::new(tenant(key, edge))));
        let configuration = Configuration {
            path_prefixes: DEFAULT_PATH_PREFIXES.map(Into::into).into(),
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            // Unless the tenant says otherwise, what becomes of them is its handoff's to decide.
            bot_messages: BotMessages::Forward,
            // Nothing goes there: the intake is called.
            upstream: Upstream { path: "/internal".into(), authorization: String::new() },
            tenants: tenants.collect(),
            unlisted_tenants: UnlistedTenants::Refuse,
            look_up: Default::default(),
            envoy: Envoy::default(),
            warnings: Vec::new(),
        };
        Self { gate: Gate::new(configuration), internal }
    }

    pub(crate) fn router(self) -> Router {
        Router::new().fallback(serve).with_state(Arc::new(self))
    }
}

/// By what the tenants' webhooks are known.
pub(crate) fn edges(tenants: &[configuration::Tenant]) -> HashMap<TenantKey<'static>, TenantEdge> {
    let known = |tenant: &configuration::Tenant| Some((tenant.key.clone(), tenant.edge.clone()?));
    tenants.iter().filter_map(known).collect()
}

fn tenant(key: &TenantKey<'static>, edge: &TenantEdge) -> Tenant {
    let secrets = edge.signature_secrets.iter().map(|secret| secret.expose());
    let mut tenant = Tenant::new(key.clone(), secrets);
    for (active, digest) in tenant.api_keys.0.iter_mut().zip(&edge.api_keys) {
        *active = ApiKey::of_digest(&digest.to_hex());
    }
    tenant.policy.bot_messages = edge.bot_messages;
    tenant
}

async fn serve(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let headers = headers(&parts.headers);
    let head = RequestHead {
        method: parts.method.as_str().as_bytes(),
        path: path.as_bytes(),
        headers: &headers,
    };
    let mut process = Process { internal: &edge.internal, body: Some(body) };
    let outcome = exchange(&edge.gate, &head, &mut process).await;
    if let Outcome::Refused(refusal) = &outcome {
        tracing::debug!(reason = refusal.label(), "a webhook was refused");
    }
    let Reply { status, headers, body } = outcome.reply();
    let mut answer = Response::new(Body::from(body.into_owned()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The calls of this process, for one request.
struct Process<'p> {
    internal: &'p Internal,
    /// Until it is read.
    body: Option<Body>,
}

impl Host for Process<'_> {
    /// Nothing is looked up, so that no time counts.
    fn now(&self) -> u64 {
        0
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = self.body.take().ok_or(BodyProblem::Broken)?;
        timeout(LONGEST_BODY, whole(body, most)).await.unwrap_or(Err(BodyProblem::Broken))
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Answer> {
        let taken = intake::take_in(self.internal, request.body.to_vec());
        let answer = timeout(LONGEST_DELIVERY, taken).await.ok()?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes().into();
        Some(Answer { status: parts.status.as_u16(), body })
    }

    async fn look_up(&mut self, _: &str, _: &str) -> Option<Answer> {
        None
    }

    async fn kept(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }

    async fn keep(&mut self, _: &str, _: &[u8]) {}

    fn report(&mut self, trouble: &Trouble) {
        tracing::warn!(%trouble, "a webhook got 503");
    }
}
