//! The memory of another process, from `/proc`.

use std::fs;

use crate::Result;

/// The resident memory of this process in KiB.
pub(crate) fn resident_kib(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the server's status has no VmRSS")?.parse()?)
}
