//! `baton simulate`: a Genesys Cloud for people without an org.

use std::{collections::BTreeMap, net::SocketAddr};

use baton_simulator::{Configuration, serve};
use clap::Args;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    Outcome, block_on, failure::Failure, logging::LogArguments, output, secret::SecretArgument,
    stop::StopSignals,
};

/// Play Genesys Cloud: send signed Open Messaging webhooks on demand.
///
/// It runs a control API on which you say what an agent does; it signs the webhook and delivers
/// it by Genesys' retry rules. The control API asks for no credential: keep it on loopback.
#[derive(Args)]
#[command(after_help = "\
Examples:
  export GENESYS_WEBHOOK_SECRET=\"$(openssl rand -hex 32)\"
  baton simulate --secret-env GENESYS_WEBHOOK_SECRET \\
    --webhook-url http://127.0.0.1:10000/webhooks/genesys/acme/support/live/events

  Let an agent write to an end user, and wait for what became of it:
    curl http://127.0.0.1:8090/control/v1/webhooks -H 'content-type: application/json' \\
      -d '{\"shape\": \"text-agent\", \"to\": \"END-USER-ID\", \"text\": \"Hello!\", \"wait\": true}'

  Send a forgery, which has to be refused:
    curl http://127.0.0.1:8090/control/v1/webhooks -H 'content-type: application/json' \\
      -d '{\"shape\": \"text-agent\", \"to\": \"END-USER-ID\", \"signature\": \"forged\"}'

  See every shape that there is:
    curl http://127.0.0.1:8090/control/v1/shapes")]
pub(crate) struct Arguments {
    /// Where the webhooks go
    #[arg(long, value_name = "URL")]
    webhook_url: String,

    #[command(flatten)]
    secret: SecretArgument,

    /// Where the control API listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,

    /// The integration's id, a UUID
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,

    /// The integration's name, which customers see as the sender's nickname
    #[arg(long, value_name = "NAME")]
    integration_name: Option<String>,

    /// Multiplies Genesys' time-outs and pauses: 1 is Genesys' pace, 0 retries at once
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,

    /// A header that goes with every webhook; may be given more than once
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    #[command(flatten)]
    log: LogArguments,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'name: value'".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let mut configuration = Configuration::new(arguments.webhook_url, arguments.secret.read()?);
    configuration.listen = arguments.listen;
    configuration.time_scale = arguments.time_scale;
    configuration.webhook_headers = BTreeMap::from_iter(arguments.headers);
    if let Some(id) = arguments.integration_id {
        configuration.integration_id = id;
    }
    if let Some(name) = arguments.integration_name {
        configuration.integration_name = name;
    }
    arguments.log.start(LevelFilter::INFO)?;
    block_on(simulate(configuration))
}

async fn simulate(configuration: Configuration) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    let listener = configuration.bind().await?;
    let address = listener.local_addr().map_err(baton_simulator::SimulatorError::Serve)?;
    let ready = format!(
        "simulating Genesys: control API http://{address}/control/v1, webhooks to {}",
        configuration.webhook_url
    );
    let serving = serve(listener, configuration, async move { stop.received().await });
    let mut serving = std::pin::pin!(serving);
    // What cannot be used shows as soon as it begins to serve: nothing is announced before.
    tokio::select! {
        biased;
        served = &mut serving => served?,
        () = std::future::ready(()) => {
            output::line(&ready)?;
            serving.await?;
        }
    }
    Ok(Outcome::Done)
}
