//! `POST …/stored_tenants/{account_id}/{project_id}/{client_env}/rotation/apply`: has Genesys sign
//! with the new webhook secret, in place of an operator on the admin pages.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use baton_core::tenant::TenantKey;
use baton_genesys::IntegrationChange;
use baton_problem::{Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Internal, TenantNamed, authorize,
    stored_tenants::{TenantPath, refused},
};
use crate::cause::Chain;

/// That Genesys signs with the new secret.
#[derive(Serialize, ToSchema)]
#[schema(as = RotationApplied)]
pub(super) struct Applied {
    #[schema(value_type = TenantNamed)]
    tenant: TenantKey<'static>,
    /// The integration whose webhooks it signs.
    integration_id: String,
}

/// Have Genesys sign with the new webhook secret
///
/// The tenant's OAuth client needs `messaging:integration:edit` for it.
#[utoipa::path(
    post, tag = "Tenants in the store",
    path = "/internal/v1/stored_tenants/{account_id}/{project_id}/{client_env}/rotation/apply",
    params(TenantPath),
    responses(
        (status = 200, body = Applied),
        (status = 404, description = "There is none in the store.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "Not every edge has the new secret yet, no rotation goes on, \
            or the tenant has no way to Genesys.", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 502, description = "Genesys refused, or gave no answer.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn apply(
    State(internal): State<Arc<Internal>>,
    Path(tenant): Path<TenantPath>,
    headers: HeaderMap,
) -> Result<Json<Applied>, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let tenant = tenant.key();
    let secret = internal.tenant_orders.new_secret(tenant.clone()).await.map_err(refused)?;
    let conflict = |detail| Problem::new(StatusCode::CONFLICT, detail);
    let link = internal.links.of(&tenant);
    let link = link.ok_or_else(|| conflict("the tenant has no section genesys"))?;
    let id = link.integration_id.get();
    let id = id.ok_or_else(|| conflict("the integration was not found in Genesys yet"))?.clone();
    let change = IntegrationChange { signature_secret: Some(secret), ..Default::default() };
    match link.genesys.change_integration(&id, &change).await {
        Ok(_) => Ok(Json(Applied { tenant, integration_id: id })),
        Err(error) => {
            tracing::error!(%tenant, error = %Chain(&error), "a secret may not be in Genesys");
            let detail = format!(
                "Genesys did not say that it took the secret; ask again, which does no harm: {}",
                Chain(&error)
            );
            Err(Problem::new(StatusCode::BAD_GATEWAY, detail))
        }
    }
}
