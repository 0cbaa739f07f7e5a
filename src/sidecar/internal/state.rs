//! How the tenants stand: `GET /internal/v1/tenants`.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use baton_core::tenant::TenantKey;
use baton_genesys::{ChannelStatus, TokenState};
use baton_problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Internal, authorize, documentation::TenantNamed};
use crate::{link::Link, standing::Standing};

/// How a tenant stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantShown {
    #[schema(value_type = TenantNamed)]
    tenant: TenantKey<'static>,
    #[serde(flatten)]
    #[schema(value_type = StandingShown)]
    standing: Standing,
    integration_id: Option<String>,
    token: &'static str,
    /// Calls that wait for the rate limit.
    waiting_calls: usize,
    channels: Vec<ChannelShown>,
}

/// Whether Genesys does what is asked for a tenant.
#[derive(ToSchema)]
#[schema(as = Standing)]
struct StandingShown {
    /// `checking`, `up` or `down`.
    #[expect(dead_code, reason = "it is described, and never made")]
    state: String,
    /// Where it is down: why, and what to do.
    #[expect(dead_code, reason = "it is described, and never made")]
    problem: Option<String>,
}

/// How a notification channel stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
struct ChannelShown {
    number: usize,
    state: &'static str,
    topics: usize,
    /// Topics that Genesys does not grant; their handoffs are read over REST.
    refused: usize,
    replaced: u32,
}

/// Ask how each tenant stands with Genesys
#[utoipa::path(
    get, tag = "State", path = "/internal/v1/tenants",
    responses((status = 200, body = [TenantShown])),
    security(("admin" = [])),
)]
pub(super) async fn tenants(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let shown = |link: &Arc<Link>| TenantShown {
        tenant: link.tenant.clone(),
        standing: link.standing.now(),
        integration_id: link.integration_id.get().cloned(),
        token: token_state(link),
        waiting_calls: waiting(link),
        channels: channels(link),
    };
    let mut tenants: Vec<TenantShown> = internal.links.iter().map(shown).collect();
    tenants.sort_by_key(|shown| shown.tenant.to_string());
    Ok(Json(tenants).into_response())
}

pub(super) fn token_state(link: &Link) -> &'static str {
    match link.genesys.token_state() {
        TokenState::None => "none",
        TokenState::Held { .. } => "held",
        TokenState::Failing { .. } => "failing",
    }
}

pub(super) fn waiting(link: &Link) -> usize {
    link.genesys.rate_state().waiting.iter().map(|(_, waiting)| waiting).sum()
}

fn channels(link: &Link) -> Vec<ChannelShown> {
    let shown = |status: &ChannelStatus| ChannelShown {
        number: status.number,
        state: status.state.name(),
        topics: status.topics,
        refused: status.refused,
        replaced: status.replaced,
    };
    link.channels.states().borrow().iter().map(shown).collect()
}
