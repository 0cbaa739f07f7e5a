//! `baton store restore`: a store made of a back-up.

use std::path::PathBuf;

use baton_sidecar::restore_store;
use clap::Args;

use super::check::facts_line;
use crate::{Outcome, failure::Failure, output};

/// Make a store of a back-up. Nothing is overwritten.
///
/// What came after the back-up is gone, and chats that went on then cannot go on now: their clients
/// may have seen events that the store does not have, whose numbers it would give to others. So
/// every chat that was open in the back-up is ended, and a client that comes again is sent to begin
/// a new one, as the published clients do by themselves. Handoffs are not taken up again: what an
/// agent writes into one is answered with a failed receipt. Messages of users that waited for
/// Genesys become dead letters, because Genesys may have had them. Applications' webhooks are told of
/// these ends when the store is served. Links to contexts and access tokens that were given are no
/// longer good. Tenants in the store, and their secrets, are those of the back-up: one that was
/// rotated since has to be rotated again.
///
/// A back-up that is copied by other means, and not restored, does not have this done to it: never
/// serve one.
#[derive(Args)]
pub(super) struct Arguments {
    /// The back-up
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Where the store is to be, as `store.path` in the configuration says: nothing may be there
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let facts = restore_store(&arguments.file, &arguments.to)?;
    output::line(&format!("{} is restored: {}", arguments.to.display(), facts_line(&facts)))?;
    if facts.live_sessions > 0 {
        output::line(&format!("{} sessions were open, and are ended now", facts.live_sessions))?;
    }
    Ok(Outcome::Done)
}
