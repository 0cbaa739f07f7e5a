//! The calls to the host that the filter makes, and nothing else of the SDK.
//!
//! The SDK panics on a status that it does not expect, and a panic ends the VM for every request.
//! So each call here is made only in the phases, in brackets below, in which the host always
//! grants it, or by `abi`, where a status is only a status; what the host has no value for reads as
//! absent. In an answer to a look-up the request's own phase goes on for whichever request is
//! spoken for.

use std::time::Duration;

use proxy_wasm::{hostcalls, types::BufferType, types::MapType};

use crate::abi;

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

/// Lets the request go on that was paused [answer to a look-up].
pub(crate) fn resume_request() {
    // The host grants it for every request that there is.
    abi::continue_request();
}

/// Makes the calls to come, in this callback, those of this request [root context].
pub(crate) fn speak_for(context_id: u32) -> bool {
    abi::set_effective_context(context_id)
}

/// The time in milliseconds since 1970 [any].
pub(crate) fn now() -> u64 {
    abi::current_time().unwrap_or_default() / 1_000_000
}

/// Makes the host call the root context as soon as it can [any].
pub(crate) fn wake_root() -> bool {
    abi::set_tick_period(1)
}

/// Makes the host call the root context no more [tick of the root context].
pub(crate) fn let_root_sleep() {
    // A tick for nothing costs nothing.
    abi::set_tick_period(0);
}

/// What all workers share under this name [any].
pub(crate) fn shared(name: &str) -> Option<Vec<u8>> {
    abi::shared_data(name)
}

/// Shares these bytes with all workers [any]. What the host does not take is looked up again.
pub(crate) fn share(name: &str, bytes: &[u8]) {
    abi::set_shared_data(name, bytes);
}

/// Sends a `GET` to this cluster, and returns by which number its answer is known; `None`, and no
/// answer ever, if the cluster is not there [tick of the root context].
///
/// It is the SDK's call, because the SDK gives an answer to the context that it was in when it made
/// the call, and to none if it made none. Envoy has two statuses for a call that it does not take,
/// and the SDK knows both.
pub(crate) fn get(
    cluster: &str,
    path: &str,
    authorization: &str,
    longest: Duration,
) -> Option<u32> {
    let headers = vec![
        (":method", "GET"),
        (":path", path),
        (":authority", cluster),
        ("authorization", authorization),
    ];
    hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), longest).ok()
}

/// The status of the answer to such a call [answer to a look-up].
pub(crate) fn answer_status() -> Option<u16> {
    let status = hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, ":status");
    str::from_utf8(&status.ok().flatten()?).ok()?.parse().ok()
}

/// The first bytes of its body, at most `length` [answer to a look-up].
pub(crate) fn answer_body(length: usize) -> Vec<u8> {
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, length);
    body.ok().flatten().unwrap_or_default()
}
