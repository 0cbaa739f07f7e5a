//! What Baton costs.
//!
//! Without a subject one run measures the filter: over the same HTTP/1.1 load on loopback, the CPU
//! time per request of Envoy alone, of Envoy with Baton's filter in both hold modes, of Envoy with
//! a Lua filter that only verifies and of a Node handler that only verifies; then the core's own
//! time without a host. `variant` says who is measured, `measurement` how, `report` what is
//! printed.
//!
//! The subject `chat` measures the sidecar with its chat clients; all of it is in `chat`.

mod answer;
mod arguments;
mod chat;
mod connection;
mod core_time;
mod cpu_time;
mod envoy_config;
mod figures;
mod host;
mod load;
mod machine;
mod measurement;
mod memory;
mod module;
mod pinning;
mod plugin;
mod report;
mod results;
mod server;
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
};

/// What went wrong, in words for whoever called the benchmark.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let done = match CommandLine::parse() {
        CommandLine { subject: Some(Subject::Chat(arguments)), .. } => chat::run(&arguments),
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
    // Before there is any load: what else runs on the machine should show.
    let machine = Machine::read(arguments, pinning)?;
    let module = Module::prepare(&arguments.module, arguments.wasm_opt.as_deref(), work.path())?;
    let core = core_time::measure()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (samples, memory) =
        runtime.block_on(measurement::measure(arguments, pinning, &module.path, work.path()))?;
    let results = Results { machine, module, core, samples, memory };
    print!("{}", report::markdown(&results));
    if let Some(file) = &arguments.json {
        fs::write(file, serde_json::to_vec_pretty(&results)?)?;
    }
    Ok(())
}
