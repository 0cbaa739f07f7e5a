//! Chance that can be repeated: a variable of the environment says with what it begins.

use std::{
    env,
    ops::Range,
    time::{SystemTime, UNIX_EPOCH},
};

/// A stream of numbers that follows from its seed (SplitMix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// One with a seed of its own each time, unless this variable of the environment gives one. A
    /// test that fails has printed it.
    pub fn seeded_by(variable: &str) -> Self {
        let given = env::var(variable).ok().map(|seed| seed.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
            now.as_secs() ^ u64::from(now.subsec_nanos())
        });
        println!("{variable}={seed}");
        Self(seed)
    }

    /// A further stream that follows from this one.
    pub fn fork(&mut self) -> Self {
        Self(self.number())
    }

    /// A number of the range.
    pub fn pick(&mut self, range: Range<usize>) -> usize {
        let width = u64::try_from(range.len()).expect("a width");
        range.start + usize::try_from(self.number() % width).expect("a number of the range")
    }

    /// One of these.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.pick(0..choices.len())]
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.pick(0..times) == 0
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
