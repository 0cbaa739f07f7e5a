//! The module, and its size.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::Result;

/// The module.
#[derive(Debug, Serialize)]
pub(crate) struct Module {
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// What Envoy loads.
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

impl Module {
    /// Copies the module to `work`, so that a build that goes on meanwhile changes nothing.
    pub(crate) fn prepare(given: &Path, work: &Path) -> Result<Self> {
        let path = work.join("baton.wasm");
        let bytes = fs::copy(given, &path)
            .map_err(|error| format!("{}: cannot be read: {error}", given.display()))?;
        Ok(Self { bytes, path })
    }
}
