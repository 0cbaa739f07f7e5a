//! The memory of other processes, from `/proc`.

use std::fs;

use crate::Result;

/// The resident memory of these processes in KiB.
pub(crate) fn resident_kib(processes: &[u32]) -> Result<u64> {
    processes.iter().map(|process| kib(*process, "VmRSS:")).sum()
}

/// The most that the resident memory of this process has been since [`forget_peak`], in KiB.
pub(crate) fn peak_kib(process: u32) -> Result<u64> {
    kib(process, "VmHWM:")
}

/// Lets the peak of this process begin anew at what is resident now.
pub(crate) fn forget_peak(process: u32) -> Result<()> {
    Ok(fs::write(format!("/proc/{process}/clear_refs"), "5")?)
}

fn kib(process: u32, member: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(member));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or_else(|| format!("the server's status has no {member}"))?.parse()?)
}
