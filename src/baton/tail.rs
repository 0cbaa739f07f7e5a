//! `baton tail`: the timeline of a running demonstration, in the terminal.

mod entries;
mod lines;

use std::env;

use clap::Args;

pub(crate) use entries::{ConsoleAddress, Entries, TailError};
pub(crate) use lines::Lines;

use crate::{Outcome, block_on, failure::Failure, output, stop::StopSignals};

/// The environment variable that holds the address, so that nobody else on this machine sees it.
const VARIABLE: &str = "BATON_CONSOLE";

/// Watch what happens in a running `baton demo`, as its console shows it.
///
/// First comes what has happened so far, then each thing as soon as it is answered. A connection
/// that breaks is made again, and nothing is missed. It ends with the demonstration, or by Ctrl-C.
#[derive(Args)]
#[command(after_help = "\
Examples:
  export BATON_CONSOLE='http://127.0.0.1:8070/#token=...'
  baton tail
  baton tail --session ID
  baton tail --json | jq -c 'select(.outcome == \"refused\")'")]
pub(crate) struct Arguments {
    /// The address of the console as it was printed, token included; other users of this machine
    /// can see it there [default: the variable BATON_CONSOLE]
    #[arg(long, value_name = "URL")]
    console: Option<String>,

    /// Only what belongs to this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,

    /// Print JSON, an object a line; what changes comes again with the same number
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let address = match &arguments.console {
        Some(url) => ConsoleAddress::parse("--console", url)?,
        None => ConsoleAddress::parse(VARIABLE, &env::var(VARIABLE).unwrap_or_default())?,
    };
    block_on(follow(arguments, address))
}

async fn follow(arguments: &Arguments, address: ConsoleAddress) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    let mut lines = if arguments.json { Lines::as_json() } else { Lines::in_words() };
    let session = arguments.session.as_deref();
    let mut entries = address.entries(session, None).await?;
    loop {
        let data = tokio::select! {
            data = entries.next() => data,
            () = stop.received() => return Ok(Outcome::Done),
        };
        match data {
            Ok(Some(data)) => drop(lines.print(&data)?),
            Ok(None) | Err(TailError::Unreachable(_)) => {
                let again = tokio::select! {
                    again = address.entries_again(session, entries.last_change()) => again?,
                    () = stop.received() => return Ok(Outcome::Done),
                };
                let Some(again) = again else {
                    output::note("baton: the demonstration has ended");
                    return Ok(Outcome::Done);
                };
                entries = again;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
