//! `GET /baton-chat.js`: the web component `<baton-chat>`, for pages that embed it.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use baton_web::{Asset, asset};

use crate::refusal::Refusal;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Gives the script to whoever asks, from a page of any origin: there is nothing secret in it.
pub(crate) async fn serve(headers: HeaderMap) -> Result<Response, Refusal> {
    let script = asset("baton-chat.js").ok_or(Refusal::NotBuilt)?;
    Ok(answer(script, headers.get(IF_NONE_MATCH)))
}

fn answer(script: Asset, known: Option<&HeaderValue>) -> Response {
    let headers = [
        (ETAG, script.etag),
        (CACHE_CONTROL, "public, max-age=3600"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if known.is_some_and(|known| names(known, script.etag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, script.content_type)], script.bytes).into_response()
}

/// Whether the tag is one of those listed (RFC 9110, 13.1.2). A proxy that compresses makes a tag
/// a weak one.
fn names(known: &HeaderValue, etag: &str) -> bool {
    let mut known = known.to_str().unwrap_or_default().split(',').map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: Asset = Asset { bytes: b"1;", content_type: "text/javascript", etag: "\"abc\"" };

    fn answered(known: Option<&'static str>) -> Response {
        answer(SCRIPT, known.map(HeaderValue::from_static).as_ref())
    }

    #[test]
    fn a_page_of_any_origin_may_have_the_script() {
        let response = answered(None);
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [
            ("content-type", "text/javascript"),
            ("etag", "\"abc\""),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
    }

    #[test]
    fn who_has_the_script_already_is_told_so() {
        for known in ["\"abc\"", "W/\"abc\"", "\"old\", \"abc\"", "*"] {
            assert_eq!(answered(Some(known)).status(), StatusCode::NOT_MODIFIED, "{known}");
        }
        for known in ["\"old\"", "abc", ""] {
            assert_eq!(answered(Some(known)).status(), StatusCode::OK, "{known}");
        }
    }
}
