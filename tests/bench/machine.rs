//! On what it was measured.

use std::{path::Path, process::Command};

use serde::Serialize;

use crate::{Result, host::Host, pinning::Pinning, tools::Tools};

/// The machine and the programs.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// The machine.
    #[serde(flatten)]
    pub(crate) host: Host,
    /// The programs that are there: name, and the version that it says it has.
    pub(crate) programs: Vec<(&'static str, String)>,
    /// The names of those that are not.
    pub(crate) missing: Vec<&'static str>,
    /// Whether server and load had a core each.
    pub(crate) pinning: Pinning,
}

impl Machine {
    /// Reads everything.
    pub(crate) fn read(tools: &Tools, pinning: Pinning) -> Result<Self> {
        let all = [
            ("Envoy", Some(tools.envoy.as_path()), "--version"),
            ("Node", tools.node.as_deref(), "--version"),
            ("nginx", tools.nginx.as_ref().map(|(program, _)| program.as_path()), "-v"),
            ("HAProxy", tools.haproxy.as_deref(), "-v"),
            ("workerd", tools.workerd.as_deref(), "--version"),
        ];
        let (mut programs, mut missing) = (Vec::new(), Vec::new());
        for (name, program, option) in all {
            match program {
                Some(program) => programs.push((name, version_of(program, option)?)),
                None => missing.push(name),
            }
        }
        Ok(Self { host: Host::read()?, programs, missing, pinning })
    }
}

/// The first part of what it prints that has dots in it, or else the last word.
fn version_of(program: &Path, option: &str) -> Result<String> {
    let output = Command::new(program).arg(option).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    // nginx says it where others say what is wrong.
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let parts = || text.split(|character: char| character.is_whitespace() || character == '/');
    let version = parts().find(|part| part.contains('.') && !part.ends_with(':'));
    let version = version.or_else(|| text.split_whitespace().last());
    Ok(version.unwrap_or("of unknown version").into())
}
