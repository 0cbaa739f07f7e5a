//! `baton store`: the store's own upkeep.

mod backup;
mod check;
mod restore;
mod rotate_key;

use baton_sidecar::{MasterKey, Random};
use clap::{Args, Subcommand};

use crate::{Outcome, failure::Failure, output};

/// Look after the store: back it up while it runs, check it, restore it, and change the key under
/// which its tenants are sealed.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  Every night, into a file that is not there yet:
    export BATON_ADMIN_CREDENTIAL='...'
    baton store backup \"/var/backups/baton-$(date +%F).db\"

  After a loss: stop the sidecar, move what is left of the store away, then
    baton store check /var/backups/baton-2026-05-07.db
    baton store restore /var/backups/baton-2026-05-07.db --to /var/lib/baton/baton.db

  Make a key for `master_key` of [store], and give it to the sidecar in its environment:
    baton store new-key

  Seal the tenants in the store under another key, while the sidecar is stopped, and give the
  sidecar the new one; keep it before anything is sealed under it:
    (umask 077 && baton store new-key > /etc/baton/master-key.new)
    baton store rotate-key --new-key-file /etc/baton/master-key.new"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(Box<backup::Arguments>),
    Check(check::Arguments),
    Restore(restore::Arguments),
    /// Print a fresh master key: 32 random bytes in base64url
    NewKey,
    RotateKey(rotate_key::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    match &arguments.command {
        Command::Backup(arguments) => backup::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Restore(arguments) => restore::run(arguments),
        Command::NewKey => {
            let key = MasterKey::generate(&Random::system()).map_err(Failure::Random)?;
            output::line(&key.to_text())?;
            Ok(Outcome::Done)
        }
        Command::RotateKey(arguments) => rotate_key::run(arguments),
    }
}
