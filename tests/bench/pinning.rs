//! Server and load on a core each, by `taskset`.

use std::{
    path::Path,
    process::{self, Command, Stdio},
};

use serde::Serialize;

/// The core of the server under test.
const SERVER: &str = "0";

/// The core of the load.
const LOAD: &str = "1";

/// Whether server and load each have a core of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pinning {
    /// The server runs on core 0, the load on core 1.
    Pinned,
    /// There is no `taskset`, or it may not use these cores.
    Unpinned,
}

impl Pinning {
    /// Pins this process, which is the load, and says whether that works for servers too.
    pub(crate) fn of_this_process() -> Self {
        let load = process::id().to_string();
        let server_too = succeeds(&["--cpu-list", SERVER, "true"]);
        if server_too && succeeds(&["--all-tasks", "--cpu-list", "--pid", LOAD, &load]) {
            Self::Pinned
        } else {
            Self::Unpinned
        }
    }

    /// The command that starts a server. `taskset` replaces itself with the program, so that the
    /// process id is the server's.
    pub(crate) fn server(self, program: &Path) -> Command {
        match self {
            Self::Pinned => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", SERVER]).arg(program);
                command
            }
            Self::Unpinned => Command::new(program),
        }
    }
}

fn succeeds(arguments: &[&str]) -> bool {
    let status = Command::new("taskset")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
