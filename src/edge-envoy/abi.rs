//! Host calls that hand back what came of them, where the SDK's panic on a status that they do not
//! expect.
#![allow(unsafe_code, reason = "the host's functions are C's")]

use std::ptr::null_mut;

/// The status of a call that was granted.
const OK: u32 = 0;

/// The stream of a request, as against that of its response.
const REQUEST: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
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

/// What all workers share under this key.
pub(crate) fn shared_data(key: &str) -> Option<Vec<u8>> {
    let (mut value, mut length, mut version) = (null_mut(), 0, 0);
    // SAFETY: the host reads the key, and writes the three results, within this call.
    let status = unsafe {
        proxy_get_shared_data(
            key.as_ptr(),
            key.len(),
            &raw mut value,
            &raw mut length,
            &raw mut version,
        )
    };
    if status != OK || value.is_null() {
        return None;
    }
    // SAFETY: the host got these bytes for us from `proxy_on_memory_allocate`, which is the SDK's:
    // a boxed slice of just this length, and nobody else's.
    Some(unsafe { Vec::from_raw_parts(value, length, length) })
}

/// Shares these bytes under this key with all workers, whatever was there.
pub(crate) fn set_shared_data(key: &str, value: &[u8]) -> bool {
    // SAFETY: the host reads both within this call.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), 0) };
    status == OK
}
