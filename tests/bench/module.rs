//! The module: its size, as built and after wasm-opt.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Serialize;

use crate::Result;

/// What rustc uses for this target. After `strip` the module does not say so itself.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The module.
#[derive(Debug, Serialize)]
pub(crate) struct Module {
    /// Its size as given, in bytes.
    pub(crate) given: u64,
    /// Its size after wasm-opt, if that was asked for.
    pub(crate) optimised: Option<u64>,
    /// What Envoy loads.
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

impl Module {
    /// Copies the module to `work`, through wasm-opt if there is one, so that a build that goes on
    /// meanwhile changes nothing.
    pub(crate) fn prepare(given: &Path, wasm_opt: Option<&Path>, work: &Path) -> Result<Self> {
        let path = work.join("baton.wasm");
        let size = fs::copy(given, &path)
            .map_err(|error| format!("{}: cannot be read: {error}", given.display()))?;
        let Some(wasm_opt) = wasm_opt else {
            return Ok(Self { given: size, optimised: None, path });
        };
        let optimised = work.join("baton-optimised.wasm");
        let status = Command::new(wasm_opt)
            .arg("-O3")
            .args(FEATURES)
            .arg(&path)
            .arg("--output")
            .arg(&optimised)
            .status()
            .map_err(|error| format!("{}: cannot be started: {error}", wasm_opt.display()))?;
        if !status.success() {
            return Err(format!("{}: {status}", wasm_opt.display()).into());
        }
        Ok(Self { given: size, optimised: Some(fs::metadata(&optimised)?.len()), path: optimised })
    }

    /// The size of what Envoy loads.
    pub(crate) fn loaded(&self) -> u64 {
        self.optimised.unwrap_or(self.given)
    }
}
