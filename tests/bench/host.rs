//! The machine on which it was measured.

use std::{fmt, fs, thread};

use serde::Serialize;

use crate::Result;

/// The machine, and how this program was built.
#[derive(Debug, Serialize)]
pub(crate) struct Host {
    /// The processor's name.
    pub(crate) processor: String,
    /// Whether it has instructions for SHA-256. Native code uses them, wasm and Lua cannot.
    pub(crate) sha_instructions: bool,
    /// How many cores there are, whether or not this process may use them.
    pub(crate) cores: usize,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The load average of the last minute, before the run.
    pub(crate) load_before: String,
    /// Whether this program was built with optimisations; without, its own times are void.
    pub(crate) optimised: bool,
}

impl Host {
    /// Reads everything.
    pub(crate) fn read() -> Result<Self> {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
        let of_cpu = |wanted: &str| {
            cpuinfo.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                (name.trim() == wanted).then(|| value.trim())
            })
        };
        let load = fs::read_to_string("/proc/loadavg")?;
        let has_sha = |flags: &str| flags.split(' ').any(|flag| matches!(flag, "sha_ni" | "sha2"));
        let processors = cpuinfo.lines().filter(|line| line.starts_with("processor"));
        Ok(Self {
            processor: of_cpu("model name").unwrap_or("unknown processor").into(),
            sha_instructions: of_cpu("flags").or(of_cpu("Features")).is_some_and(has_sha),
            cores: match processors.count() {
                0 => thread::available_parallelism()?.get(),
                count => count,
            },
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().into(),
            load_before: load.split(' ').next().unwrap_or_default().into(),
            optimised: !cfg!(debug_assertions),
        })
    }
}

/// `<processor>, <cores> cores, with SHA instructions, Linux <release>`.
impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, cores, kernel, .. } = self;
        let with = if self.sha_instructions { "with" } else { "without" };
        write!(formatter, "{processor}, {cores} cores, {with} SHA instructions, Linux {kernel}")
    }
}
