//! Several measurements of one thing.

use std::{fmt, time::Duration};

use serde::Serialize;

/// Median, least and most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The middle one; of an even number, the mean of the two in the middle.
    pub(crate) median: f64,
    /// The least.
    pub(crate) least: f64,
    /// The most.
    pub(crate) most: f64,
}

impl Spread {
    /// Of these values; `None` if there are none.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

/// `median (least – most)`, with as many decimals as asked for, and with signs if asked for.
impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = formatter.precision().unwrap_or(1);
        let write = |value: f64| {
            if formatter.sign_plus() {
                format!("{value:+.decimals$}")
            } else {
                format!("{value:.decimals$}")
            }
        };
        let [median, least, most] = [self.median, self.least, self.most].map(write);
        write!(formatter, "{median} ({least} – {most})")
    }
}

/// How long something took, most of the times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of the times it took no longer.
    pub(crate) p50: Duration,
    /// In 99 of 100 times it took no longer.
    pub(crate) p99: Duration,
    /// It never took longer.
    pub(crate) most: Duration,
}

impl Percentiles {
    /// Of these times; `None` if there are none.
    pub(crate) fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort();
        let at = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).checked_sub(1)?;
            times.get(place).copied()
        };
        Some(Self { p50: at(50)?, p99: at(99)?, most: at(100)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_median_least_and_most() {
        let spread = Spread::of(vec![3.0, 1.0, 2.0]).unwrap();
        assert_eq!(format!("{spread:.1}"), "2.0 (1.0 – 3.0)");
        assert_eq!(format!("{spread:+.0}"), "+2 (+1 – +3)");
        assert_eq!(Spread::of(vec![4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_percentile_is_the_time_that_so_many_did_not_exceed() {
        let milliseconds = |count| (1..=count).rev().map(Duration::from_millis).collect();
        let percentiles = |count| Percentiles::of(milliseconds(count));
        let expected = [100, 198, 200].map(Duration::from_millis);
        let Percentiles { p50, p99, most } = percentiles(200).unwrap();
        assert_eq!([p50, p99, most], expected);
        assert_eq!(percentiles(1).unwrap().p50, Duration::from_millis(1));
        assert_eq!(percentiles(0), None);
    }
}
