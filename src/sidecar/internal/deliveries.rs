//! `GET /internal/v1/deliveries/{delivery_id}`: what became of a delivery.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use baton_core::tenant::TenantKey;
use baton_problem::{Problem, ProblemBody};
use baton_store::{DeliveryStanding, Settlement};
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{Internal, QUESTION, authorize, documentation::TenantNamed, slow};
use crate::cause::Chain;

/// What an operator learns of a delivery; what it holds is no part of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryShown {
    delivery_id: String,
    #[schema(value_type = TenantNamed)]
    tenant: TenantKey<'static>,
    #[schema(format = DateTime)]
    received_at: String,
    /// What became of it, or `waiting`.
    settlement: &'static str,
}

impl From<DeliveryStanding> for DeliveryShown {
    fn from(standing: DeliveryStanding) -> Self {
        let DeliveryStanding { delivery_id, tenant, received_at_ms, outcome } = standing;
        let settlement = outcome.map_or("waiting", Settlement::word);
        Self { delivery_id, tenant, received_at: time(received_at_ms), settlement }
    }
}

/// Milliseconds since 1970 as people and programs read a time (RFC 3339).
pub(super) fn time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string()
}

/// Ask what became of a delivery
#[utoipa::path(
    get, tag = "Deliveries", path = "/internal/v1/deliveries/{delivery_id}",
    params(("delivery_id" = String, Path, description = "The delivery's id.")),
    responses(
        (status = 200, body = DeliveryShown),
        (status = 404, description = "It never came, or went with its session.",
            body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn standing(
    State(internal): State<Arc<Internal>>,
    Path(delivery_id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<DeliveryShown>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let found = timeout(QUESTION, internal.directory.store.delivery_standing(&delivery_id));
    match found.await.map_err(|_| slow())? {
        Ok(Some(standing)) => Ok(Json(standing.into())),
        Ok(None) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "no delivery of this id came, or it is forgotten",
        )),
        Err(error) => {
            tracing::error!(delivery_id, error = %Chain(&error), "a delivery could not be looked up");
            Err(Problem::try_again("the store cannot be read; see the log"))
        }
    }
}
