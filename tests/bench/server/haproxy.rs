//! HAProxy, with or without rules that verify.

use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{BUFFER_BYTES, Stage, needed};
use crate::{Result, webhook::SECRET};

/// What becomes of a request that is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rules {
    /// It is answered.
    Answer,
    /// It is answered as the signature says.
    Verify,
}

/// What one would write: the converter `hmac` takes its key in base64, here from the environment.
/// Of a body that does not fit into the buffer only the begin is hashed, and all of it would go up:
/// HAProxy 2.6 was seen to let through what was behind the signed bytes. So it has to be refused.
const VERIFY: &str = r#"
  http-request return status 413 if { req.body_len gt 1048576 }
  http-request set-var(txn.wanted) req.body,hmac(sha256,"$KEY"),base64
  http-request set-var(txn.given) req.hdr(x-hub-signature-256),regsub(^sha256=,)
  http-request return status 401 unless { var(txn.given),secure_memcmp(txn.wanted) }"#;

/// HAProxy as one process with one thread, listening on this port.
pub(super) fn command(stage: &Stage<'_>, port: u16, rules: Rules) -> Result<Command> {
    let verify = match rules {
        Rules::Answer => "",
        Rules::Verify => VERIFY,
    };
    // A body is held in one buffer, and each connection has buffers of this size.
    let config = format!(
        "global
  nbthread 1
  tune.bufsize {BUFFER_BYTES}
defaults
  mode http
  timeout client 120s
  timeout http-keep-alive 120s
  timeout http-request 10s
frontend public
  bind 127.0.0.1:{port}
  option http-buffer-request{verify}
  http-request return status 200
"
    );
    let file = stage.work.join("haproxy.cfg");
    fs::write(&file, config)?;
    let mut command = stage.pinning.server(needed(stage.tools.haproxy.as_ref())?);
    command.arg("-db").arg("-f").arg(file).env("KEY", STANDARD.encode(SECRET));
    Ok(command)
}
