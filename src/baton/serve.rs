//! `baton serve`: the sidecar.

use std::{env, fs};

use baton_sidecar::{
    Configuration, ConfigurationProblem, Sidecar, Store, bind, default_configuration,
};
use clap::{Args, ValueEnum};
use tracing_subscriber::filter::LevelFilter;

use crate::{
    Outcome, block_on, failure::Failure, logging::LogArguments, output, stop::StopSignals,
};

/// Run the sidecar: the chat API, the sessions, the handoffs to Genesys, and the intake of what
/// the edge verified.
///
/// It runs until Ctrl-C or SIGTERM. Then it finishes what it has begun, and tells chat clients
/// to come again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Begin with a configuration in which every key is explained:
    baton serve --print-default-config > baton.toml

  Its secrets come from the environment:
    export BATON_DELIVERY_CREDENTIAL=\"$(openssl rand -hex 32)\"
    export BATON_ADMIN_CREDENTIAL=\"$(openssl rand -hex 32)\"
    baton serve

  Ask how each tenant stands with Genesys; /internal/v1/metrics says it for Prometheus:
    curl http://127.0.0.1:8081/internal/v1/tenants \\
      -H \"authorization: Bearer $BATON_ADMIN_CREDENTIAL\"

  Hand a chat to an agent, where the configuration says start = \"on_request\":
    curl http://127.0.0.1:8081/internal/v1/sessions/SESSION-ID/handoffs \\
      -H \"authorization: Bearer $BATON_ADMIN_CREDENTIAL\" \\
      -d '{\"message\": \"I cannot log in\", \"attributes\": {\"queueId\": \"Support\"}}'

  See what happens, as JSON for a program that collects logs:
    BATON_LOG=debug baton serve --config /etc/baton.toml --log-format json")]
pub(crate) struct Arguments {
    /// The configuration, in TOML
    #[arg(long, value_name = "FILE", default_value = "baton.toml")]
    config: String,

    /// Print the default configuration with every key explained, and end
    #[arg(long)]
    print_default_config: bool,

    /// Take webhooks in this process, without a proxy: where `[edge]` says
    #[arg(long, value_name = "WHERE")]
    edge: Option<EdgePlace>,

    #[command(flatten)]
    log: LogArguments,
}

/// Where webhooks are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EdgePlace {
    /// In this process
    InProcess,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    if arguments.print_default_config {
        output::line(default_configuration().trim_end())?;
        return Ok(Outcome::Done);
    }
    let (configuration, warnings) = arguments.configuration()?;
    arguments.log.start(LevelFilter::INFO)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    block_on(serve(configuration, arguments.edge))
}

async fn serve(configuration: Configuration, edge: Option<EdgePlace>) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    // A taken port is found out before the store is touched.
    let chat = bind(configuration.chat_listen).await?;
    let internal = bind(configuration.internal_listen).await?;
    let application = match configuration.application_listen() {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let edge = match edge {
        Some(EdgePlace::InProcess) => Some(bind(configuration.edge.listen).await?),
        None => None,
    };
    let store = Store::open(&configuration.store_path)?;
    let addresses = chat.local_addr().and_then(|chat| Ok((chat, internal.local_addr()?)));
    if let Ok((chat, internal)) = addresses {
        output::line(&format!(
            "serving: chat API http://{chat}, deliveries and operators http://{internal}"
        ))?;
    }
    let mut sidecar = Sidecar::new(configuration, store);
    if let Some(application) = application {
        if let Ok(address) = application.local_addr() {
            output::line(&format!("serving: API for applications http://{address}"))?;
        }
        sidecar = sidecar.with_application(application);
    }
    if let Some(edge) = edge {
        if let Ok(address) = edge.local_addr() {
            output::line(&format!("serving: webhooks http://{address}"))?;
        }
        sidecar = sidecar.with_edge(edge);
    }
    sidecar.run(chat, internal, async move { stop.received().await }).await?;
    Ok(Outcome::Done)
}

impl Arguments {
    fn configuration(&self) -> Result<(Configuration, Vec<ConfigurationProblem>), Failure> {
        let path = &self.config;
        let text = fs::read_to_string(path).map_err(|source| Failure::ReadConfiguration {
            path: path.clone(),
            hint: ", or make one: baton serve --print-default-config > baton.toml",
            source,
        })?;
        Configuration::parse(&text, &|name| env::var(name).ok())
            .map_err(|source| Failure::SidecarConfiguration { path: path.clone(), source })
    }
}
