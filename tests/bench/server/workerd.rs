//! workerd, with Baton's Worker or with one that posts the body on.

use std::{fs, process::Command};

use super::{Stage, needed};
use crate::{Result, plugin};

/// What a request goes through. Both post to a Worker in the same process that answers 200, so that
/// the calls to it are in both figures.
#[derive(Clone, Copy, Debug)]
pub(super) enum Worker {
    /// The body is posted as it is.
    PostsOn,
    /// `@baton/edge/worker`.
    Baton,
}

impl Worker {
    /// The name of its configuration in `workerd.capnp`.
    const fn configuration(self) -> &'static str {
        match self {
            Self::PostsOn => "postsOn",
            Self::Baton => "baton",
        }
    }
}

/// The files of the package that the Worker is made of.
const PACKAGE: [&str; 6] =
    ["worker.js", "limits.js", "workerd.js", "gate.js", "baton_edge.js", "baton_edge_bg.wasm"];

/// workerd, listening on this port.
pub(super) fn command(stage: &Stage<'_>, port: u16, worker: Worker) -> Result<Command> {
    let program = needed(stage.tools.workerd.as_ref())?;
    let package = needed(stage.tools.js.as_ref())?;
    for file in PACKAGE {
        fs::copy(package.join(file), stage.work.join(file))?;
    }
    let config = stage.work.join("workerd.capnp");
    fs::write(&config, include_str!("workerd.capnp"))?;
    fs::write(stage.work.join("posts-on.js"), include_str!("posts-on.js"))?;
    fs::write(stage.work.join("upstream.js"), include_str!("upstream.js"))?;
    let mut command = stage.pinning.server(program);
    command
        .arg("serve")
        .arg(config)
        .arg(worker.configuration())
        .arg(format!("--socket-addr=http=127.0.0.1:{port}"))
        .env("BATON_EDGE_CONFIGURATION", plugin::document("pause").to_string())
        .env("BATON_UPSTREAM", "http://upstream.example");
    Ok(command)
}
