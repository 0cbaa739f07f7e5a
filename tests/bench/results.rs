//! What a run has found.

use serde::Serialize;

use crate::{
    core_time::CoreTime, figures::Spread, machine::Machine, module::Module, variant::Variant,
};

/// Everything, as it goes into the JSON file.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    /// On what it was measured.
    pub(crate) machine: Machine,
    /// The module.
    pub(crate) module: Module,
    /// The core without a host.
    pub(crate) core: Vec<CoreTime>,
    /// CPU time, each measurement.
    pub(crate) samples: Vec<Sample>,
    /// Memory, each measurement.
    pub(crate) memory: Vec<Memory>,
}

/// The CPU time of one variant, one length and one round.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    /// The round, from 0.
    pub(crate) round: usize,
    /// The variant.
    pub(crate) variant: Variant,
    /// The length of the body.
    pub(crate) bytes: usize,
    /// How many requests were sent.
    pub(crate) requests: usize,
    /// The server's CPU time per request in microseconds.
    pub(crate) cpu_us: f64,
    /// The time per request on the clock; about `cpu_us` when the server was the bottleneck.
    pub(crate) wall_us: f64,
    /// The load's own CPU time per request.
    pub(crate) load_us: f64,
}

/// The resident memory of one variant in one round.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// The round, from 0.
    pub(crate) round: usize,
    /// The variant.
    pub(crate) variant: Variant,
    /// After the warm-up with 1 KiB bodies, in KiB.
    pub(crate) warm_kib: u64,
    /// After all lengths, in KiB.
    pub(crate) end_kib: u64,
}

impl Results {
    /// The CPU time of a variant for a length; `None` if it was not measured.
    pub(crate) fn cpu_us(&self, variant: Variant, bytes: usize) -> Option<Spread> {
        let samples = self.of(variant, bytes);
        Spread::of(samples.map(|sample| sample.cpu_us).collect())
    }

    /// The same, compared with another variant's in the same round.
    pub(crate) fn compared(
        &self,
        variant: Variant,
        other: Variant,
        bytes: usize,
        compare: impl Fn(f64, f64) -> f64,
    ) -> Option<Spread> {
        let pairs = self.of(variant, bytes).filter_map(|sample| {
            let mut others = self.of(other, bytes);
            let other = others.find(|other| other.round == sample.round)?;
            Some(compare(sample.cpu_us, other.cpu_us))
        });
        Spread::of(pairs.collect())
    }

    /// The memory of a variant in MiB, as `value` reads it.
    pub(crate) fn mebibytes(
        &self,
        variant: Variant,
        value: impl Fn(&Memory) -> u64,
    ) -> Option<Spread> {
        let of_variant = self.memory.iter().filter(|memory| memory.variant == variant);
        Spread::of(of_variant.map(|memory| value(memory) as f64 / 1024.0).collect())
    }

    /// How many measurements there are in which the server's core was not the server's alone all
    /// the time, so that their figures are less certain.
    pub(crate) fn not_busy(&self) -> usize {
        let not_busy = |sample: &&Sample| sample.cpu_us < 0.9 * sample.wall_us;
        self.samples.iter().filter(not_busy).count()
    }

    /// How many rounds there were.
    pub(crate) fn rounds(&self) -> usize {
        self.samples.iter().map(|sample| sample.round + 1).max().unwrap_or_default()
    }

    fn of(&self, variant: Variant, bytes: usize) -> impl Iterator<Item = &Sample> {
        let wanted = move |sample: &&Sample| sample.variant == variant && sample.bytes == bytes;
        self.samples.iter().filter(wanted)
    }
}
