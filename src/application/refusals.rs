//! How the description of the API tells with what any request may be refused. What only one of them
//! is refused with stands with that one, and may say more of a status that is here too.

use std::collections::BTreeMap;

use baton_problem::ProblemBody;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

/// By its status, as text.
type Responses = BTreeMap<String, RefOr<Response>>;

/// Of a request of a project.
pub(crate) struct ProjectRefusals;

impl IntoResponses for ProjectRefusals {
    fn responses() -> Responses {
        [
            refusal("401", "The key is missing or wrong."),
            refusal("429", "The project's applications ask too often."),
            refusal("503", "Try again."),
        ]
        .into()
    }
}

/// Of a request about a session.
pub(crate) struct SessionRefusals;

impl IntoResponses for SessionRefusals {
    fn responses() -> Responses {
        let mut responses = ProjectRefusals::responses();
        responses.extend([refusal("404", "There is no such session.")]);
        responses
    }
}

fn refusal(status: &str, description: &str) -> (String, RefOr<Response>) {
    let body = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    let response =
        ResponseBuilder::new().description(description).content("application/problem+json", body);
    (status.to_owned(), response.build().into())
}
