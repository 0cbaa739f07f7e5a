//! What a run has found.

use serde::Serialize;

use crate::{
    core_time::CoreTime,
    figures::Spread,
    footprint::{Footprint, Loaded, WORKERS},
    machine::Machine,
    module::Module,
    package_time::PackageTime,
    variant::Variant,
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
    /// The package for JavaScript in Node.
    pub(crate) package: Vec<PackageTime>,
    /// CPU time, each measurement.
    pub(crate) samples: Vec<Sample>,
    /// Memory, each measurement.
    pub(crate) memory: Vec<Memory>,
    /// Envoy's memory by what is loaded and by workers, each measurement.
    pub(crate) footprints: Vec<Footprint>,
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

    /// What it takes over its baseline in the same round; of a baseline, `None`.
    pub(crate) fn over_baseline(&self, variant: Variant, bytes: usize) -> Option<Spread> {
        let baseline = variant.baseline()?;
        self.compared(variant, baseline, bytes, |own, baseline| own - baseline)
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

    /// Envoy's memory with this in it and with so many workers, in MiB.
    pub(crate) fn footprint(&self, loaded: Loaded, workers: usize) -> Option<Spread> {
        self.footprint_of_rounds(|of| of(loaded, workers))
    }

    /// What each worker more takes with this in it, in MiB.
    pub(crate) fn footprint_per_worker(&self, loaded: Loaded) -> Option<Spread> {
        self.footprint_of_rounds(|of| per_worker(of, loaded))
    }

    /// What each worker more takes with Baton in it over a module that does nothing, in MiB.
    pub(crate) fn baton_per_worker(&self) -> Option<Spread> {
        self.footprint_of_rounds(|of| {
            Some(per_worker(of, Loaded::Baton)? - per_worker(of, Loaded::EmptyModule)?)
        })
    }

    /// What Baton takes over a module that does nothing, however many workers there are, in MiB.
    pub(crate) fn baton_once(&self) -> Option<Spread> {
        let [one, _] = WORKERS;
        self.footprint_of_rounds(|of| {
            let once = |loaded| Some(of(loaded, one)? - per_worker(of, loaded)?);
            Some(once(Loaded::Baton)? - once(Loaded::EmptyModule)?)
        })
    }

    /// A figure of each round's memory in MiB.
    fn footprint_of_rounds(
        &self,
        figure: impl Fn(&dyn Fn(Loaded, usize) -> Option<f64>) -> Option<f64>,
    ) -> Option<Spread> {
        let rounds = self.footprints.iter().map(|footprint| footprint.round + 1).max()?;
        let of_round = |round| {
            figure(&|loaded, workers| {
                let mut all = self.footprints.iter();
                let wanted = (round, loaded, workers);
                let it = all.find(|it| (it.round, it.loaded, it.workers) == wanted)?;
                Some(it.kib as f64 / 1024.0)
            })
        };
        Spread::of((0..rounds).filter_map(of_round).collect())
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

fn per_worker(of: &dyn Fn(Loaded, usize) -> Option<f64>, loaded: Loaded) -> Option<f64> {
    let [one, several] = WORKERS;
    Some((of(loaded, several)? - of(loaded, one)?) / (several - one) as f64)
}
