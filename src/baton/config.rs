//! `baton config`: the default configuration, and a look at one's own before it is served.

use baton_sidecar::{BindError, BotKind, Configuration, Tenant, default_configuration};
use clap::{Args, Subcommand};

use crate::{Outcome, configuration_file::ConfigurationFile, failure::Failure, output};

/// Print the default configuration, or check one's own before it is served.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  Begin with a configuration in which every key is explained:
    baton config default > baton.toml

  See what it comes to, with what the environment and files add to it:
    export BATON_DELIVERY_CREDENTIAL=\"$(openssl rand -hex 32)\"
    export BATON_ADMIN_CREDENTIAL=\"$(openssl rand -hex 32)\"
    baton config check

  Every key can be overridden by the environment; this is most_sockets of [chat]:
    BATON__CHAT__MOST_SOCKETS=500 baton config check"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the default configuration, with every key explained
    Default,
    /// Read a configuration with all that it refers to, and say what would be served
    Check(ConfigurationFile),
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    match &arguments.command {
        Command::Default => output::line(default_configuration().trim_end())?,
        Command::Check(file) => {
            let (configuration, warnings) = file.read()?;
            check_certificates(&configuration)?;
            for warning in warnings {
                output::line(&format!("warning: {warning}"))?;
            }
            for line in summary(&configuration) {
                output::line(&output::harmless(&line))?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// Serving would refuse what these listeners cannot speak TLS with.
fn check_certificates(configuration: &Configuration) -> Result<(), BindError> {
    let always = [&configuration.chat_listen, &configuration.internal_listen];
    let edge = &configuration.edge.listen;
    let application = configuration.application_listen();
    let at_times = [application.as_ref(), configuration.observation_listen.as_ref(), Some(edge)];
    for listen in always.into_iter().chain(at_times.into_iter().flatten()) {
        listen.check()?;
    }
    Ok(())
}

/// What would be served, without a secret.
fn summary(configuration: &Configuration) -> Vec<String> {
    let application = match configuration.application_listen() {
        Some(listen) => listen.to_string(),
        None => "nobody could use it, so it does not listen".to_owned(),
    };
    let observation = match &configuration.observation_listen {
        Some(listen) => listen.to_string(),
        None => "turned off".to_owned(),
    };
    let mut lines = vec![
        format!("chat API: {}", configuration.chat_listen),
        format!("deliveries and operators: {}", configuration.internal_listen),
        format!("API for applications: {application}"),
        format!("webhooks, with --edge in-process: {}", configuration.edge.listen),
        format!("health and metrics: {observation}"),
        format!("store: {}", configuration.store_path.display()),
    ];
    lines.extend(configuration.tenants.iter().map(tenant));
    if configuration.master_key.is_some() {
        lines.push("tenants in the store: baton tenant list shows them".to_owned());
    }
    lines
}

fn tenant(tenant: &Tenant) -> String {
    let bot = match tenant.bot.as_ref().map(|bot| &bot.answers) {
        Some(BotKind::At { .. }) => "a bot",
        Some(BotKind::Builtin) => "the bot that is built in",
        None => "no bot",
    };
    let genesys = match &tenant.genesys {
        Some(access) => format!("Genesys at {}", access.hosts.api()),
        None => "no way to Genesys".to_owned(),
    };
    format!("tenant {}: {bot}, {genesys}", tenant.key)
}
