//! The command line: `baton`.
//!
//! A command is a file. What a command was asked for goes to standard output and nothing else
//! does; what went wrong is one line on standard error that says what to do.
#![allow(rustdoc::bare_urls, reason = "what documents an option is printed as its help")]

mod admin;
mod body;
mod chat;
mod chat_api;
mod check;
mod completions;
mod config;
mod configuration_file;
mod connection;
mod dead_letter;
#[cfg(feature = "demo")]
mod demo;
mod failure;
mod inspect;
mod logging;
mod manual;
mod output;
mod secret;
mod serve;
mod setup;
mod sign;
#[cfg(feature = "simulator")]
mod simulate;
mod stop;
mod store;
#[cfg(feature = "demo")]
mod tail;
mod tenant;
mod transcript;

use std::process::ExitCode;

use baton_process::keep_memory_private;
use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;

/// Hands a chat from a virtual agent to a human in Genesys Cloud.
#[derive(Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Each command has its own help with examples: baton help <COMMAND>\n\n\
                  Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 64 wrong configuration."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Config(config::Arguments),
    Setup(Box<setup::Arguments>),
    Check(check::Arguments),
    Tenant(tenant::Arguments),
    Store(store::Arguments),
    DeadLetter(dead_letter::Arguments),
    Inspect(inspect::Arguments),
    Sign(sign::Arguments),
    Chat(chat::Arguments),
    #[cfg(feature = "simulator")]
    Simulate(simulate::Arguments),
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    #[cfg(feature = "demo")]
    Tail(tail::Arguments),
    Completions(completions::Arguments),
    Manual(manual::Arguments),
}

/// What a command that did its work came to.
enum Outcome {
    /// It did what it was asked for.
    Done,
    /// It did, and the answer is no.
    Refused,
}

fn main() -> ExitCode {
    if let Err(error) = keep_memory_private() {
        output::note(&format!(
            "baton: other processes of this user may read its memory, since the system does not \
             let it keep that private ({error})"
        ));
    }
    let outcome = match CommandLine::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Setup(arguments) => setup::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Tenant(arguments) => tenant::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::DeadLetter(arguments) => dead_letter::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Chat(arguments) => chat::run(&arguments),
        #[cfg(feature = "simulator")]
        Command::Simulate(arguments) => simulate::run(arguments),
        #[cfg(feature = "demo")]
        Command::Demo(arguments) => demo::run(&arguments),
        #[cfg(feature = "demo")]
        Command::Tail(arguments) => tail::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, CommandLine::command()),
        Command::Manual(arguments) => manual::run(&arguments, CommandLine::command()),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::from(1),
        // Whoever read the output has seen enough, as in `baton chat | head`.
        Err(failure) if failure.is_closed_output() => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("baton: {}", failure.in_one_line()));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Runs the asynchronous part of a command.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Runtime)?;
    let result = runtime.block_on(future);
    // A thread that waits for the terminal's next line would hold the process up.
    runtime.shutdown_background();
    result
}
