//! The description of the API, generated from the code.

use std::sync::LazyLock;

use baton_problem::ProblemBody;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{
            ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
        },
    },
};

use crate::{chat_actions, context_link_actions, events, handoff, handoff_state, session_request};

/// The OpenAPI document of the API. `src/application/openapi.json` is a copy, which a test holds
/// to it.
pub(crate) static OPENAPI: LazyLock<String> =
    LazyLock::new(|| Documentation::openapi().to_pretty_json().unwrap_or_default() + "\n");

/// What the document is generated from.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Baton for applications",
        version = "1",
        description = "For applications that have a chat of their own: open a session, say in \
            it what the user says, hand it over to a human, read what happens. The API key says \
            in which environment of the project that is.\n\nWhat happens may also be sent as \
            webhooks by the Standard Webhooks convention: signed, and repeated until they are \
            taken, with the same `webhook-id` each time.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        session_request::open_session,
        chat_actions::post_message,
        chat_actions::post_typing,
        chat_actions::end_session,
        handoff::begin_handoff,
        events::read_events,
        context_link_actions::make_link,
        context_link_actions::revoke_links,
        handoff_state::read_handoff_state,
    ),
    components(schemas(ProblemBody, events::Event)),
    modifiers(&Keys),
)]
struct Documentation;

/// How a request shows its key.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key")));
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("api_key", key);
        components.add_security_scheme("bearer", bearer);
        let none: [&str; 0] = [];
        document.security = Some(vec![
            SecurityRequirement::new("api_key", none),
            SecurityRequirement::new("bearer", none),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// `BATON_WRITE_OPENAPI=1 cargo test -p baton-application openapi` writes it anew.
    #[test]
    fn the_openapi_document_is_what_the_code_says() {
        if env::var_os("BATON_WRITE_OPENAPI").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
            fs::write(path, &*OPENAPI).unwrap();
        } else {
            let committed = include_str!("openapi.json");
            assert!(*OPENAPI == committed, "write it anew: see this test");
        }
    }

    #[test]
    fn every_route_of_the_api_is_described() {
        let document: serde_json::Value = serde_json::from_str(&OPENAPI).unwrap();
        let mut paths: Vec<&str> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        paths.sort_unstable();
        let session = "/v1/{account_id}/{project_id}/sessions";
        let mut expected: Vec<String> =
            ["context_links", "end", "events", "handoff", "messages", "typing"]
                .iter()
                .map(|action| format!("{session}/{{session_id}}/{action}"))
                .collect();
        expected.push(session.to_owned());
        expected.push("/v1/{account_id}/{project_id}/handoff_state".to_owned());
        expected.sort_unstable();
        assert_eq!(paths, expected);
    }
}
