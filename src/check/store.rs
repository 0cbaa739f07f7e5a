//! The store's file.

use std::path::Path;

use baton_sidecar::{Examined, Store};

use crate::report::{Findings, Step};

/// Whether the store can be opened. `Some` says how it was found.
pub(crate) fn check_store(path: &Path, findings: &mut Findings<'_>) -> Option<Examined> {
    let shown = path.display();
    match Store::examine(path) {
        Ok(found) => {
            let sentence = match found {
                Examined::Absent => format!("there is no {shown} yet; baton serve is to make it"),
                Examined::Free => format!("{shown} is a store, and no process has it open"),
                Examined::InUse => format!("{shown} is in use by a process"),
            };
            findings.tick(Step::Store, sentence);
            Some(found)
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
            findings.cross(Step::Store, format!("{error}{cause}"));
            None
        }
    }
}
