//! Genesys' error body (Genesys reference 3.4).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::org::OrgRefusal;
use crate::platform::rate_limit::{REQUESTS_PER_WINDOW, Rate};

/// A refusal of the Platform API.
///
/// As a response it has no body yet: the context id, which is the `ININ-Correlation-Id` of the
/// answer, is known at the border only, and [`PlatformError::written`] is called there.
#[derive(Clone, Debug)]
pub(crate) struct PlatformError(Box<ErrorBody>);

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorBody {
    message: String,
    code: &'static str,
    status: u16,
    context_id: String,
    details: Vec<Detail>,
    errors: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    message_with_params: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_params: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<Limit>,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    error_code: &'static str,
    field_name: String,
}

#[derive(Clone, Debug, Serialize)]
struct Limit {
    key: &'static str,
    namespace: &'static str,
    value: u64,
}

impl ErrorBody {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code,
            status,
            context_id: String::new(),
            details: Vec::new(),
            errors: [],
            message_with_params: None,
            message_params: None,
            entity_id: None,
            entity_name: None,
            limit: None,
            retry_after_seconds: None,
        }
    }
}

impl PlatformError {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorBody::new(status, code, message)))
    }

    /// 400: a body that is no JSON, or not of the expected form.
    pub(crate) fn malformed() -> Self {
        Self::new(
            400,
            "bad.request",
            "The request could not be understood by the server due to malformed syntax.",
        )
    }

    /// 400: a query parameter that is out of its range.
    pub(crate) fn invalid_parameter(name: &str, allowed: &str) -> Self {
        Self::new(400, "invalid.value", format!("The parameter {name} must be {allowed}."))
    }

    /// 400: a topic that does not exist, or is too long.
    pub(crate) fn invalid_topic() -> Self {
        Self::new(400, "notification.invalid.topic", "The subscription topic is not valid.")
    }

    /// 400: more topics than a channel takes.
    pub(crate) fn topic_limit() -> Self {
        Self::new(400, "bad.request", "Topic limit exceeded")
    }

    /// 401: no token was sent.
    pub(crate) fn authentication_required() -> Self {
        Self::new(
            401,
            "authentication.required",
            "No authentication bearer token specified in authorization header.",
        )
    }

    /// 401: the token is unknown, expired or revoked.
    pub(crate) fn bad_credentials() -> Self {
        Self::new(401, "bad.credentials", "Invalid login credentials.")
    }

    /// 403: every one of these permissions is needed and missing.
    pub(crate) fn missing_permissions(missing: &[&str]) -> Self {
        Self::forbidden(
            "missing.permissions",
            "Unable to perform the requested action. You are missing the following permission(s): \
             {permissions}",
            missing,
        )
    }

    /// 403: one of these permissions is needed, and none is there.
    pub(crate) fn missing_any_permissions(any_of: &[&str]) -> Self {
        Self::forbidden(
            "missing.any.permissions",
            "Unable to perform the requested action. You must have at least one of the following \
             permissions assigned: {permissions}",
            any_of,
        )
    }

    fn forbidden(code: &'static str, template: &'static str, permissions: &[&str]) -> Self {
        let permissions = permissions.join(", ");
        Self(Box::new(ErrorBody {
            message_with_params: Some(template),
            message_params: Some(BTreeMap::from([("permissions", permissions.clone())])),
            ..ErrorBody::new(403, code, template.replace("{permissions}", &permissions))
        }))
    }

    /// 404.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "not.found", "The requested resource was not found.")
    }

    /// 405.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(405, "method.not.allowed", "The method is not allowed for this resource.")
    }

    /// 413: which status Genesys gives is not known (Genesys reference 11).
    pub(crate) fn body_too_large(limit: u64) -> Self {
        Self(Box::new(ErrorBody {
            limit: Some(Limit {
                key: "request.bytes.max",
                namespace: "platform.api",
                value: limit,
            }),
            ..ErrorBody::new(413, "request.entity.too.large", "The request is larger than allowed.")
        }))
    }

    /// 415.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            415,
            "unsupported.media.type",
            "Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect \
             Content-Type value in the header.",
        )
    }

    /// 429: the token's window is used up.
    pub(crate) fn too_many_requests(rate: Rate) -> Self {
        let seconds = rate.reset_seconds;
        Self(Box::new(ErrorBody {
            limit: Some(Limit {
                key: "client.credentials.token.rate.per.minute",
                namespace: "platform.api",
                value: REQUESTS_PER_WINDOW,
            }),
            retry_after_seconds: Some(seconds),
            ..ErrorBody::new(
                429,
                "too.many.requests.retry.after",
                format!(
                    "Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds"
                ),
            )
        }))
    }

    /// What Genesys would write for this status, for a fault on command.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::malformed(),
            401 => Self::bad_credentials(),
            403 => Self::new(403, "not.authorized", "You are not authorized to do this."),
            404 => Self::not_found(),
            429 => {
                Self::too_many_requests(Rate { count: REQUESTS_PER_WINDOW + 1, reset_seconds: 1 })
            }
            503 => Self::new(
                503,
                "service.unavailable",
                "Service Unavailable - The server is currently unavailable (because it is \
                 overloaded or down for maintenance).",
            ),
            504 => Self::new(504, "request.timeout", "The request timed out."),
            status => Self::new(
                status,
                "internal.server.error",
                "The server encountered an unexpected condition which prevented it from \
                 fulfilling the request.",
            ),
        }
    }

    /// The answer with its body.
    pub(crate) fn written(self, context_id: &str) -> Response {
        let status = self.status();
        let body = ErrorBody { context_id: context_id.to_owned(), ..*self.0 };
        let retry_after = body.retry_after_seconds;
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<OrgRefusal> for PlatformError {
    fn from(refusal: OrgRefusal) -> Self {
        let (message_with_params, message_params) = match refusal.parameters {
            Some(parameters) => {
                (Some(parameters.template), Some(parameters.values.into_iter().collect()))
            }
            None => (None, None),
        };
        let details = refusal.field_name.into_iter();
        Self(Box::new(ErrorBody {
            message_with_params,
            message_params,
            entity_id: refusal.entity_id,
            entity_name: refusal.entity_name,
            details: details
                .map(|field_name| Detail { error_code: refusal.code, field_name })
                .collect(),
            ..ErrorBody::new(refusal.status, refusal.code, refusal.message)
        }))
    }
}

impl IntoResponse for PlatformError {
    /// The status alone, and the error for the border to write out.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
