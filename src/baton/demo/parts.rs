//! The parts of the demonstration, in one process: simulator, sidecar with an edge, and console.

use std::{fs, net::SocketAddr, path::PathBuf};

use baton_console::{ConsoleError, EdgeKind, Feeds};
use baton_process::{ShutdownTrigger, shutdown};
use baton_sidecar::{Random, RunError, Sidecar, Store};
use baton_simulator::SimulatorError;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::{
    failure::DemoFailure,
    listeners::{Listeners, Ports, address, origin},
    place::Place,
    secrets::Secrets,
};

/// The file of the page that leads to the console.
const PAGE_OF_CONSOLE: &str = "open-the-console.html";

/// What runs, until it is stopped.
pub(crate) struct Parts {
    sidecar: JoinHandle<Result<(), RunError>>,
    console: JoinHandle<Result<(), ConsoleError>>,
    simulator: JoinHandle<Result<(), SimulatorError>>,
    /// Stops the sidecar and the console.
    front: ShutdownTrigger,
    /// Stops the simulator, to which the sidecar speaks until it has stopped.
    genesys: ShutdownTrigger,
    directory: TempDir,
}

impl Parts {
    /// Starts everything; webhooks go to the edge at this origin, or to the one in the process.
    pub(crate) async fn start(
        console: SocketAddr,
        ports: Ports,
        edge: Option<&str>,
    ) -> Result<(Self, Place), DemoFailure> {
        let listeners = Listeners::open(console, ports, edge.is_none()).await?;
        let place = place(&listeners, edge)?;
        let directory = tempfile::tempdir().map_err(DemoFailure::Directory)?;
        let store_path = directory.path().join("baton.db");
        let store = Store::open(&store_path)?;
        let org = place.org();
        let mut sidecar = Sidecar::new(place.sidecar(&store_path, &org)?, store.clone())
            .with_application(listeners.application);
        // Nothing is missed: it is listened before anything runs.
        let feeds = Feeds::new(&org.feed, store, sidecar.passing());
        if let Some(edge) = listeners.edge {
            sidecar = sidecar.with_edge(edge);
        }
        let console = place.console()?;

        let (front, stop_front) = shutdown();
        let (genesys, mut stop_genesys) = shutdown();
        let mut stop_sidecar = stop_front.clone();
        let stop_genesys = async move { stop_genesys.begun().await };
        let stop_sidecar = async move { stop_sidecar.begun().await };
        let parts = Self {
            simulator: tokio::spawn(baton_simulator::serve(listeners.simulator, org, stop_genesys)),
            sidecar: tokio::spawn(sidecar.run(listeners.chat, listeners.internal, stop_sidecar)),
            console: tokio::spawn(console.serve(listeners.console, feeds, stop_front)),
            front,
            genesys,
            directory,
        };
        Ok((parts, place))
    }

    /// Waits for a part that ends by itself, which none should.
    pub(crate) async fn ended(&mut self) -> DemoFailure {
        let (part, ended) = tokio::select! {
            ended = &mut self.sidecar => ("the sidecar", ended.map(|e| e.map_err(Into::into))),
            ended = &mut self.console => ("the console", ended.map(|e| e.map_err(Into::into))),
            ended = &mut self.simulator => ("the simulator", ended.map(|e| e.map_err(Into::into))),
        };
        match ended {
            Ok(Ok(())) => DemoFailure::Ended { part },
            Ok(Err(failure)) => failure,
            Err(source) => DemoFailure::Broken { part, source },
        }
    }

    /// Stops everything, in order. The store goes with its directory.
    pub(crate) async fn stop(self) -> Result<(), DemoFailure> {
        let broken = |part| move |source| DemoFailure::Broken { part, source };
        self.front.begin();
        self.console.await.map_err(broken("the console"))??;
        self.sidecar.await.map_err(broken("the sidecar"))??;
        self.genesys.begin();
        self.simulator.await.map_err(broken("the simulator"))??;
        Ok(())
    }

    /// A page that leads to the console. Its path can be given to a browser where others on this
    /// machine see it; the address of the console cannot.
    pub(crate) fn page_of_console(&self, url: &str) -> Result<PathBuf, DemoFailure> {
        let path = self.directory.path().join(PAGE_OF_CONSOLE);
        let page = format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={url}\">");
        fs::write(&path, page).map_err(DemoFailure::Directory)?;
        Ok(path)
    }
}

/// Where everything is that these listeners serve.
fn place(listeners: &Listeners, edge: Option<&str>) -> Result<Place, DemoFailure> {
    let (edge, edge_url) = match &listeners.edge {
        Some(listener) => (EdgeKind::InProcess, origin(listener)?),
        None => (EdgeKind::Envoy, edge.unwrap_or_default().to_owned()),
    };
    Ok(Place {
        console: address(&listeners.console)?,
        chat_url: origin(&listeners.chat)?,
        application_url: origin(&listeners.application)?,
        genesys_url: origin(&listeners.simulator)?,
        edge_url,
        edge,
        secrets: Secrets::new(&Random::system())?,
    })
}
