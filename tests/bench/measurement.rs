//! The measurement: rounds in which each variant is started afresh, checked, warmed up and put
//! under load with each length.

use std::{sync::Arc, time::Instant};

use crate::{
    Result,
    core_time::thread_ns,
    cpu_time::CpuTime,
    load::{self, Load},
    memory,
    results::{Memory, Sample},
    server::{Server, Stage},
    variant::Variant,
    webhook::{self, AIMED_LENGTH, LENGTHS},
};

/// How many connections the load keeps open.
const CONNECTIONS: usize = 16;

/// How many good webhooks have to be accepted before anything is measured.
const CHECKED: usize = 300;

/// The requests after which the just-in-time compilers of V8 and LuaJIT have had their say.
const WARM_UP: usize = 8_000;

/// Measures all variants that can be, in turns: so many rounds, and so many requests of a small
/// body in each.
pub(crate) async fn measure(
    stage: &Stage<'_>,
    rounds: usize,
    requests: usize,
) -> Result<(Vec<Sample>, Vec<Memory>)> {
    let (mut samples, mut memory) = (Vec::new(), Vec::new());
    let mut variants = Variant::ALL.to_vec();
    variants.retain(|variant| stage.tools.has(*variant));
    for round in 0..rounds {
        for variant in &variants {
            eprintln!("round {}: {}", round + 1, variant.label());
            let server = Server::start(*variant, stage)
                .map_err(|problem| format!("{}: {problem}", variant.label()))?;
            let turn = Turn { round, variant: *variant, requests, server: &server };
            let resident = turn
                .run(&mut samples)
                .await
                .map_err(|problem| format!("{}: {problem}\n{}", variant.label(), server.log()))?;
            memory.push(resident);
        }
        // Nobody is always first, and nobody always after the same neighbour's heat.
        variants.rotate_left(1);
    }
    Ok((samples, memory))
}

/// One variant in one round.
struct Turn<'s> {
    round: usize,
    variant: Variant,
    requests: usize,
    server: &'s Server,
}

impl Turn<'_> {
    async fn run(&self, samples: &mut Vec<Sample>) -> Result<Memory> {
        let body = webhook::body(AIMED_LENGTH)?;
        if self.variant.verifies() {
            let forged = webhook::request("another secret", &body)?;
            match load::status_of(self.server.address, &forged).await? {
                401 => {}
                status => return Err(format!("a forged webhook was answered {status}").into()),
            }
        }
        let mut load = Load::open(self.server.address, CONNECTIONS).await?;
        let good: Arc<[u8]> = webhook::request(webhook::SECRET, &body)?.into();
        load.send(&good, CHECKED).await?;
        load.send(&good, self.requests.min(WARM_UP)).await?;
        let warm_kib = memory::resident_kib(&self.server.processes())?;
        for bytes in LENGTHS {
            samples.push(self.sample(&mut load, bytes).await?);
        }
        Ok(Memory {
            round: self.round,
            variant: self.variant,
            warm_kib,
            end_kib: memory::resident_kib(&self.server.processes())?,
        })
    }

    async fn sample(&self, load: &mut Load, bytes: usize) -> Result<Sample> {
        let request: Arc<[u8]> = webhook::request(webhook::SECRET, &webhook::body(bytes)?)?.into();
        let count = requests_for(bytes, self.requests);
        load.send(&request, count / 5).await?;
        let processes = self.server.processes();
        let (before, start, load_start) = (CpuTime::of(&processes)?, Instant::now(), thread_ns());
        let requests = load.send(&request, count).await?;
        let wall_us = start.elapsed().as_secs_f64() * 1e6 / requests as f64;
        // The runtime has one thread, this one.
        let load_us = (thread_ns() - load_start) / 1e3 / requests as f64;
        let cpu_ns = CpuTime::of(&processes)?.since(&before)?;
        Ok(Sample {
            round: self.round,
            variant: self.variant,
            bytes,
            requests,
            cpu_us: cpu_ns as f64 / 1e3 / requests as f64,
            wall_us,
            load_us,
        })
    }
}

/// Fewer requests with long bodies, so that each length gets about the same time.
fn requests_for(bytes: usize, requests: usize) -> usize {
    match bytes {
        0..=1024 => requests,
        1025..=16_384 => requests / 4,
        _ => requests / 20,
    }
}
