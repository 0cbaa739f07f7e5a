//! `GET /internal/v1/openapi.json`: the description of the internal API, generated from the code.

use std::sync::{Arc, LazyLock};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use baton_problem::{Problem, ProblemBody};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        OpenApi as Document,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    Internal, authorize, backup, context_links, dead_letters, deliveries, genesys_secret, handoffs,
    look_up, state, stored_tenants, tokens,
};
use crate::intake;

/// The OpenAPI document of the API. `src/sidecar/openapi.json` is a copy, which a test holds to it.
static OPENAPI: LazyLock<String> =
    LazyLock::new(|| Documentation::openapi().to_pretty_json().unwrap_or_default() + "\n");

/// The rights inside, each with credentials of its own, and who is to have them. All of them are
/// shown as `authorization: Bearer …`.
const RIGHTS: [(&str, &str); 5] = [
    ("deliver", "An edge's: `internal.delivery_credentials`."),
    ("look_up", "An edge's that looks tenants up: `internal.look_up_credentials`."),
    (
        "token",
        "Of a program that calls Genesys for the tenant: the tenant's \
         `genesys.token_credentials`.",
    ),
    (
        "hand_over",
        "Of a program that hands the tenant's users over: the tenant's \
         `genesys.handoff_credentials`.",
    ),
    ("admin", "An operator's: `internal.admin_credentials`."),
];

/// Whose it is.
#[derive(ToSchema)]
#[schema(as = TenantKey)]
pub(crate) struct TenantNamed {
    #[expect(dead_code, reason = "it is described, and never made")]
    account_id: String,
    #[expect(dead_code, reason = "it is described, and never made")]
    project_id: String,
    #[expect(dead_code, reason = "it is described, and never made")]
    client_env: String,
}

/// What the document is generated from.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Baton inside",
        version = "1",
        description = "For edges and operators, on the internal listener: deliveries, what became \
            of them, and what there is to do. Each operation names the rights of which one is \
            needed; without it the answer is 401.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        intake::deliver,
        deliveries::standing,
        dead_letters::list,
        dead_letters::show,
        dead_letters::discard,
        dead_letters::replay,
        dead_letters::replay_all,
        dead_letters::discard_all,
        super::session,
        handoffs::begin,
        context_links::revoke,
        look_up::look_up,
        tokens::lend,
        state::tenants,
        backup::back_up,
        stored_tenants::list,
        stored_tenants::show,
        stored_tenants::put,
        stored_tenants::remove,
        stored_tenants::begin_rotation,
        stored_tenants::end_rotation,
        genesys_secret::apply,
        show,
    ),
    components(schemas(ProblemBody)),
    modifiers(&Rights),
)]
struct Documentation;

/// How a request shows its right.
struct Rights;

impl Modify for Rights {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        for (name, whose) in RIGHTS {
            let bearer =
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(whose)).build();
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

/// Read this document
#[utoipa::path(
    get, tag = "State", path = "/internal/v1/openapi.json",
    responses((status = 200, body = Object)),
    security(("admin" = [])),
)]
pub(super) async fn show(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(CONTENT_TYPE, json)], OPENAPI.as_str()).into_response())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fs, path::Path};

    use super::*;

    fn document() -> serde_json::Value {
        serde_json::from_str(&OPENAPI).unwrap()
    }

    /// `BATON_WRITE_OPENAPI=1 cargo test -p baton-sidecar openapi` writes it anew.
    #[test]
    fn the_openapi_document_is_what_the_code_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
        if env::var_os("BATON_WRITE_OPENAPI").is_some() {
            fs::write(path, &*OPENAPI).unwrap();
        } else {
            let committed = fs::read_to_string(path).unwrap();
            assert!(*OPENAPI == committed, "write it anew: see this test");
        }
    }

    /// What the router takes, read from where it is made.
    fn routes() -> BTreeSet<(String, String)> {
        let source = include_str!("../internal.rs");
        let mut routes = BTreeSet::new();
        for route in source.split(".route(").skip(1) {
            // The path is the first text; what calls its methods ends before the next route.
            let route = route.split(".fallback(").next().unwrap();
            let mut parts = route.splitn(3, '"').skip(1);
            let (path, methods) = (parts.next().unwrap(), parts.next().unwrap());
            for method in ["get", "post", "put", "patch", "delete"] {
                let calls = |call: &str| methods.contains(call);
                if calls(&format!(" {method}(")) || calls(&format!(".{method}(")) {
                    routes.insert((path.to_owned(), method.to_owned()));
                }
            }
        }
        routes
    }

    #[test]
    fn every_route_is_described_and_nothing_else_is() {
        let document = document();
        let mut described = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                described.insert((path.clone(), method.clone()));
            }
        }
        let routes = routes();
        assert!(routes.len() > 10, "{routes:?}");
        assert_eq!(described, routes);
    }

    #[test]
    fn every_operation_names_the_right_that_it_needs() {
        let document = document();
        let rights: BTreeSet<&str> = RIGHTS.iter().map(|(name, _)| *name).collect();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for operation in operations.as_object().unwrap().values() {
                let named = operation["security"].as_array().unwrap();
                let named = named.iter().flat_map(|one| one.as_object().unwrap().keys());
                let named: BTreeSet<&str> = named.map(String::as_str).collect();
                assert!(named.is_subset(&rights), "{path}: {named:?}");
                assert!(!named.is_empty(), "{path}");
            }
        }
    }
}
