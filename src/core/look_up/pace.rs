//! How many tenants of which nothing is known are looked up.

use core::cmp::Ordering;

/// How many tenants of which nothing is known are looked up in a second.
pub const MOST_STRANGERS_IN_A_SECOND: u32 = 100;

/// The pace at which tenants of which nothing is known are looked up: callers make up as many names
/// as they like, and the sidecar is not to be asked for each. Who is known is not held to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    second: u64,
    /// How many came in this second.
    came: u32,
}

/// Whether a tenant of which nothing is known is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is.
    Admitted,
    /// It is not, as the first of its second. For the operator a line a second is enough.
    FirstRefused,
    /// It is not, as others in this second.
    Refused,
}

impl Pace {
    /// Whether one that comes now, in milliseconds, is looked up.
    pub fn admits(&mut self, now: u64) -> Admission {
        let second = now / 1_000;
        if self.second != second {
            *self = Self { second, came: 0 };
        }
        let admission = match self.came.cmp(&MOST_STRANGERS_IN_A_SECOND) {
            Ordering::Less => Admission::Admitted,
            Ordering::Equal => Admission::FirstRefused,
            Ordering::Greater => Admission::Refused,
        };
        self.came = self.came.saturating_add(1);
        admission
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invariant_11_so_many_are_admitted_in_a_second_and_no_more() {
        let mut pace = Pace::default();
        for second in [7, 8, 3] {
            for place in 0..300 {
                let admission = match place {
                    0..100 => Admission::Admitted,
                    100 => Admission::FirstRefused,
                    _ => Admission::Refused,
                };
                assert_eq!(pace.admits(second * 1_000 + place), admission, "{second}.{place:03}");
            }
        }
    }
}
