//! File descriptors: each socket takes one here, and one in the sidecar.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::Result;

/// What either process needs beside sockets, and more: the sidecar keeps places for short
/// requests and for the edge.
const BESIDE: u64 = 2_100;

/// Lets this process open as many sockets, and says if that, or the sidecar, cannot.
pub(crate) fn allow(sockets: usize) -> Result<()> {
    let needed = sockets as u64 + BESIDE;
    let maximum = getrlimit(Resource::Nofile).maximum;
    if maximum.is_some_and(|maximum| maximum < needed) {
        let limit = maximum.unwrap_or_default();
        let hint = "raise it (ulimit -Hn), or ask for fewer with --sockets";
        return Err(format!(
            "{sockets} sockets need {needed} open files, and the limit is {limit}; {hint}"
        )
        .into());
    }
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
