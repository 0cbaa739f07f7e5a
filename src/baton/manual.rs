//! `baton manual`: the manual pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};

use crate::{Outcome, failure::Failure, output};

/// Print the manual page of baton, or write that of each command into a directory.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Read it:
    baton manual | man -l -

  Install the pages of all commands, so that `man baton-serve` shows one:
    baton manual --directory /usr/local/share/man/man1")]
pub(crate) struct Arguments {
    /// Where one page for baton and one for each of its commands are written: baton.1,
    /// baton-serve.1 and so on
    #[arg(long)]
    directory: Option<PathBuf>,
}

/// Writes the manual of this command line.
pub(crate) fn run(arguments: &Arguments, command: Command) -> Result<Outcome, Failure> {
    let mut command = command.disable_help_subcommand(true);
    // It gives each command the name with which its page begins.
    command.build();
    match &arguments.directory {
        None => output::bytes(&Page::of(command).map_err(Failure::Write)?.text)?,
        Some(directory) => {
            write_all(command, directory).map_err(|source| {
                let path = directory.display().to_string();
                Failure::WriteFiles { path, source }
            })?;
        }
    }
    Ok(Outcome::Done)
}

fn write_all(command: Command, directory: &Path) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_all(command.clone(), directory)?;
    }
    let page = Page::of(command)?;
    fs::write(directory.join(page.file), page.text)
}

/// A manual page.
struct Page {
    /// The name of its file.
    file: String,
    text: Vec<u8>,
}

impl Page {
    fn of(command: Command) -> io::Result<Self> {
        let has_options = command.get_arguments().any(|argument| !argument.is_hide_set());
        let has_commands = command.has_subcommands();
        let end = command.get_after_help().map(ToString::to_string);
        let man = Man::new(command);
        let mut text = Vec::new();
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        if has_options {
            man.render_options_section(&mut text)?;
        }
        if has_commands {
            man.render_subcommands_section(&mut text)?;
        }
        if let Some(end) = end {
            let (heading, end) = match end.strip_prefix("Examples:\n") {
                Some(examples) => ("EXAMPLES", examples),
                None => ("NOTES", &*end),
            };
            as_written(heading, end).to_writer(&mut text)?;
        }
        Ok(Self { file: man.get_filename(), text })
    }
}

/// A section whose lines stay as they are, so that a command can be copied from it.
fn as_written(heading: &str, text: &str) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [heading]).control("nf", []).text([roman(text)]).control("fi", []);
    section
}
