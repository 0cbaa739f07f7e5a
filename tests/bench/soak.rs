//! The filter's long run: very many requests of all kinds through one Envoy, whose memory must not
//! grow with them.
//!
//! `kind` says what is sent and what has to be answered, `caller` sends it, `sidecar` is what Envoy
//! delivers to and asks for tenants. What is sent follows from the seed.

mod caller;
mod chance;
mod kind;
mod sidecar;

use std::{path::PathBuf, time::Instant};

use clap::Args;
use serde_json::json;
use tokio::task::JoinSet;

use self::{
    caller::{Caller, Tally},
    chance::Chance,
    kind::Kind,
    sidecar::Sidecar,
};
use crate::{
    Result, memory,
    module::Module,
    pinning::Pinning,
    plugin::{self, DELIVERY_PATH},
    server::{Server, Stage, envoy, free_address},
    tools::Tools,
    webhook::PREFIX,
};

/// How many callers there are at a time.
const CALLERS: usize = 16;

/// Into how many parts the run is cut; memory is read after each.
const PARTS: usize = 10;

/// The name of the sidecar's cluster.
const CLUSTER: &str = "sidecar";

/// What is asked about the long run.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Envoy 1.40 or later.
    #[arg(long)]
    envoy: PathBuf,
    /// The filter's module.
    #[arg(long)]
    module: PathBuf,
    /// How many requests are sent.
    #[arg(long, default_value_t = 1_000_000)]
    requests: usize,
    /// What is sent follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much Envoy's resident memory may grow after the first tenth, in MiB.
    #[arg(long, default_value_t = 8)]
    most_growth_mib: u64,
}

/// Sends everything, prints the memory on its way, and fails if it grows.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let work = tempfile::tempdir()?;
    let pinning = Pinning::of_this_process();
    let module = Module::prepare(&arguments.module, work.path())?;
    let tools = Tools::envoy_alone(&arguments.envoy, &module.path);
    let stage = Stage { tools: &tools, pinning, work: work.path() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(soak(arguments, &stage))
}

async fn soak(arguments: &Arguments, stage: &Stage<'_>) -> Result<()> {
    let sidecar = Sidecar::start().await?;
    let server = start(stage, &sidecar)?;
    let mut chance = Chance::new(arguments.seed);
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        callers.push(Caller::connect(server.address, number, chance.fork()).await?);
    }
    // Nothing is known of any tenant yet, and a flood of names that are none comes.
    for caller in &mut callers {
        caller.send(Kind::LookedUp).await?;
    }
    println!("seed {}", arguments.seed);
    println!("| requests | resident MiB | seconds |\n|--:|--:|--:|");
    let (begin, mut after_first_part, mut sent) = (Instant::now(), None, 0);
    for _ in 0..PARTS {
        let each = arguments.requests.div_ceil(PARTS * CALLERS);
        callers =
            send(callers, each).await.map_err(|problem| format!("{problem}\n{}", server.log()))?;
        sent += each * CALLERS;
        let kib = memory::resident_kib(&server.processes())?;
        let seconds = begin.elapsed().as_secs_f64();
        println!("| {sent} | {:.1} | {seconds:.0} |", kib as f64 / 1024.0);
        let first_kib = *after_first_part.get_or_insert(kib);
        if kib.saturating_sub(first_kib) > arguments.most_growth_mib * 1024 {
            let most = arguments.most_growth_mib;
            return Err(format!("memory has grown by more than {most} MiB").into());
        }
    }
    let tally = callers.into_iter().map(Caller::into_tally).fold(Tally::default(), Tally::and);
    print!("\n{tally}");
    sidecar.compare(&tally)
}

/// Lets each caller send so many requests.
async fn send(callers: Vec<Caller>, each: usize) -> Result<Vec<Caller>> {
    let mut tasks = JoinSet::new();
    for mut caller in callers {
        tasks.spawn(async move {
            caller.send_mixed(each).await?;
            Result::Ok(caller)
        });
    }
    let mut callers = Vec::new();
    while let Some(caller) = tasks.join_next().await {
        callers.push(caller??);
    }
    // Whoever is ready first is not first the next time: what is sent follows from the seed.
    callers.sort_by_key(Caller::number);
    Ok(callers)
}

fn start(stage: &Stage<'_>, sidecar: &Sidecar) -> Result<Server> {
    let address = free_address()?;
    let mut document = plugin::document("pause");
    if let Some(document) = document.as_object_mut() {
        document.insert("envoy".into(), json!({"hold": "pause", "look_up_cluster": CLUSTER}));
        document.insert("unlisted_tenants".into(), json!("look_up"));
        let look_up = json!({"credential": {"env": "BATON_LOOK_UP_CREDENTIAL"}});
        document.insert("look_up".into(), look_up);
        document.insert("path_prefixes".into(), json!([PREFIX]));
    }
    let route = json!({"match": {"path": DELIVERY_PATH}, "route": {"cluster": CLUSTER}});
    let config = envoy::envoy(
        address.port(),
        vec![envoy::baton(&stage.tools.module, &document)],
        route,
        vec![envoy::cluster(CLUSTER, sidecar.address)],
    );
    let command = envoy::command(stage, &envoy::with_trailers(config), 1)?;
    Server::run(command, address, stage)
}
