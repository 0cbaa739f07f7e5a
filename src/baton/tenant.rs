//! `baton tenant`: the tenants that stand in the store.

mod place;
mod shown;

use std::{
    fs,
    io::{self, Read},
    time::Duration,
};

use baton_core::tenant::{TenantKey, is_segment};
use baton_sidecar::{
    ProcessSurroundings, RotationEnding, Secret, Surroundings, TenantCommand, self_contained_tenant,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    Outcome, admin::AdminArguments, block_on, configuration_file::ConfigurationFile,
    failure::Failure, output,
};

use place::{Absent, Place};

/// Add, show, change and remove the tenants that stand in the store, sealed under its master key.
///
/// They are changed through the sidecar where it runs, and in the store itself where it does not. A
/// tenant is served as it stands there from the next start of the sidecar on; its webhook secret is
/// rotated while it runs. Where it does not run, be its user: the store's file is for one user alone.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  Move a tenant from the configuration file into the store: cut its section [[tenants]] out into a
  file of its own. What it refers to with { env = \"NAME\" } or { file = \"/path\" } is read now:
    baton tenant add acme.toml

  Which tenants there are, and what is said of one, without its secrets:
    baton tenant list
    baton tenant show acme/support/live

  Rotate the secret by which the webhooks of Genesys are known: begin, switch Genesys when the
  output says so (by hand or with --genesys), and end it:
    baton tenant rotate acme/support/live
    baton tenant rotate acme/support/live --genesys
    baton tenant rotate acme/support/live --finish

  The new secret is lost, or Genesys does not take it: go back to the old one:
    baton tenant rotate acme/support/live --cancel"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What is asked for.
#[derive(Clone)]
enum Request {
    /// What the tenants' book does, in whichever place.
    Book(TenantCommand),
    /// What only a sidecar that runs can do: have Genesys sign with the new webhook secret.
    ApplyRotation(TenantKey<'static>),
}

/// Where the tenants are, and how the answer is written.
#[derive(Args)]
struct AskArguments {
    #[command(flatten)]
    configuration: ConfigurationFile,

    /// Print the answer as JSON, for machines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    admin: AdminArguments,
}

#[derive(Subcommand)]
enum Command {
    /// Put a tenant into the store, in the place of what is there
    Add {
        /// Its section `[[tenants]]`, as in a configuration; `-` is standard input
        #[arg(value_name = "FILE")]
        file: String,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// List the tenants in the store
    List {
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Show a tenant without its secrets
    Show {
        /// account/project/environment
        #[arg(value_parser = tenant)]
        tenant: TenantKey<'static>,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Rotate the secret by which a tenant's webhooks are known, in two steps
    Rotate {
        /// account/project/environment
        #[arg(value_parser = tenant)]
        tenant: TenantKey<'static>,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Take a tenant out of the store
    Remove {
        /// account/project/environment
        #[arg(value_parser = tenant)]
        tenant: TenantKey<'static>,
        #[command(flatten)]
        ask: AskArguments,
    },
}

/// Which step of a rotation it is.
#[derive(Args)]
struct Step {
    /// Read the new secret from standard input; else a fresh one is made, and printed once
    #[arg(long, conflicts_with = "finish")]
    secret_from_stdin: bool,

    /// For how many seconds an edge may use a tenant that it has looked up; by default as
    /// internal.edge_cache_seconds says. Edges ask again after a minute, unless their look_up says
    /// otherwise: the rest of the time is for one that the sidecar does not answer
    #[arg(long, value_name = "SECONDS", conflicts_with = "finish")]
    edge_cache_seconds: Option<u32>,

    /// Put the new secret of a rotation that has begun into the integration in Genesys, once every
    /// edge has it; the tenant's OAuth client needs messaging:integration:edit
    #[arg(long, conflicts_with_all = ["finish", "secret_from_stdin", "edge_cache_seconds"])]
    genesys: bool,

    /// End the rotation: the older secret is taken no more
    #[arg(long)]
    finish: bool,

    /// End it before every edge has the new secret too
    #[arg(long, requires = "finish")]
    force: bool,

    /// End the rotation the other way: the new secret is taken no more, as when it was lost. Genesys
    /// has to sign with the older one
    #[arg(long, conflicts_with_all = [
        "finish", "genesys", "secret_from_stdin", "edge_cache_seconds",
    ])]
    cancel: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let (request, ask) = arguments.command.read()?;
    let answer = block_on(async {
        let mut place = Place::find(&ask.configuration, &ask.admin, &request).await?;
        let answer = place.carry_out(request.clone()).await;
        place.leave().await;
        answer
    })?;
    if ask.json {
        output::line(&format!("{answer:#}"))?;
    } else {
        output::line(&shown::text(&request, &answer))?;
    }
    Ok(Outcome::Done)
}

/// The section of the tenant as it stands in the store, without its secrets; `None` where it does
/// not. The store is made where there is none yet.
pub(crate) async fn stored_section(
    tenant: &TenantKey<'static>,
    configuration: &ConfigurationFile,
    admin: &AdminArguments,
) -> Result<Option<Value>, Failure> {
    let mut place = Place::find_where(configuration, admin, Absent::IsMade).await?;
    let section = section_in(&mut place, tenant).await;
    place.leave().await;
    section
}

async fn section_in(
    place: &mut Place,
    tenant: &TenantKey<'static>,
) -> Result<Option<Value>, Failure> {
    let answer = place.carry_out(Request::Book(TenantCommand::List)).await?;
    let mut listed = answer.get("tenants").and_then(Value::as_array).into_iter().flatten();
    let wanted = json!(tenant);
    if !listed.any(|listed| listed.get("tenant") == Some(&wanted)) {
        return Ok(None);
    }
    let shown = place.carry_out(Request::Book(TenantCommand::Show(tenant.clone()))).await?;
    Ok(shown.get("section").cloned())
}

/// Puts the tenant of this section into the store, and gives what there is to warn of. What it refers
/// to is read of the surroundings.
pub(crate) async fn put(
    section: &str,
    surroundings: &dyn Surroundings,
    configuration: &ConfigurationFile,
    admin: &AdminArguments,
) -> Result<Vec<String>, Failure> {
    let (key, document) = self_contained_tenant(section, surroundings).map_err(|source| {
        Failure::SidecarConfiguration { path: "the tenant".to_owned(), source }
    })?;
    let request = Request::Book(TenantCommand::Put { key, document });
    let mut place = Place::find(configuration, admin, &request).await?;
    let answer = place.carry_out(request).await;
    place.leave().await;
    let answer = answer?;
    let warnings = answer.get("warnings").and_then(Value::as_array).into_iter().flatten();
    Ok(warnings.filter_map(Value::as_str).map(str::to_owned).collect())
}

impl Command {
    /// What is asked for, with all that it takes along.
    fn read(&self) -> Result<(Request, &AskArguments), Failure> {
        let (command, ask) = match self {
            Self::Add { file, ask } => {
                let wrong = |source| Failure::SidecarConfiguration { path: file.clone(), source };
                let document = self_contained_tenant(&text(file)?, &ProcessSurroundings);
                let (key, document) = document.map_err(wrong)?;
                (TenantCommand::Put { key, document }, ask)
            }
            Self::List { ask } => (TenantCommand::List, ask),
            Self::Show { tenant, ask } => (TenantCommand::Show(tenant.clone()), ask),
            Self::Rotate { tenant, step, ask } if step.genesys => {
                return Ok((Request::ApplyRotation(tenant.clone()), ask));
            }
            Self::Rotate { tenant, step, ask } => (step.read(tenant)?, ask),
            Self::Remove { tenant, ask } => (TenantCommand::Remove(tenant.clone()), ask),
        };
        Ok((Request::Book(command), ask))
    }
}

impl Step {
    fn read(&self, tenant: &TenantKey<'static>) -> Result<TenantCommand, Failure> {
        let key = tenant.clone();
        let ending = match (self.finish, self.force, self.cancel) {
            (true, false, _) => Some(RotationEnding::Finished),
            (true, true, _) => Some(RotationEnding::Forced),
            (false, _, true) => Some(RotationEnding::Cancelled),
            (false, _, false) => None,
        };
        if let Some(ending) = ending {
            return Ok(TenantCommand::EndRotation { key, ending });
        }
        let secret = match self.secret_from_stdin {
            true => Some(Secret::new(text("-")?.trim_end_matches(['\r', '\n']).to_owned())),
            false => None,
        };
        let edge_cache = self.edge_cache_seconds;
        let edge_cache = edge_cache.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(TenantCommand::BeginRotation { key, secret, edge_cache })
    }
}

/// What the file holds; `-` is standard input.
fn text(file: &str) -> Result<String, Failure> {
    let (path, read) = if file == "-" {
        let mut text = String::new();
        ("standard input", io::stdin().read_to_string(&mut text).map(|_| text))
    } else {
        (file, fs::read_to_string(file))
    };
    read.map_err(|source| Failure::Read { path: path.to_owned(), source })
}

/// A tenant as people write it.
pub(crate) fn tenant(text: &str) -> Result<TenantKey<'static>, String> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [account, project, environment] if parts.iter().copied().all(is_segment) => {
            let [account, project, environment] =
                [account, project, environment].map(|part| (*part).to_owned());
            Ok(TenantKey::new(account, project, environment))
        }
        _ => Err("a tenant is written account/project/environment".to_owned()),
    }
}
