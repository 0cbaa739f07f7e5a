//! The CPU time of other processes, from `/proc`.

use std::{collections::BTreeMap, fs};

use rustix::param::clock_ticks_per_second;

use crate::Result;

/// The CPU time of each thread of some processes, user and system together, in nanoseconds.
///
/// It is read from `schedstat`: the same time as `utime` and `stime` in `stat`, which count in
/// steps of ten milliseconds.
#[derive(Debug)]
pub(crate) struct CpuTime(BTreeMap<String, u64>);

impl CpuTime {
    /// The time until now of these processes.
    pub(crate) fn of(processes: &[u32]) -> Result<Self> {
        let mut times = BTreeMap::new();
        for process in processes {
            for thread in fs::read_dir(format!("/proc/{process}/task"))? {
                let thread = thread?;
                let file = thread.path().join("schedstat");
                let text = fs::read_to_string(&file)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                let nanoseconds = text.split_whitespace().next().unwrap_or_default().parse()?;
                times.insert(thread.file_name().to_string_lossy().into(), nanoseconds);
            }
        }
        Ok(Self(times))
    }

    /// The nanoseconds since an earlier reading.
    ///
    /// # Errors
    ///
    /// A thread has ended since, and its time with it.
    pub(crate) fn since(&self, earlier: &Self) -> Result<u64> {
        if let Some(ended) = earlier.0.keys().find(|thread| !self.0.contains_key(*thread)) {
            return Err(format!("thread {ended} of the server has ended while measuring").into());
        }
        let total = |threads: &BTreeMap<String, u64>| threads.values().sum::<u64>();
        Ok(total(&self.0).saturating_sub(total(&earlier.0)))
    }
}

/// The CPU time of a process until now, with that of its threads that have ended, user and system
/// together, in nanoseconds: from `stat`, in steps of a clock tick, which are ten milliseconds. For
/// measurements of seconds.
pub(crate) fn whole_process_ns(process: u32) -> Result<u64> {
    ticks(&fs::read_to_string(format!("/proc/{process}/stat"))?)
        .map(|ticks| ticks * 1_000_000_000 / clock_ticks_per_second())
        .ok_or_else(|| format!("/proc/{process}/stat is not as proc(5) has it").into())
}

/// The fields `utime` and `stime`. The command's name, in brackets before them, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_all_threads_counts_and_an_ended_thread_is_noticed() {
        let reading = |threads: &[(&str, u64)]| {
            CpuTime(threads.iter().map(|(id, time)| ((*id).into(), *time)).collect())
        };
        let earlier = reading(&[("1", 10), ("2", 20)]);
        let later = reading(&[("1", 15), ("2", 20), ("3", 7)]);
        assert_eq!(later.since(&earlier).unwrap(), 12);
        assert!(earlier.since(&later).is_err());
    }

    #[test]
    fn the_time_of_a_process_stands_behind_its_name_whatever_that_is() {
        let stat = "1700 (a) b) R 1696 1696 10152 0 -1 4194304 123 0 1 0 70 8 5 6 20 0 1 0";
        assert_eq!(ticks(stat), Some(78));
        assert_eq!(ticks("1700 (a"), None);
    }
}
