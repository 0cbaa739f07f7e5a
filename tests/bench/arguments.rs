//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{chat, soak};

/// Measures what the filter costs, beside what others cost; or another subject.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct CommandLine {
    /// Another subject than the filter.
    #[command(subcommand)]
    pub(crate) subject: Option<Subject>,
    /// The filter.
    #[command(flatten)]
    pub(crate) filter: Option<Arguments>,
}

/// What else can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Measures a sidecar with its chat clients.
    Chat(chat::Arguments),
    /// Sends the filter very many requests of all kinds, and watches Envoy's memory.
    Soak(soak::Arguments),
    /// Serves as what Envoy asks whether a request is signed.
    #[command(hide = true)]
    Authorization {
        /// Where.
        address: SocketAddr,
    },
}

/// What is asked about the filter.
///
/// Of the programs beside Envoy, each that is not there is left out, and the report says so.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Envoy 1.40 or later.
    #[arg(long)]
    pub(crate) envoy: PathBuf,
    /// The filter's module.
    #[arg(long)]
    pub(crate) module: PathBuf,
    /// A module that does nothing, for the memory of Envoy's own wasm engine.
    #[arg(long)]
    pub(crate) empty_module: Option<PathBuf>,
    /// Node 20.
    #[arg(long, default_value = "node")]
    pub(crate) node: PathBuf,
    /// Measures without Node.
    #[arg(long)]
    pub(crate) no_node: bool,
    /// nginx 1.22 or later.
    #[arg(long)]
    pub(crate) nginx: Option<PathBuf>,
    /// nginx' module for njs.
    #[arg(long)]
    pub(crate) njs: Option<PathBuf>,
    /// HAProxy 2.4 or later.
    #[arg(long)]
    pub(crate) haproxy: Option<PathBuf>,
    /// workerd.
    #[arg(long)]
    pub(crate) workerd: Option<PathBuf>,
    /// The folder of the package for JavaScript.
    #[arg(long)]
    pub(crate) js: Option<PathBuf>,
    /// Requests per measurement of bodies up to 1 KiB; larger ones get fewer.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) requests: usize,
    /// How often each variant is started and measured.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Two short rounds, to see that everything works. The figures are worth nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Writes every sample to this file.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

impl Arguments {
    /// The most that may be asked for, so that a run ends.
    const MOST_REQUESTS: usize = 1_000_000;
    const MOST_ROUNDS: usize = 50;

    /// Requests per measurement of a small body.
    pub(crate) fn requests(&self) -> usize {
        let wanted = if self.quick { 2_000 } else { self.requests };
        wanted.clamp(1, Self::MOST_REQUESTS)
    }

    /// Rounds.
    pub(crate) fn rounds(&self) -> usize {
        let wanted = if self.quick { 2 } else { self.rounds };
        wanted.clamp(1, Self::MOST_ROUNDS)
    }
}
