//! Node with a handler of its own.

use std::{fs, process::Command};

use super::{Stage, needed};
use crate::Result;

/// What the handler does with a body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// It reads it, and answers.
    Answers,
    /// It reads it, and answers as the signature says.
    Verifies,
}

/// Node, listening on this port.
pub(super) fn command(stage: &Stage<'_>, port: u16, handler: Handler) -> Result<Command> {
    let file = stage.work.join("verify.mjs");
    fs::write(&file, include_str!("verify.mjs"))?;
    let mut command = stage.pinning.server(needed(stage.tools.node.as_ref())?);
    command.arg(file).arg(port.to_string()).arg(match handler {
        Handler::Answers => "answer",
        Handler::Verifies => "verify",
    });
    Ok(command)
}
