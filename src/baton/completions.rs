//! `baton completions`: what a shell needs to complete commands.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::{Outcome, failure::Failure, output};

/// Print what a shell needs to complete the commands and options of baton.
#[derive(Args)]
#[command(after_help = "\
Examples:
  For bash, in this session, and for good:
    source <(baton completions bash)
    baton completions bash > ~/.local/share/bash-completion/completions/baton

  For zsh, in a directory of $fpath:
    baton completions zsh > ~/.zfunc/_baton

  For fish:
    baton completions fish > ~/.config/fish/completions/baton.fish")]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

/// Writes the completions of this command line.
pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "baton", &mut script);
    output::bytes(&script)?;
    Ok(Outcome::Done)
}
