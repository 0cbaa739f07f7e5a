//! `baton serve`: the sidecar.

use std::{path::PathBuf, time::Duration};

use baton_sidecar::{
    BindError, Clock, Configuration, ConfigurationProblem, ConfigurationSource, Listen, Listener,
    OpenError, Random, Sidecar, Store, TenantBook, TraceExporter, Traces,
};
use clap::{Args, ValueEnum};
use tokio::{
    sync::oneshot,
    task::spawn_blocking,
    time::{Instant, sleep},
};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    Outcome, block_on, configuration_file::ConfigurationFile, failure::Failure,
    logging::LogArguments, output, stop::StopSignals,
};

/// Run the sidecar: the chat API, the sessions, the handoffs to Genesys, and the intake of what
/// the edge verified.
///
/// It runs until Ctrl-C or SIGTERM. Then it lets nothing more in, finishes what it has begun, and
/// tells chat clients to come again, within the time of `[drain]`. A second signal ends it at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Begin with a configuration in which every key is explained:
    baton config default > baton.toml

  Its secrets come from the environment:
    export BATON_DELIVERY_CREDENTIAL=\"$(openssl rand -hex 32)\"
    export BATON_ADMIN_CREDENTIAL=\"$(openssl rand -hex 32)\"
    baton serve

  Ask whether it is well; /metrics says how it stands, for Prometheus:
    curl http://127.0.0.1:8084/readyz

  Ask how each tenant stands with Genesys:
    curl http://127.0.0.1:8081/internal/v1/tenants \\
      -H \"authorization: Bearer $BATON_ADMIN_CREDENTIAL\"

  Hand a chat to an agent, where the configuration says start = \"on_request\":
    curl http://127.0.0.1:8081/internal/v1/sessions/SESSION-ID/handoffs \\
      -H \"authorization: Bearer $BATON_ADMIN_CREDENTIAL\" \\
      -d '{\"message\": \"I cannot log in\", \"attributes\": {\"queueId\": \"Support\"}}'

  See what happens, as JSON for a program that collects logs:
    BATON_LOG=debug baton serve --config /etc/baton.toml --log-format json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: ConfigurationFile,

    /// Take webhooks in this process, without a proxy: where `[edge]` says
    #[arg(long, value_name = "WHERE")]
    edge: Option<EdgePlace>,

    #[command(flatten)]
    log: LogArguments,
}

/// How long the last spans may take to the collector. Everything else has stopped by then, and most
/// often before its time is over.
const LAST_SPANS: Duration = Duration::from_secs(1);

/// For how long the store may be in use by a command, when the process starts.
const STORE_HELD: Duration = Duration::from_secs(3);

/// How often it is tried meanwhile.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// Where webhooks are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EdgePlace {
    /// In this process
    InProcess,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let file = &arguments.configuration;
    let source = file.source()?;
    let read = source.read().map_err(|problem| file.is_wrong(problem))?;
    block_on(async {
        let exporter = read.0.traces.clone().map(TraceExporter::start).transpose()?;
        arguments.log.start(LevelFilter::INFO, exporter.as_ref())?;
        let traces = exporter.as_ref().map(TraceExporter::traces).unwrap_or_default();
        let served = serve(source, read, arguments.edge, traces).await;
        if let Some(exporter) = exporter {
            exporter.shut_down(LAST_SPANS).await;
        }
        served
    })
}

/// A configuration, and what there is to warn of.
type Read = (Configuration, Vec<ConfigurationProblem>);

async fn serve(
    source: ConfigurationSource,
    read: Read,
    edge: Option<EdgePlace>,
    traces: Traces,
) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    let Ready { sidecar, chat, internal } = tokio::select! {
        ready = prepare(source, read, edge, traces) => ready?,
        // Nothing was let in yet.
        () = stop.received() => return Ok(Outcome::Done),
    };
    let (tell, told) = oneshot::channel();
    let told = async {
        let _ = told.await;
    };
    let signals = async {
        stop.received().await;
        let _ = tell.send(());
        stop.received().await;
    };
    tokio::select! {
        ended = sidecar.run(chat, internal, told) => ended?,
        () = signals => return Err(Failure::StoppedAtOnce),
    }
    Ok(Outcome::Done)
}

/// A sidecar that can run, and the listeners that it has in any case.
struct Ready {
    sidecar: Sidecar,
    chat: Listener,
    internal: Listener,
}

async fn prepare(
    source: ConfigurationSource,
    read: Read,
    edge: Option<EdgePlace>,
    traces: Traces,
) -> Result<Ready, Failure> {
    let (configuration, _) = &read;
    // A taken port is found out before the store is touched.
    let chat = Listener::bind(configuration.chat_listen.clone()).await?;
    let internal = Listener::bind(configuration.internal_listen.clone()).await?;
    let edge = edge.map(|EdgePlace::InProcess| configuration.edge.listen.clone());
    let edge = bind_if_wanted(edge).await?;
    let observation = bind_if_wanted(configuration.observation_listen.clone()).await?;
    let store = open(configuration.store_path.clone()).await?;
    let ((configuration, warnings), book) = match with_stored_tenants(source, read, &store).await {
        Ok(whole) => whole,
        Err(failure) => {
            // So that nothing is left beside its file.
            let _ = store.close().await;
            return Err(failure);
        }
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let application = bind_if_wanted(configuration.application_listen()).await?;
    let (chats, deliveries) = (chat.listens(), internal.listens());
    output::line(&format!("serving: chat API {chats}, deliveries and operators {deliveries}"))?;
    let mut sidecar = Sidecar::new(configuration, store).with_traces(traces);
    if let Some(book) = book {
        sidecar = sidecar.with_tenant_book(book);
    }
    if let Some(application) = application {
        output::line(&format!("serving: API for applications {}", application.listens()))?;
        sidecar = sidecar.with_application(application);
    }
    if let Some(edge) = edge {
        output::line(&format!("serving: webhooks {}", edge.listens()))?;
        sidecar = sidecar.with_edge(edge);
    }
    if let Some(observation) = observation {
        output::line(&format!("serving: health and metrics {}", observation.listens()))?;
        sidecar = sidecar.with_observation(observation);
    }
    Ok(Ready { sidecar, chat, internal })
}

/// Opens the store. A command that looks at it or changes its tenants has it for a moment only, and
/// is waited for: who starts this process may not start it again for that.
async fn open(path: PathBuf) -> Result<Store, Failure> {
    let latest = Instant::now() + STORE_HELD;
    loop {
        match open_at_once(path.clone()).await {
            Err(Failure::Open(OpenError::InUse { .. })) if Instant::now() < latest => {
                sleep(ASKED_EVERY).await;
            }
            outcome => return outcome,
        }
    }
}

/// Opens it on a thread of its own: the disk may keep it waiting, and then it has to be possible to
/// stop all the same.
async fn open_at_once(path: PathBuf) -> Result<Store, Failure> {
    let opened = spawn_blocking(move || Store::open(&path)).await;
    Ok(opened.map_err(|error| Failure::Runtime(error.into()))??)
}

/// The configuration together with the tenants in the store, and what lets operators change those.
async fn with_stored_tenants(
    source: ConfigurationSource,
    in_file: Read,
    store: &Store,
) -> Result<(Read, Option<TenantBook>), Failure> {
    let (clock, random) = (Clock::system(), Random::system());
    match TenantBook::open(source, &in_file.0, store.clone(), clock, random).await? {
        Some(book) => Ok((book.configuration().await?, Some(book))),
        None => Ok((in_file, None)),
    }
}

async fn bind_if_wanted(listen: Option<Listen>) -> Result<Option<Listener>, BindError> {
    match listen {
        Some(listen) => Listener::bind(listen).await.map(Some),
        None => Ok(None),
    }
}
