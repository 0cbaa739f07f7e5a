//! The core's own time: no host, no wasm, this machine's instructions.

use std::hint::black_box;

use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Verdict},
    signature::HEADER,
};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::{
    Result,
    figures::Spread,
    plugin,
    webhook::{self, LENGTHS, PATH, SECRET},
};

/// How many batches are timed.
const BATCHES: usize = 41;

/// How long a batch should be, in nanoseconds of CPU time.
const BATCH_NS: f64 = 10e6;

/// The times for one length, in microseconds of CPU time.
#[derive(Debug, Serialize)]
pub(crate) struct CoreTime {
    /// The length of the body.
    pub(crate) bytes: usize,
    /// To verify and translate: `Gate::body`.
    pub(crate) body_us: Spread,
    /// To verify alone: `Proof::verify`.
    pub(crate) verify_us: Spread,
}

/// Measures each length.
pub(crate) fn measure() -> Result<Vec<CoreTime>> {
    let document = plugin::document("pause").to_string();
    let gate = Gate::new(Configuration::parse(document.as_bytes(), &plugin::environment)?);
    LENGTHS.into_iter().map(|bytes| measure_length(&gate, bytes)).collect()
}

fn measure_length(gate: &Gate, bytes: usize) -> Result<CoreTime> {
    let body = webhook::body(bytes)?;
    let header = webhook::signature(SECRET, &body)?;
    let headers = [(HEADER, header.as_bytes())].into_iter();
    let Head::NeedBody(proof, Some(tenant)) = gate.head(b"POST", PATH.as_bytes(), headers) else {
        return Err("the gate does not take the benchmark's webhook".into());
    };
    let whole = || gate.body(black_box(&body), &proof, Some(&tenant));
    if !matches!(whole(), Verdict::Forward(_)) {
        return Err("the gate does not forward the benchmark's webhook".into());
    }
    let verify = || proof.verify(black_box(&body), &tenant);
    Ok(CoreTime { bytes, body_us: time(whole)?, verify_us: time(verify)? })
}

/// The CPU time of one call in microseconds, over batches of many calls.
fn time<T>(call: impl Fn() -> T) -> Result<Spread> {
    let batch = |calls: u32| {
        let start = thread_ns();
        for _ in 0..calls {
            black_box(call());
        }
        (thread_ns() - start) / f64::from(calls)
    };
    // The first calls warm up and say how many there should be.
    batch(100);
    let calls = (BATCH_NS / batch(100).max(1.0)).clamp(1.0, 1e7) as u32;
    let values = (0..BATCHES).map(|_| batch(calls) / 1e3).collect();
    Ok(Spread::of(values).ok_or("nothing was timed")?)
}

/// The CPU time of this thread until now, in nanoseconds.
pub(crate) fn thread_ns() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}
