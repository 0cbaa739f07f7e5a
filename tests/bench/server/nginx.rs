//! nginx, with or without a handler in njs.

use std::{fs, process::Command};

use super::{BUFFER_BYTES, Stage, needed};
use crate::Result;

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Handler {
    /// It is answered. nginx reads the body and drops it.
    Answers,
    /// It is held, and goes where others are answered if its signature is right.
    Verifies,
}

/// nginx as one process, listening on this port.
pub(super) fn command(stage: &Stage<'_>, port: u16, handler: Handler) -> Result<Command> {
    let (program, njs) = needed(stage.tools.nginx.as_ref())?;
    let work = stage.work.display();
    let (load, import, locations) = match handler {
        Handler::Answers => (String::new(), String::new(), "location / { return 200; }"),
        Handler::Verifies => (
            format!("load_module {};", njs.display()),
            format!("js_path {work}; js_import verify from verify.js;"),
            "location / { js_content verify.request; } location @verified { return 200; }",
        ),
    };
    // A body that does not fit into its buffer goes to a file, which njs cannot read.
    let config = format!(
        "daemon off;
         master_process off;
         pid {work}/nginx.pid;
         error_log stderr warn;
         env GENESYS_WEBHOOK_SECRET;
         {load}
         events {{}}
         http {{
           access_log off;
           keepalive_timeout 120s;
           keepalive_requests 100000000;
           client_max_body_size {BUFFER_BYTES};
           client_body_buffer_size {BUFFER_BYTES};
           client_body_temp_path {work}/nginx;
           proxy_temp_path {work}/nginx;
           fastcgi_temp_path {work}/nginx;
           uwsgi_temp_path {work}/nginx;
           scgi_temp_path {work}/nginx;
           {import}
           server {{
             listen 127.0.0.1:{port};
             {locations}
           }}
         }}"
    );
    let file = stage.work.join("nginx.conf");
    fs::write(&file, config)?;
    fs::write(stage.work.join("verify.js"), include_str!("verify.njs"))?;
    let mut command = stage.pinning.server(program);
    command.arg("-c").arg(file).args(["-e", "stderr"]);
    Ok(command)
}
