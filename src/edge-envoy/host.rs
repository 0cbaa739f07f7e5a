//! The calls to the host that the filter makes, and nothing else of the SDK.
//!
//! The SDK panics on a status that it does not expect, and a panic ends the VM for every request.
//! So each call here is made only in the phases, in brackets below, in which the host always
//! grants it, or by `abi`, where a status is only a status; what the host has no value for reads as
//! absent. In an answer to a look-up the request's own phase goes on for whichever request is
//! spoken for.

use std::time::Duration;

use proxy_wasm::{hostcalls, types::LogLevel};

use crate::{
    abi::{self, Buffer, Map},
    headers::{self, Header},
};

/// The filter's configuration, which has this length [configuration].
pub(crate) fn configuration(length: usize) -> Vec<u8> {
    abi::buffer(Buffer::Configuration, length).unwrap_or_default()
}

/// Writes a line into the host's log [any]. One that the host does not take is lost; there is
/// nowhere else to say so.
pub(crate) fn log(level: LogLevel, line: &str) {
    abi::log(level, line);
}

/// All headers of the request, as `headers` reads them [request headers].
pub(crate) fn request_headers() -> Option<Vec<u8>> {
    abi::headers(Map::Request)
}

/// Puts these headers in the place of the request's, and says whether they are [request headers].
pub(crate) fn set_request_headers<'h>(headers: impl Iterator<Item = Header<'h>> + Clone) -> bool {
    abi::set_headers(Map::Request, &headers::write(headers))
}

/// Sets the request's content length [request body and trailers, only while the request is
/// paused in its headers].
pub(crate) fn set_content_length(length: usize) {
    abi::set_header(Map::Request, "content-length", &length.to_string());
}

/// Drops the request's trailers, and says whether they are gone [request trailers].
pub(crate) fn drop_request_trailers() -> bool {
    abi::set_headers(Map::RequestTrailers, &headers::write([].into_iter()))
}

/// The first bytes of the buffered body, at most `length` [request body and trailers].
pub(crate) fn request_body(length: usize) -> Vec<u8> {
    abi::buffer(Buffer::RequestBody, length).unwrap_or_default()
}

/// Puts these bytes in the place of the whole buffered body, and says whether they are [request body
/// and trailers].
pub(crate) fn set_request_body(body: &[u8]) -> bool {
    abi::set_buffer(Buffer::RequestBody, body)
}

/// The status of the response [response headers].
pub(crate) fn response_status() -> Option<u16> {
    status(Map::Response)
}

/// Sets the status of the response [response headers].
pub(crate) fn set_response_status(status: u16) {
    abi::set_header(Map::Response, ":status", &status.to_string());
}

/// Answers the request in the upstream's place [any phase of the request; response headers].
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    abi::send_response(status, &headers::write(headers), body);
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

/// Makes the host call the root context as soon as it can, and says whether it will [any].
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
    status(Map::CallResponse)
}

/// The first bytes of its body, at most `length` [answer to a look-up].
pub(crate) fn answer_body(length: usize) -> Vec<u8> {
    abi::buffer(Buffer::CallResponseBody, length).unwrap_or_default()
}

fn status(map: Map) -> Option<u16> {
    str::from_utf8(&abi::header(map, ":status")?).ok()?.parse().ok()
}

/// The id of the counter with this name; of one that the host does not grant, an id that it counts
/// nothing under: they begin with 1 [any].
pub(crate) fn counter(name: &str) -> u32 {
    abi::define_counter(name).unwrap_or_default()
}

/// Adds to a counter [any]. Nothing hangs on one that the host lost.
pub(crate) fn increase(counter: u32, amount: usize) {
    abi::increment_counter(counter, i64::try_from(amount).unwrap_or(i64::MAX));
}

/// Tells the access log of the request: the host keeps it under `wasm.` and this name, as text
/// [any phase of the request; response headers; answer to a look-up].
pub(crate) fn tell_access_log(name: &str, value: &str) {
    abi::set_property(name, value);
}
