//! `baton demo`: everything in one process, with a console to watch it in.

mod centre;
mod customer;
mod failure;
mod listeners;
mod parts;
mod place;
mod script;
mod secrets;
mod watched;

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
};

use clap::Args;
use reqwest::Url;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

pub(crate) use failure::DemoFailure;

use self::{centre::ContactCentre, listeners::Ports, parts::Parts};
use crate::{
    Outcome, block_on, failure::Failure, logging::LogArguments, output, stop::StopSignals,
};

/// What is said below the console's address.
const WHAT_NEXT: &str = "
Open it: you are the customer and the agent. Ask for a person in the chat on the left, accept at the
desk on the right, and watch each message travel between them. \"Faults\" lets things go wrong.
Ctrl-C ends it.";

/// Show a whole handoff, with nothing but this machine: a simulated Genesys, the sidecar with a
/// bot and an edge, and a console in the browser in which you are the customer and the agent.
///
/// It prints the address of the console, which holds the token of this run, and runs until Ctrl-C
/// or SIGTERM. Nothing is kept.
#[derive(Args)]
#[command(after_help = "\
Examples:
  baton demo --open

  Play a whole handoff in the terminal, and end with 0 if all of it came about:
    baton demo --script

  Let an Envoy take the webhooks; its filter has to have the same two secrets:
    export GENESYS_WEBHOOK_SECRET=\"$(openssl rand -hex 32)\"
    export BATON_DELIVERY_CREDENTIAL=\"$(openssl rand -hex 32)\"
    baton demo --edge http://127.0.0.1:10000

  Watch it from a second terminal:
    baton tail --console 'http://127.0.0.1:8070/#token=...'")]
pub(crate) struct Arguments {
    /// Where the console listens: a loopback address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8070", value_parser = loopback)]
    listen: SocketAddr,

    /// The origin of another edge that takes the webhooks in place of the one in this process
    #[arg(long, value_name = "URL", value_parser = origin)]
    edge: Option<String>,

    /// Which ports are taken
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Ports::Usual)]
    ports: Ports,

    /// Play a whole handoff in the terminal, then end
    #[arg(long, conflicts_with = "open")]
    script: bool,

    /// Open the console in a browser
    #[arg(long)]
    open: bool,

    #[command(flatten)]
    log: LogArguments,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err("the console drives everything: give a loopback address".to_owned()),
        Err(_) => Err("write an IP address and a port, such as 127.0.0.1:8070".to_owned()),
    }
}

/// The URL of an origin, without a slash at the end.
fn origin(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "http" && url.has_host() && url.path() == "/" => {
            Ok(url.as_str().trim_end_matches('/').to_owned())
        }
        _ => Err("write an origin of plain http, such as http://127.0.0.1:10000".to_owned()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    arguments.log.start(LevelFilter::WARN, None)?;
    block_on(show(arguments))
}

async fn show(arguments: &Arguments) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    let edge = arguments.edge.as_deref();
    let (mut parts, place) = Parts::start(arguments.listen, arguments.ports, edge).await?;
    let url = place.console_url();
    let page = if arguments.open { Some(parts.page_of_console(&url)?) } else { None };
    let genesys = ContactCentre::new(&place)?;
    let shown = async {
        // People who type are what a demonstration is for.
        genesys.behave(&json!({ "typing_inbound": true, "typing_outbound": true })).await?;
        output::line(&format!("The console: {url}"))?;
        if let Some(page) = page {
            open(&page);
        }
        if arguments.script {
            script::play(&place, genesys).await
        } else {
            output::line(WHAT_NEXT)?;
            std::future::pending().await
        }
    };
    let shown = tokio::select! {
        shown = shown => shown.map(|()| Outcome::Done),
        // A script that is broken off has not shown all.
        () = stop.received() => Ok(if arguments.script { Outcome::Refused } else { Outcome::Done }),
        failure = parts.ended() => return Err(failure.into()),
    };
    parts.stop().await.map_err(Failure::from).and(shown)
}

/// Opens a page in the browser, if there is one.
fn open(page: &std::path::Path) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opening = Command::new(opener)
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if opening.is_err() {
        output::note("baton: no browser could be opened; open the address yourself");
    }
}
