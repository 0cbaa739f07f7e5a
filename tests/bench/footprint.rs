//! What the filter keeps in Envoy's memory, apart from what Envoy's wasm engine keeps for whatever
//! module: with one worker and with several, so that what each worker costs shows.

use std::{path::Path, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    Result,
    load::Load,
    memory,
    server::{Server, Stage, envoy, free_address},
    webhook::{self, AIMED_LENGTH},
};

/// The numbers of workers.
pub(crate) const WORKERS: [usize; 2] = [1, 4];

/// So many that each worker gets some of them.
const CONNECTIONS: usize = 64;

/// What each worker gets.
const REQUESTS_PER_WORKER: usize = 5_000;

/// After this Envoy has given back what is free.
const GIVEN_BACK: Duration = Duration::from_secs(2);

/// What runs in Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Loaded {
    /// No module.
    Nothing,
    /// A module that does nothing.
    EmptyModule,
    /// Baton's filter.
    Baton,
}

impl Loaded {
    /// All.
    pub(crate) const ALL: [Self; 3] = [Self::Nothing, Self::EmptyModule, Self::Baton];

    /// The name in the table.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Nothing => "Envoy",
            Self::EmptyModule => "Envoy + a module that does nothing",
            Self::Baton => "Envoy + Baton",
        }
    }
}

/// The resident memory of one Envoy after webhooks of 1 KiB, in KiB.
#[derive(Debug, Serialize)]
pub(crate) struct Footprint {
    /// The round, from 0.
    pub(crate) round: usize,
    /// What runs in it.
    pub(crate) loaded: Loaded,
    /// How many workers it has.
    pub(crate) workers: usize,
    /// The memory.
    pub(crate) kib: u64,
}

/// Measures all, in so many rounds.
pub(crate) async fn measure(
    stage: &Stage<'_>,
    empty_module: &Path,
    rounds: usize,
) -> Result<Vec<Footprint>> {
    let mut footprints = Vec::new();
    for round in 0..rounds {
        for loaded in Loaded::ALL {
            for workers in WORKERS {
                eprint!("round {}: {}, {workers} workers: ", round + 1, loaded.label());
                let address = free_address()?;
                let config = config(loaded, address.port(), stage, empty_module);
                let config = envoy::with_free_memory_given_back(config);
                let command = envoy::command(stage, &config, workers)?;
                let server = Server::run(command, address, stage)?;
                let kib = used(&server, workers).await.map_err(|problem| {
                    format!("{}, {workers} workers: {problem}\n{}", loaded.label(), server.log())
                })?;
                eprintln!("{kib} KiB");
                footprints.push(Footprint { round, loaded, workers, kib });
            }
        }
    }
    Ok(footprints)
}

fn config(loaded: Loaded, port: u16, stage: &Stage<'_>, empty_module: &Path) -> Value {
    match loaded {
        Loaded::Nothing => envoy::bare(port),
        Loaded::EmptyModule => envoy::with_empty_module(port, empty_module),
        Loaded::Baton => envoy::with_baton(port, "pause", &stage.tools.module),
    }
}

async fn used(server: &Server, workers: usize) -> Result<u64> {
    let body = webhook::body(AIMED_LENGTH)?;
    let request: Arc<[u8]> = webhook::request(webhook::SECRET, &body)?.into();
    let mut load = Load::open(server.address, CONNECTIONS).await?;
    load.send(&request, workers * REQUESTS_PER_WORKER).await?;
    // What the compiler needed is free by now, and would hide what further workers need.
    sleep(GIVEN_BACK).await;
    memory::resident_kib(&server.processes())
}
