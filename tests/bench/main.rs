//! What Baton costs.
//!
//! Without a subject one run measures the filter and its like: over the same HTTP/1.1 load on
//! loopback, the CPU time per request of each server with Baton and without, and of what else a
//! user has that verifies; what Envoy keeps in memory; and the core's own time without a host.
//! `variant` says who is measured, `server` how each is started, `measurement` and `footprint` what
//! is done, `report` what is printed.
//!
//! The subject `chat` measures the sidecar with its chat clients; all of it is in `chat`. The
//! subject `soak` measures nothing: it sends the filter requests of all kinds until memory would
//! show a leak.

mod answer;
mod arguments;
mod chat;
mod connection;
mod core_time;
mod cpu_time;
mod figures;
mod footprint;
mod host;
mod load;
mod machine;
mod measurement;
mod memory;
mod module;
mod package_time;
mod pinning;
mod plugin;
mod report;
mod results;
mod server;
mod soak;
mod tools;
mod variant;
mod webhook;

use std::{fs, process::ExitCode};

use clap::Parser as _;

use crate::{
    arguments::{Arguments, CommandLine, Subject},
    machine::Machine,
    module::Module,
    pinning::Pinning,
    results::Results,
    server::Stage,
    tools::Tools,
};

/// What went wrong, in words for whoever called the benchmark.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let done = match CommandLine::parse() {
        CommandLine { subject: Some(Subject::Chat(arguments)), .. } => chat::run(&arguments),
        CommandLine { subject: Some(Subject::Soak(arguments)), .. } => soak::run(&arguments),
        CommandLine { subject: Some(Subject::Authorization { address }), .. } => {
            server::serve_authorization(address)
        }
        CommandLine { filter: Some(arguments), .. } => run(&arguments),
        CommandLine { .. } => Err("nothing is to be measured; see --help".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("baton-bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let work = tempfile::tempdir()?;
    let pinning = Pinning::of_this_process();
    let module = Module::prepare(&arguments.module, work.path())?;
    let tools = Tools::of(arguments, &module.path);
    // Before there is any load: what else runs on the machine should show.
    let machine = Machine::read(&tools, pinning)?;
    let stage = Stage { tools: &tools, pinning, work: work.path() };
    let core = core_time::measure()?;
    let package = package_time::measure(&stage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let footprints = match &arguments.empty_module {
        Some(empty) => runtime.block_on(footprint::measure(&stage, empty, arguments.rounds()))?,
        None => Vec::new(),
    };
    let measured = measurement::measure(&stage, arguments.rounds(), arguments.requests());
    let (samples, memory) = runtime.block_on(measured)?;
    let results = Results { machine, module, core, package, samples, memory, footprints };
    print!("{}", report::markdown(&results));
    if let Some(file) = &arguments.json {
        fs::write(file, serde_json::to_vec_pretty(&results)?)?;
    }
    Ok(())
}
