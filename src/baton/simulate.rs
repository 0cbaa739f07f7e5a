//! `baton simulate`: a Genesys Cloud for people without an org.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use baton_simulator::{Configuration, EventTarget, EventTargetKind, OauthClient, serve};
use clap::Args;
use tracing_subscriber::filter::LevelFilter;

use crate::{
    Outcome,
    admin::authorities_of_file,
    block_on,
    failure::Failure,
    logging::LogArguments,
    output,
    secret::{self, SecretArgument},
    stop::StopSignals,
};

/// Play Genesys Cloud: its OAuth, Platform API, notifications and signed webhooks.
///
/// One address serves all: /oauth/token, /api/v2, /channels for notification sockets, and
/// /control/v1, on which you say what the people in the org do and what goes wrong. Webhooks are
/// signed and delivered by Genesys' retry rules. The control API asks for no credential, unless there
/// is --control-token-env: keep it on loopback.
#[derive(Args)]
#[command(after_help = "\
Examples:
  export GENESYS_WEBHOOK_SECRET=\"$(openssl rand -hex 32)\"
  baton simulate --secret-env GENESYS_WEBHOOK_SECRET \\
    --webhook-url http://127.0.0.1:10000/webhooks/genesys/acme/support/live/events

  Let agents act by themselves: they accept, greet, and answer with what the customer wrote:
    curl -X PUT http://127.0.0.1:8090/control/v1/org -H 'content-type: application/json' \\
      -d '{\"autopilot\": {}, \"typing_outbound\": true}'

  Or let one do a thing in a conversation; GET /control/v1/conversations lists them:
    curl http://127.0.0.1:8090/control/v1/conversations/ID/actions \\
      -H 'content-type: application/json' -d '{\"action\": \"accept\", \"user\": \"Dana\"}'

  Send a single webhook to an end user, and wait for what became of it:
    curl http://127.0.0.1:8090/control/v1/webhooks -H 'content-type: application/json' \\
      -d '{\"shape\": \"text-agent\", \"to\": \"END-USER-ID\", \"text\": \"Hello!\", \"wait\": true}'

  Send a forgery, which has to be refused:
    curl http://127.0.0.1:8090/control/v1/webhooks -H 'content-type: application/json' \\
      -d '{\"shape\": \"text-agent\", \"to\": \"END-USER-ID\", \"signature\": \"forged\"}'

  See every shape that there is:
    curl http://127.0.0.1:8090/control/v1/shapes

  Get a token as the OAuth client that there is if you name none:
    curl http://127.0.0.1:8090/oauth/token -u baton:baton-simulator-secret \\
      -d grant_type=client_credentials

  Lose the answer to the next inbound message, after it took effect:
    curl -X PUT http://127.0.0.1:8090/control/v1/faults -H 'content-type: application/json' \\
      -d '{\"requests\": [{\"fault\": {\"lose_answer\": {}}, \"matching\": \"/open/message\", \"next\": 1}]}'")]
pub(crate) struct Arguments {
    /// Where the webhooks go
    #[arg(long, value_name = "URL")]
    webhook_url: String,

    #[command(flatten)]
    secret: SecretArgument,

    /// The certificate authorities of an https receiver's certificate, in PEM [default: the system's]
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,

    /// Where the simulator listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,

    /// The integration's id, a UUID
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,

    /// The integration's name, which customers see as the sender's nickname
    #[arg(long, value_name = "NAME")]
    integration_name: Option<String>,

    /// Multiplies every duration of Genesys: 1 is Genesys' pace, 0 retries at once
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,

    /// A header that goes with every webhook; may be given more than once
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// An OAuth client with all permissions, or with those that follow; may be given more than
    /// once [default: baton:baton-simulator-secret]
    #[arg(long, value_name = "ID:SECRET [PERMISSION ...]", value_parser = oauth_client)]
    oauth_client: Vec<OauthClient>,

    /// Posts every event in the envelope of EventBridge; may be given more than once
    #[arg(long, value_name = "URL API-KEY", value_parser = url_and_key)]
    eventbridge: Vec<(String, String)>,

    /// Posts the end of a leg as a trigger's data action does; may be given more than once
    #[arg(long, value_name = "URL API-KEY", value_parser = url_and_key)]
    trigger: Vec<(String, String)>,

    /// The environment variable that holds the token of the control API; without it the control API
    /// asks for nothing
    #[arg(long, value_name = "NAME")]
    control_token_env: Option<String>,

    /// The header that carries the API key of --eventbridge and --trigger
    #[arg(long, value_name = "NAME", default_value = "x-api-key")]
    api_key_header: String,

    #[command(flatten)]
    log: LogArguments,
}

impl Arguments {
    /// Everyone who gets events over HTTP.
    fn event_targets(&self) -> Vec<EventTarget> {
        let event_bridge = self.eventbridge.iter().map(|t| (EventTargetKind::EventBridge, t));
        let trigger = self.trigger.iter().map(|target| (EventTargetKind::Trigger, target));
        event_bridge
            .chain(trigger)
            .map(|(kind, (url, api_key))| EventTarget {
                kind,
                url: url.clone(),
                api_key_header: self.api_key_header.clone(),
                api_key: api_key.clone(),
            })
            .collect()
    }
}

fn oauth_client(text: &str) -> Result<OauthClient, String> {
    let mut words = text.split_whitespace();
    let (id, secret) = words
        .next()
        .and_then(|credentials| credentials.split_once(':'))
        .ok_or("write it as 'id:secret', or as 'id:secret permission permission'".to_owned())?;
    let mut client = OauthClient::with_every_permission(id, secret);
    let permissions: Vec<String> = words.map(str::to_owned).collect();
    if !permissions.is_empty() {
        client.permissions = permissions.into_iter().collect();
    }
    Ok(client)
}

fn url_and_key(text: &str) -> Result<(String, String), String> {
    let (url, key) = text.split_once(' ').ok_or("write it as 'url api-key'".to_owned())?;
    Ok((url.trim().to_owned(), key.trim().to_owned()))
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'name: value'".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

pub(crate) fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let event_targets = arguments.event_targets();
    let mut configuration = Configuration::new(arguments.webhook_url, arguments.secret.read()?);
    configuration.event_targets = event_targets;
    if let Some(name) = &arguments.control_token_env {
        configuration.control_token = Some(secret::variable("--control-token-env", name)?);
    }
    if !arguments.oauth_client.is_empty() {
        configuration.oauth_clients = arguments.oauth_client;
    }
    if let Some(path) = &arguments.ca_file {
        configuration.authorities = Some(authorities_of_file(path)?);
    }
    configuration.listen = arguments.listen;
    configuration.time_scale = arguments.time_scale;
    configuration.webhook_headers = BTreeMap::from_iter(arguments.headers);
    if let Some(id) = arguments.integration_id {
        configuration.integration_id = id;
    }
    if let Some(name) = arguments.integration_name {
        configuration.integration_name = name;
    }
    arguments.log.start(LevelFilter::INFO, None)?;
    block_on(simulate(configuration))
}

async fn simulate(configuration: Configuration) -> Result<Outcome, Failure> {
    let mut stop = StopSignals::new()?;
    let listener = configuration.bind().await?;
    let address = listener.local_addr().map_err(baton_simulator::SimulatorError::Serve)?;
    let ready = format!(
        "simulating Genesys: control API http://{address}/control/v1, OAuth and API \
         http://{address}, webhooks to {}",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oauth_client_has_every_permission_or_those_that_follow() {
        let whole = oauth_client("id:secret:with:colons").unwrap();
        assert_eq!((whole.id.as_str(), whole.secret.as_str()), ("id", "secret:with:colons"));
        assert_eq!(whole.permissions.len(), baton_simulator::PERMISSIONS.len());
        let narrow = oauth_client("id:secret conversation:message:receive").unwrap();
        assert_eq!(narrow.permissions, ["conversation:message:receive".to_owned()].into());
        assert!(oauth_client("no-secret").is_err());
    }

    #[test]
    fn a_target_is_a_url_and_a_key() {
        let target = url_and_key("http://127.0.0.1:1/trigger the-key").unwrap();
        assert_eq!(target, ("http://127.0.0.1:1/trigger".to_owned(), "the-key".to_owned()));
        assert!(url_and_key("http://127.0.0.1:1/trigger").is_err());
    }
}
