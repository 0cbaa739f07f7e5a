//! The calls to the host that the filter makes, and nothing else of the SDK.
//!
//! The SDK panics on a status that it does not expect, and a panic ends the VM for every
//! request. So each call here is one that the host grants in the phase it is made in (in brackets below), it
//! takes and gives bytes, and what the host does refuse reads as absent.

use proxy_wasm::{hostcalls, types::BufferType, types::MapType};

/// A header: its name in lower case and its value.
pub(crate) type Header = (String, Vec<u8>);

/// All headers of the request [request headers].
pub(crate) fn request_headers() -> Vec<Header> {
    hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default()
}

/// Puts these headers in the place of the request's [request headers].
pub(crate) fn set_request_headers(headers: Vec<(&str, &[u8])>) -> bool {
    hostcalls::set_map_bytes(MapType::HttpRequestHeaders, headers).is_ok()
}

/// Sets the request's content length [request body and trailers, only while the request is
/// paused in its headers].
pub(crate) fn set_content_length(length: usize) {
    let length = length.to_string();
    let map = MapType::HttpRequestHeaders;
    // Without it the request goes up chunked, which is right as well.
    let _ = hostcalls::set_map_value_bytes(map, "content-length", Some(length.as_bytes()));
}

/// Drops the request's trailers [request trailers].
pub(crate) fn drop_request_trailers() -> bool {
    hostcalls::set_map_bytes(MapType::HttpRequestTrailers, Vec::new()).is_ok()
}

/// The first bytes of the buffered body, at most `length` [request body and trailers].
pub(crate) fn request_body(length: usize) -> Vec<u8> {
    let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, length);
    body.ok().flatten().unwrap_or_default()
}

/// Puts these bytes in the place of the whole buffered body [request body and trailers].
pub(crate) fn set_request_body(body: &[u8]) -> bool {
    hostcalls::set_buffer(BufferType::HttpRequestBody, 0, usize::MAX, body).is_ok()
}

/// The status of the response [response headers].
pub(crate) fn response_status() -> Option<u16> {
    let status = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status");
    str::from_utf8(&status.ok().flatten()?).ok()?.parse().ok()
}

/// Answers the request in the upstream's place [any phase of the request; response headers].
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) {
    // There is no other answer to give when this one fails.
    let _ = hostcalls::send_http_response(status.into(), headers.to_vec(), Some(body.as_bytes()));
}
