//! The body of a request.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::Value;

use crate::platform::error_body::PlatformError;

/// `request.bytes.max` (Genesys reference 3.3).
pub(crate) const BODY_LIMIT: usize = 512_000;

/// A body of JSON, not over the limit.
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = PlatformError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, PlatformError> {
        let too_large = || PlatformError::body_too_large(BODY_LIMIT as u64);
        if content_length(request.headers()).is_some_and(|length| length > BODY_LIMIT) {
            return Err(too_large());
        }
        if !is_json(request.headers()) {
            return Err(PlatformError::unsupported_media_type());
        }
        let body = to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| too_large())?;
        serde_json::from_slice(&body).map(Self).map_err(|_| PlatformError::malformed())
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
