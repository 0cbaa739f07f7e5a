//! A sidecar that can crash: it runs in a runtime of its own, which may go without a word.

use std::{path::Path, time::Duration};

use baton_sidecar::{Clock, Configuration, Limits, Pacing, RunError, Sidecar, Store};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::{http1::PATIENCE, wait::until};

/// How long a sidecar that stops waits for clients that do not read.
const FAREWELL: Duration = Duration::from_millis(200);

/// How a sidecar ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// It is asked to, and finishes what it has begun.
    Stop,
    /// Everything that it does breaks off.
    Crash,
}

impl Halt {
    /// Both ways.
    pub const BOTH: [Self; 2] = [Self::Stop, Self::Crash];
}

/// The sidecar. It crashes when it is dropped.
#[derive(Debug)]
pub struct RunningSidecar {
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), RunError>>,
}

impl RunningSidecar {
    /// Starts it. One that crashed may hold the store for a moment longer.
    pub async fn start(
        configuration: Configuration,
        store: &Path,
        pacing: Pacing,
        clock: Clock,
        [chat, internal, application, observation]: [TcpListener; 4],
    ) -> Self {
        let store = until("the store", async || Store::open(store).ok()).await;
        let sidecar = Sidecar::new(configuration, store)
            .with_pacing(pacing)
            .with_clock(clock)
            .with_application(application)
            .with_observation(observation)
            .with_limits(Limits { farewell: FAREWELL, ..Limits::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let running = runtime.spawn(sidecar.run(chat, internal, stopped));
        Self { runtime: Some(runtime), stop: Some(stop), running }
    }

    /// Ends it.
    pub async fn halt(mut self, halt: Halt) {
        if let (Halt::Stop, Some(stop)) = (halt, self.stop.take()) {
            let _ = stop.send(());
            let ended = timeout(PATIENCE, &mut self.running).await.expect("it stops in time");
            ended.expect("it does not panic").expect("it stops well");
        }
    }
}

impl Drop for RunningSidecar {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
