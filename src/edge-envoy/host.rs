//! The calls to the host that the filter makes, and nothing else of the SDK.
//!
//! The SDK panics on a status that it does not expect, and a panic ends the VM for every request.
//! So each call here is made only in the phases, in brackets below, in which the host always
//! grants it; what it has no value for reads as absent.

use proxy_wasm::{hostcalls, types::BufferType, types::MapType};

/// A header: its name in lower case and its value.
pub(crate) type Header = (String, Vec<u8>);

/// All headers of the request [request headers].
pub(crate) fn request_headers() -> Vec<Header> {
    hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default()
}

/// Puts these headers in the place of the request's [request headers].
pub(crate) fn set_request_headers(headers: Vec<(&str, &[u8])>) {
    let _ = hostcalls::set_map_bytes(MapType::HttpRequestHeaders, headers);
}

/// Sets the request's content length [request body and trailers, only while the request is
/// paused in its headers].
pub(crate) fn set_content_length(length: usize) {
    let length = length.to_string();
    let map = MapType::HttpRequestHeaders;
    let _ = hostcalls::set_map_value_bytes(map, "content-length", Some(length.as_bytes()));
}

/// Drops the request's trailers [request trailers].
pub(crate) fn drop_request_trailers() {
    let _ = hostcalls::set_map_bytes(MapType::HttpRequestTrailers, Vec::new());
}

/// The first bytes of the buffered body, at most `length` [request body and trailers].
pub(crate) fn request_body(length: usize) -> Vec<u8> {
    let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, length);
    body.ok().flatten().unwrap_or_default()
}

/// Puts these bytes in the place of the whole buffered body [request body and trailers].
pub(crate) fn set_request_body(body: &[u8]) {
    let _ = hostcalls::set_buffer(BufferType::HttpRequestBody, 0, usize::MAX, body);
}

/// The status of the response [response headers].
pub(crate) fn response_status() -> Option<u16> {
    let status = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status");
    str::from_utf8(&status.ok().flatten()?).ok()?.parse().ok()
}

/// Sets the status of the response [response headers].
pub(crate) fn set_response_status(status: u16) {
    let status = status.to_string();
    let map = MapType::HttpResponseHeaders;
    let _ = hostcalls::set_map_value_bytes(map, ":status", Some(status.as_bytes()));
}

/// Answers the request in the upstream's place [any phase of the request; response headers].
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) {
    let _ = hostcalls::send_http_response(status.into(), headers.to_vec(), Some(body.as_bytes()));
}
