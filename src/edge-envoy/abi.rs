//! Host calls that hand back what came of them, where the SDK's panic on a status that they do not
//! expect.
#![allow(unsafe_code, reason = "the host's functions are C's")]

use std::ptr::{null, null_mut};

use proxy_wasm::types::LogLevel;

/// The status of a call that was granted.
const OK: u32 = 0;

/// The kind of metric that only rises.
const COUNTER: u32 = 0;

/// The stream of a request, as against that of its response.
const REQUEST: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, line: *const u8, length: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context_id: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_length: usize,
        value: *mut *mut u8,
        value_length: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_length: usize,
        value: *const u8,
        value_length: usize,
        version: u32,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, length: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_length: usize,
        value: *mut *mut u8,
        value_length: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_length: usize,
        value: *const u8,
        value_length: usize,
    ) -> u32;
    fn proxy_set_header_map_pairs(map: u32, pairs: *const u8, length: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_length: usize,
        body: *const u8,
        body_length: usize,
        headers: *const u8,
        headers_length: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        most: usize,
        bytes: *mut *mut u8,
        length: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        replaced: usize,
        bytes: *const u8,
        length: usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_length: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, amount: i64) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_length: usize,
        value: *const u8,
        value_length: usize,
    ) -> u32;
}

/// Writes a line into the host's log.
pub(crate) fn log(level: LogLevel, line: &str) -> bool {
    // SAFETY: the host reads the line within this call.
    unsafe { proxy_log(level as u32, line.as_ptr(), line.len()) == OK }
}

/// The time in nanoseconds since 1970.
pub(crate) fn current_time() -> Option<u64> {
    let mut time = 0;
    // SAFETY: the host writes one number where the pointer leads, within this call.
    let status = unsafe { proxy_get_current_time_nanoseconds(&raw mut time) };
    (status == OK).then_some(time)
}

/// Makes the host call the root context each time that so many milliseconds have passed; 0 ends it.
pub(crate) fn set_tick_period(milliseconds: u32) -> bool {
    // SAFETY: only a number goes over.
    unsafe { proxy_set_tick_period_milliseconds(milliseconds) == OK }
}

/// Makes this context the one that the calls to come are about, until this callback ends.
pub(crate) fn set_effective_context(context_id: u32) -> bool {
    // SAFETY: only a number goes over.
    unsafe { proxy_set_effective_context(context_id) == OK }
}

/// Lets a request go on that was paused.
pub(crate) fn continue_request() -> bool {
    // SAFETY: only a number goes over.
    unsafe { proxy_continue_stream(REQUEST) == OK }
}

/// Bytes that a call hands over; it writes where they begin and how many they are.
fn handed_over(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let (mut bytes, mut length) = (null_mut(), 0);
    if call(&raw mut bytes, &raw mut length) != OK || bytes.is_null() {
        return None;
    }
    // SAFETY: the host got these bytes for us from `proxy_on_memory_allocate`, which is the SDK's:
    // a boxed slice of just this length, and nobody else's.
    Some(unsafe { Vec::from_raw_parts(bytes, length, length) })
}

/// What all workers share under this key.
pub(crate) fn shared_data(key: &str) -> Option<Vec<u8>> {
    let mut version = 0;
    // SAFETY: the host reads the key, and writes the three results, within this call.
    handed_over(|value, length| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), value, length, &raw mut version)
    })
}

/// Shares these bytes under this key with all workers, whatever was there.
pub(crate) fn set_shared_data(key: &str, value: &[u8]) -> bool {
    // SAFETY: the host reads both within this call.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), 0) };
    status == OK
}

/// The id of the counter with this name, which is made if there is none.
pub(crate) fn define_counter(name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the host reads the name, and writes the id, within this call.
    let status = unsafe { proxy_define_metric(COUNTER, name.as_ptr(), name.len(), &raw mut id) };
    (status == OK).then_some(id)
}

/// Adds to a counter.
pub(crate) fn increment_counter(id: u32, amount: i64) -> bool {
    // SAFETY: only numbers go over.
    unsafe { proxy_increment_metric(id, amount) == OK }
}

/// Sets a property of what the calls are about.
pub(crate) fn set_property(path: &str, value: &str) -> bool {
    // SAFETY: the host reads both within this call.
    let status =
        unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
    status == OK
}

/// The headers of which a call is.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    /// The request's.
    Request = 0,
    /// The request's trailers.
    RequestTrailers = 1,
    /// The response's.
    Response = 2,
    /// Those of the answer to a call of ours.
    CallResponse = 6,
}

/// All headers, as the host writes them.
pub(crate) fn headers(map: Map) -> Option<Vec<u8>> {
    // SAFETY: the host writes the two results within this call.
    handed_over(|pairs, length| unsafe { proxy_get_header_map_pairs(map as u32, pairs, length) })
}

/// The values of the headers with this name, with commas between them.
pub(crate) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    // SAFETY: the host reads the name, and writes the two results, within this call.
    handed_over(|value, length| unsafe {
        proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), value, length)
    })
}

/// Puts one header in the place of all with this name.
pub(crate) fn set_header(map: Map, name: &str, value: &str) -> bool {
    // SAFETY: the host reads both within this call.
    let status = unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    status == OK
}

/// Puts these headers, as the host reads them, in the place of all that there are.
pub(crate) fn set_headers(map: Map, pairs: &[u8]) -> bool {
    // SAFETY: the host reads the headers within this call.
    unsafe { proxy_set_header_map_pairs(map as u32, pairs.as_ptr(), pairs.len()) == OK }
}

/// Answers a request in the upstream's place, with these headers, as the host reads them.
pub(crate) fn send_response(status: u16, headers: &[u8], body: &str) -> bool {
    /// To who speaks gRPC the host tells its status for this one.
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: the host reads headers and body within this call; of details there are none.
    let status = unsafe {
        proxy_send_local_response(
            status.into(),
            null(),
            0,
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    };
    status == OK
}

/// The bytes of which a call is.
#[derive(Clone, Copy)]
pub(crate) enum Buffer {
    /// The request's body.
    RequestBody = 0,
    /// The body of the answer to a call of ours.
    CallResponseBody = 4,
    /// The filter's configuration.
    Configuration = 7,
}

/// The first bytes, at most so many.
pub(crate) fn buffer(buffer: Buffer, most: usize) -> Option<Vec<u8>> {
    // SAFETY: the host writes the two results within this call.
    handed_over(|bytes, length| unsafe {
        proxy_get_buffer_bytes(buffer as u32, 0, most, bytes, length)
    })
}

/// Puts these bytes in the place of all that there are.
pub(crate) fn set_buffer(buffer: Buffer, bytes: &[u8]) -> bool {
    // SAFETY: the host reads the bytes within this call.
    let status = unsafe {
        proxy_set_buffer_bytes(buffer as u32, 0, usize::MAX, bytes.as_ptr(), bytes.len())
    };
    status == OK
}
