//! What an operator is told.

use core::fmt;

use super::{LONGEST_DELIVERY, LONGEST_LOOK_UP};
use crate::look_up::{LookUpProblem, MOST_STRANGERS_IN_A_SECOND};

/// Why a request got 503: one line for the host's log, without a secret and without anything of
/// the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The upstream gave no whole answer to a delivery in time.
    UpstreamSilent,
    /// The upstream answered a delivery with this status.
    UpstreamAnswered(u16),
    /// The sidecar gave no whole answer to a look-up in time. A tenant that is known already goes
    /// on all the same.
    LookUpSilent,
    /// More tenants of which nothing is known were named in a second than are looked up in one.
    TooManyStrangers,
    /// The sidecar's answer to a look-up says nothing.
    LookUp(LookUpProblem),
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpstreamSilent => write!(
                formatter,
                "the upstream gave no whole answer to a delivery within {} s: see whether it runs, \
                 and whether this host may reach it",
                LONGEST_DELIVERY.as_secs()
            ),
            Self::UpstreamAnswered(status) => {
                write!(formatter, "the upstream answered a delivery {status}: its log says why")
            }
            Self::LookUpSilent => write!(
                formatter,
                "the look-up of a tenant got no whole answer within {} s: see whether the sidecar \
                 runs, and whether this host may reach it",
                LONGEST_LOOK_UP.as_secs()
            ),
            Self::TooManyStrangers => write!(
                formatter,
                "more than {MOST_STRANGERS_IN_A_SECOND} tenants of which nothing is known were \
                 named in a second: see who makes names up, and limit requests before the edge"
            ),
            Self::LookUp(problem) => problem.fmt(formatter),
        }
    }
}
