//! `baton setup`: what a handoff needs in Genesys, and the tenant that goes with it.

mod answers;
mod ask;
mod course;
mod report;
mod set_up;
mod tenant_section;

use std::io::{self, IsTerminal};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use baton_genesys::{Feature, Genesys, IntegrationRef, Pace, Secret};
use baton_process::Random;
use baton_setup::{Checklist, TerraformInput, WantedSecret, terraform};
use clap::{Args, ValueEnum};

use crate::{
    Outcome, admin::AdminArguments, block_on, configuration_file::ConfigurationFile,
    failure::Failure, output,
};

use answers::Answers;
use ask::Ask;
use report::{Report, SecretUse};
use set_up::SetUp;
use tenant_section::{SecretNames, Section, Stage};

/// Set up what a handoff needs in Genesys, and the tenant that goes with it.
///
/// What is not given is asked for, at a terminal. Then it says what Genesys has and what is missing,
/// with the place in Genesys' admin pages, and prints the tenant's section for the configuration.
/// With --apply it makes what is missing as far as the OAuth client may, after it has said what it
/// will do; it can be run again without harm. A secret that it makes is printed once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  Step by step, at a terminal:
    baton setup

  What there is to do, before there is an OAuth client:
    baton setup --region eu-central-1 --public-url https://chat.example.com \\
      --tenant acme/support/live --integration 'Web chat' --queue 'Web chat agents'

  Make it, without a question, and put the tenant into the sidecar's store:
    baton setup --region eu-central-1 --public-url https://chat.example.com \\
      --tenant acme/support/live --integration 'Web chat' --queue 'Web chat agents' \\
      --flow 'Web chat flow' --client-id ID --client-secret-env GENESYS_CLIENT_SECRET \\
      --apply --yes --store

  The same for Terraform:
    baton setup --terraform --region eu-central-1 --public-url https://chat.example.com \\
      --tenant acme/support/live --integration 'Web chat' --queue 'Web chat agents' > genesys.tf

Exit codes: 0 done, 1 something is left that --apply could not do, 2 wrong usage, 64 the
configuration cannot be read.")]
pub(crate) struct Arguments {
    /// The org's region, in any form: eu-central-1, mypurecloud.de, https://apps.mypurecloud.de
    #[arg(long, value_name = "REGION", conflicts_with = "base_url")]
    region: Option<String>,

    /// One address in place of a region, such as that of a simulator
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,

    /// The id of the OAuth client; without one there is the checklist alone
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// The environment variable that holds the secret of the OAuth client
    #[arg(long, value_name = "NAME", conflicts_with = "client_secret_file")]
    client_secret_env: Option<String>,

    /// The file that holds the secret of the OAuth client
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<String>,

    /// Where the edge is reached from outside: what comes before /webhooks/genesys
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// The tenant: ACCOUNT/PROJECT/ENVIRONMENT
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// The name of the Open Messaging integration, which may be a new one
    #[arg(long, value_name = "NAME", conflicts_with = "integration_id")]
    integration: Option<String>,

    /// The id of an Open Messaging integration that is there
    #[arg(long, value_name = "ID")]
    integration_id: Option<String>,

    /// The name of the agents' queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,

    /// The name of the bot's queue, into which the flow puts every conversation; handoffs are
    /// transferred from there to --queue (docs/two-queues.md)
    #[arg(long, value_name = "NAME", requires = "queue")]
    bot_queue: Option<String>,

    /// The name of the inbound message flow
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,

    /// From where chat clients may come; may be given more than once [default: the host of
    /// --public-url]
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,

    /// What the role is to allow beyond what every handoff needs; may be given more than once
    #[arg(long = "with", value_name = "FEATURE")]
    with: Vec<Extra>,

    /// The environment variable that holds the webhook secret to be set; else one is made for an
    /// integration that is new
    #[arg(long, value_name = "NAME", conflicts_with = "new_webhook_secret")]
    webhook_secret_env: Option<String>,

    /// Make a webhook secret and set it, also where the integration has one: webhooks are refused
    /// until the sidecar has it too, which baton tenant rotate avoids
    #[arg(long, requires = "apply")]
    new_webhook_secret: bool,

    /// Make what is missing
    #[arg(long)]
    apply: bool,

    /// Do not ask before that
    #[arg(long, requires = "apply")]
    yes: bool,

    /// Print it all as configuration for Terraform, and ask Genesys nothing
    #[arg(long, conflicts_with_all = ["apply", "store", "json"])]
    terraform: bool,

    /// Put the tenant into the store of the sidecar, in place of printing its section
    #[arg(long)]
    store: bool,

    #[command(flatten)]
    configuration: ConfigurationFile,

    /// Ask nothing, and print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    admin: AdminArguments,
}

/// What Baton may do beyond what every handoff needs.
#[derive(Clone, Copy, ValueEnum)]
enum Extra {
    /// Hand over from the bot's queue to the agents' (docs/two-queues.md)
    Transfer,
    /// Tell users how long they may have to wait (estimate_every_seconds)
    Estimates,
}

impl Extra {
    const fn feature(self) -> Feature {
        match self {
            Self::Transfer => Feature::Transfer,
            Self::Estimates => Feature::Estimates,
        }
    }
}

impl Arguments {
    /// What the role has to allow.
    fn features(&self) -> Vec<Feature> {
        let extras = self.with.iter().map(|extra| extra.feature());
        let transfer = self.bot_queue.as_ref().map(|_| Feature::Transfer);
        Feature::ALWAYS.iter().copied().chain(extras).chain(transfer).collect()
    }

    /// The webhook secret that is to be set, and whether it is to be set where there is one.
    fn wanted_secret(&self) -> Result<WantedSecret, Failure> {
        if let Some(name) = &self.webhook_secret_env {
            let secret = crate::secret::variable("--webhook-secret-env", name)?;
            if secret.chars().count() < SHORTEST_SECRET {
                let problem = format!(
                    "the webhook secret in {name} is shorter than {SHORTEST_SECRET} characters, \
                     and Genesys refuses it; give another: openssl rand -hex 32"
                );
                return Err(Failure::Option { option: "--webhook-secret-env", problem });
            }
            return Ok(WantedSecret::Always(Secret::new(secret)));
        }
        let made = made_secret()?;
        Ok(match self.new_webhook_secret {
            true => WantedSecret::Always(made),
            false => WantedSecret::IfNew(made),
        })
    }
}

/// Genesys refuses a webhook secret that is shorter (Genesys reference, 2.1).
const SHORTEST_SECRET: usize = 16;

/// 32 random bytes, which is what a signature of SHA-256 can make use of.
fn made_secret() -> Result<Secret, Failure> {
    let bytes: [u8; 32] = Random::system().bytes().map_err(Failure::Random)?;
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut ask = Ask::new(is_terminal && !arguments.json);
    if arguments.apply && !arguments.yes && !ask.is_possible() {
        let problem = "nobody can be asked here whether to do that; give --yes too".to_owned();
        return Err(Failure::Option { option: "--apply", problem });
    }
    block_on(async {
        let answers = Answers::collect(arguments, &mut ask).await?;
        if arguments.terraform {
            return print_terraform(arguments, &answers);
        }
        match &answers.client {
            None => without_client(arguments, &answers),
            Some(client) => SetUp::new(arguments, &answers, client).await?.run(&mut ask).await,
        }
    })
}

fn print_terraform(arguments: &Arguments, answers: &Answers) -> Result<Outcome, Failure> {
    let name = match &answers.integration {
        IntegrationRef::Name(name) => name,
        IntegrationRef::Id(_) => {
            let problem = "Terraform makes an integration of its own; give its --integration name";
            return Err(Failure::Option { option: "--terraform", problem: problem.to_owned() });
        }
    };
    let configuration = terraform(&TerraformInput {
        name,
        webhook_url: &answers.webhook_url,
        queue: answers.queue.as_deref(),
        bot_queue: arguments.bot_queue.as_deref(),
        features: &arguments.features(),
        aws_region: answers.place.aws_region(),
    });
    output::bytes(configuration.as_bytes())?;
    Ok(Outcome::Done)
}

/// What there is to do, for somebody who has no OAuth client yet.
fn without_client(arguments: &Arguments, answers: &Answers) -> Result<Outcome, Failure> {
    for (option, is_given) in [("--apply", arguments.apply), ("--store", arguments.store)] {
        if is_given {
            let problem = "it takes an OAuth client: give --client-id and its secret".to_owned();
            return Err(Failure::Option { option, problem });
        }
    }
    let wanted = answers.wanted(arguments)?;
    let names = SecretNames::new(arguments, &answers.tenant);
    let mut report = Report::new(&answers.webhook_url, arguments.json);
    report.checklist(Checklist::new(&wanted, &arguments.features()))?;
    if arguments.webhook_secret_env.is_none() {
        report.secret(&names.signature_secret, wanted.secret.for_new(), SecretUse::ByHand)?;
    }
    let stage = Stage::Finished;
    let section = Section { stage, arguments, answers, names: &names, integration: None };
    report.section(&section.text(), &names)?;
    report.end()?;
    Ok(Outcome::Done)
}

/// The client of the org.
fn genesys(
    hosts: baton_genesys::Hosts,
    credentials: baton_genesys::Credentials,
) -> Result<Genesys, Failure> {
    Genesys::new(hosts, credentials, Pace::default(), Random::system()).map_err(Failure::Tls)
}
