//! On what it was measured.

use std::{fs, path::Path, process::Command, thread};

use serde::Serialize;

use crate::{Result, arguments::Arguments, pinning::Pinning};

/// The machine and the programs.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: String,
    /// Whether it has instructions for SHA-256. Native code uses them, wasm and Lua cannot.
    pub(crate) sha_instructions: bool,
    /// How many cores there are, before this process was pinned to one.
    pub(crate) cores: usize,
    /// The kernel's release.
    pub(crate) kernel: String,
    /// The load average of the last minute, before the run.
    pub(crate) load_before: String,
    /// What Envoy says that it is.
    pub(crate) envoy: String,
    /// What Node says that it is.
    pub(crate) node: Option<String>,
    /// Whether server and load had a core each.
    pub(crate) pinning: Pinning,
    /// Whether this program was built with optimisations; without, the core's times are void.
    pub(crate) optimised: bool,
}

impl Machine {
    /// Reads everything.
    pub(crate) fn read(arguments: &Arguments, pinning: Pinning) -> Result<Self> {
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
            envoy: version_of(&arguments.envoy)?,
            node: if arguments.no_node { None } else { Some(version_of(&arguments.node)?) },
            pinning,
            optimised: !cfg!(debug_assertions),
        })
    }
}

/// The part of what `--version` prints that has dots in it.
fn version_of(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split(|character: char| character.is_whitespace() || character == '/');
    Ok(words.find(|word| word.contains('.')).unwrap_or("of unknown version").into())
}
