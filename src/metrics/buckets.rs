//! Durations, in buckets from a millisecond to a minute.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
};

/// The upper bounds, in seconds.
const SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Durations with labels.
pub(crate) type Durations<Labels> = Family<Labels, Histogram, fn() -> Histogram>;

/// Durations that were not measured yet.
pub(crate) fn durations() -> Histogram {
    Histogram::new(SECONDS)
}

/// As [`durations`], for each set of labels.
pub(crate) fn durations_by<Labels>() -> Durations<Labels>
where
    Labels: Clone + std::hash::Hash + Eq + EncodeLabelSet,
{
    Family::new_with_constructor(durations)
}
