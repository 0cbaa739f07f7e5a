//! What a request is refused with: `application/problem+json` (RFC 9457).
//!
//! Of the edge's refusals, which have to be the same bytes on every host, the core has its own.

use axum::{
    Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    /// What kind it is.
    pub status: StatusCode,
    /// What happened, and what to do: one line, with nothing in it of what the request held.
    pub detail: String,
}

/// Why a request was refused (RFC 9457, application/problem+json).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The status in words.
    #[schema(example = "Conflict")]
    title: &'static str,
    /// The status.
    #[schema(example = 409)]
    status: u16,
    /// What happened, and what to do.
    #[schema(example = "the session has ended")]
    detail: String,
}

impl Problem {
    /// A refusal of this kind.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// Something in the request is not as it has to be.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What it takes to be let in is missing or wrong.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// Something cannot be done as things stand.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// It cannot be done now, and may be asked for again in a second.
    pub fn try_again(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Whether it passes by itself.
    pub fn may_pass(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        add_hints(self.status, headers);
        response
    }
}

/// Adds what goes with some statuses, whatever the body: when to ask again, and what to show.
pub fn add_hints(status: StatusCode, headers: &mut HeaderMap) {
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn a_problem_says_what_happened() {
        let response = Problem::conflict("the session has ended").into_response();
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let said = json!({
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": "the session has ended",
        });
        assert_eq!(body, said);
    }

    #[test]
    fn who_may_ask_again_is_told_when_and_who_has_to_show_something_what() {
        let headers = |problem: Problem| problem.into_response().headers().clone();
        assert_eq!(headers(Problem::try_again("wait"))[RETRY_AFTER], "1");
        assert_eq!(headers(Problem::unauthorized("show a key"))[WWW_AUTHENTICATE], "Bearer");
        let invalid = headers(Problem::invalid("no"));
        assert!(!invalid.contains_key(RETRY_AFTER) && !invalid.contains_key(WWW_AUTHENTICATE));
    }
}
