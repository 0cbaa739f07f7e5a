//! `baton store check`: whether a store, or a back-up, is whole.

use std::path::PathBuf;

use baton_sidecar::{Store, StoreFacts};
use clap::Args;

use crate::{Outcome, failure::Failure, output};

/// Check that a file is a store and whole: one that no sidecar has open, or a back-up.
///
/// All of it is read, and nothing is changed. Of a store that is in use, check a back-up.
#[derive(Args)]
pub(super) struct Arguments {
    /// The store or the back-up
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let facts = Store::check_file(&arguments.file)?;
    output::line(&format!("{} is whole: {}", arguments.file.display(), facts_line(&facts)))?;
    Ok(Outcome::Done)
}

/// What a store holds, in a few words.
pub(super) fn facts_line(facts: &StoreFacts) -> String {
    let StoreFacts { schema, bytes, sessions, live_sessions } = facts;
    format!("{bytes} bytes, schema {schema}, {sessions} sessions, {live_sessions} of them open")
}
