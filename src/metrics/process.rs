//! The process, by the names that Prometheus' own clients have for it. What the system does not
//! tell is left out; outside of Linux that is all but the start.

use std::fs;

use prometheus_client::{
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

/// Registers what the system tells of the process, which started so many seconds after 1970.
pub(crate) fn register(registry: &mut Registry, started_at: f64) {
    registry.register_with_unit(
        "start_time",
        "When the process started, in seconds since 1970",
        Unit::Seconds,
        ConstGauge::new(started_at),
    );
    if let Some(open) = open_files() {
        registry.register("open_fds", "Open file descriptors", ConstGauge::new(open));
    }
    if let Some(most) = most_files() {
        registry.register("max_fds", "The most file descriptors", ConstGauge::new(most));
    }
    if let Some(Used { resident_bytes, cpu_seconds }) = used() {
        registry.register_with_unit(
            "resident_memory",
            "Memory that the process holds",
            Unit::Bytes,
            ConstGauge::new(resident_bytes),
        );
        registry.register_with_unit(
            "cpu",
            "Time that the processors spent on the process",
            Unit::Seconds,
            ConstCounter::new(cpu_seconds),
        );
    }
}

fn open_files() -> Option<u64> {
    // The look itself holds one.
    Some((fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1))
}

fn most_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What the process has used.
struct Used {
    resident_bytes: u64,
    cpu_seconds: f64,
}

#[cfg(target_os = "linux")]
fn used() -> Option<Used> {
    used_of(&fs::read_to_string("/proc/self/stat").ok()?)
}

#[cfg(not(target_os = "linux"))]
fn used() -> Option<Used> {
    None
}

/// Reads `/proc/self/stat` (proc_pid_stat(5)): fields 14 and 15 are ticks, 24 is pages.
#[cfg(target_os = "linux")]
fn used_of(stat: &str) -> Option<Used> {
    // The second field is the program's name in brackets, in which anything may stand.
    let (_, fields) = stat.rsplit_once(") ")?;
    let field = |number: usize| fields.split(' ').nth(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)? + field(15)?;
    Some(Used {
        resident_bytes: field(24)? * rustix::param::page_size() as u64,
        cpu_seconds: ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_any_name_is_read() {
        let mut fields = vec!["0"; 50];
        (fields[11], fields[12], fields[21]) = ("1", "2", "3");
        let used = used_of(&format!("7 (a) b) {}", fields.join(" "))).unwrap();
        assert_eq!(used.resident_bytes, 3 * rustix::param::page_size() as u64);
        assert!(used.cpu_seconds > 0.0);
    }

    #[test]
    fn this_process_is_read() {
        assert!(used().unwrap().resident_bytes > 0);
        assert!(most_files().unwrap() >= open_files().unwrap());
    }
}
