//! A sidecar with a flaw, for the tests that have to notice it: what `baton serve` is, but that an
//! intake stands before its own which does the right things in a wrong way.
//!
//! Which flaw it has says the variable `BATON_FLAW`; without it there is none.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

mod intake;

use std::{env, fs, io, net::SocketAddr};

use baton_sidecar::{Configuration, ProcessSurroundings, Sidecar, Store, bind};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use crate::intake::{Flaw, Intake};

#[tokio::main]
async fn main() {
    let log = EnvFilter::from_env("BATON_LOG");
    tracing_subscriber::fmt().with_env_filter(log).with_ansi(false).with_writer(io::stderr).init();
    let file = env::args().nth(3).expect("it is started as `baton serve --config FILE` is");
    let text = fs::read_to_string(file).expect("a configuration");
    let (configuration, _) =
        Configuration::parse(&text, &ProcessSurroundings).expect("it is valid");

    let mut terminate = signal(SignalKind::terminate()).expect("signals");
    let listen = async || bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
    let [chat, front, internal] = [listen().await, listen().await, listen().await];
    let store = Store::open(&configuration.store_path).expect("the store opens");
    let address = |listener: &TcpListener| listener.local_addr().expect("bound");
    println!(
        "serving: chat API http://{}, deliveries and operators http://{}",
        address(&chat),
        address(&front)
    );
    let intake = Intake::before(address(&internal), Flaw::chosen());
    tokio::spawn(async move { axum::serve(front, intake.router()).await });
    let stop = async move { terminate.recv().await.unwrap_or_default() };
    Sidecar::new(configuration, store).run(chat, internal, stop).await.expect("it stops well");
}
