//! The body of a request.

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde_json::Value;

use crate::platform::error_body::PlatformError;

/// A body of JSON.
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = PlatformError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PlatformError> {
        if !is_json(request.headers()) {
            return Err(PlatformError::unsupported_media_type());
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|_| PlatformError::malformed())?;
        serde_json::from_slice(&body).map(Self).map_err(|_| PlatformError::malformed())
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
