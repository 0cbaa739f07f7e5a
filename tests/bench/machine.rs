//! On what the filter was measured.

use std::{path::Path, process::Command};

use serde::Serialize;

use crate::{Result, arguments::Arguments, host::Host, pinning::Pinning};

/// The machine and the programs.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// The machine.
    #[serde(flatten)]
    pub(crate) host: Host,
    /// What Envoy says that it is.
    pub(crate) envoy: String,
    /// What Node says that it is.
    pub(crate) node: Option<String>,
    /// Whether server and load had a core each.
    pub(crate) pinning: Pinning,
}

impl Machine {
    /// Reads everything.
    pub(crate) fn read(arguments: &Arguments, pinning: Pinning) -> Result<Self> {
        Ok(Self {
            host: Host::read()?,
            envoy: version_of(&arguments.envoy)?,
            node: if arguments.no_node { None } else { Some(version_of(&arguments.node)?) },
            pinning,
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
