//! `baton dead-letter`: what reached nobody.

mod answer;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Outcome,
    admin::{AdminArguments, AdminClient},
    block_on,
    failure::Failure,
    output,
};

use answer::{DeadLetter, Discarded, Page, Replayed};

/// List, show, replay and discard what reached nobody.
///
/// A dead letter is a delivery of Genesys that no session was shown, a message of a user that
/// Genesys refused for good, or a notification that an application's endpoint never took. It is kept
/// as long as its session.
#[derive(Args)]
#[command(
    arg_required_else_help = true,
    after_help = "\
Examples:
  export BATON_ADMIN_CREDENTIAL='...'
  baton dead-letter list --kind notification --since 2026-05-07T12:00:00Z
  baton dead-letter show 17
  baton dead-letter replay 17

  After a tenant was missing in the configuration, all that came for it:
    baton dead-letter replay --all --kind delivery --tenant acme/support/live"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them, the newest last, without what people wrote
    List {
        #[command(flatten)]
        filter: Filter,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Show one with what it holds: this shows what people wrote
    Show {
        /// Its id in the list
        id: u64,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Send one, or all that are meant, on their way again
    ///
    /// What stands in a session already does not enter it again. A message goes to Genesys only as
    /// long as its handoff goes on: later it would begin a conversation of its own.
    Replay {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        ask: AskArguments,
    },
    /// Throw one, or all that are meant, away for good
    Discard {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        ask: AskArguments,
    },
}

/// How the answer is written, and who is asked.
#[derive(Args)]
struct AskArguments {
    /// Print JSON, for machines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    admin: AdminArguments,
}

/// One of them, or all that a filter means.
#[derive(Args)]
struct Which {
    /// Its id in the list
    #[arg(required_unless_present = "all", conflicts_with_all = ["all", "kind", "tenant", "since"])]
    id: Option<u64>,

    /// All of them, but for what the other options say
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    filter: Filter,
}

/// Which dead letters are meant.
#[derive(Args, Serialize)]
struct Filter {
    /// Those of this kind only
    #[arg(long, value_name = "KIND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,

    /// Those of this tenant only
    #[arg(long, value_name = "ACCOUNT/PROJECT/ENVIRONMENT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,

    /// Those of this time or later only, such as 2026-05-07T12:00:00Z
    #[arg(long, value_name = "TIME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

#[derive(Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Of Genesys to a session
    Delivery,
    /// Of a user to Genesys
    Message,
    /// To an application's endpoint
    Notification,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Message => "message",
            Self::Notification => "notification",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    match &arguments.command {
        Command::List { filter, ask } => block_on(list(&ask.client()?, filter, ask.json)),
        Command::Show { id, ask } => block_on(show(&ask.client()?, *id, ask.json)),
        Command::Replay { which, ask } => block_on(replay(&ask.client()?, which, ask.json)),
        Command::Discard { which, ask } => block_on(discard(&ask.client()?, which, ask.json)),
    }
}

impl AskArguments {
    fn client(&self) -> Result<AdminClient, Failure> {
        self.admin.client()
    }
}

async fn list(client: &AdminClient, filter: &Filter, json: bool) -> Result<Outcome, Failure> {
    let mut after = 0;
    loop {
        let after_text = after.to_string();
        let mut query = vec![("after", after_text.as_str())];
        query.extend(filter.kind.map(|kind| ("kind", kind.word())));
        query.extend(filter.tenant.as_deref().map(|tenant| ("tenant", tenant)));
        query.extend(filter.since.as_deref().map(|since| ("since", since)));
        let page: Page = client.get(&["dead_letters"], &query).await?;
        for letter in &page.dead_letters {
            print(letter, json, DeadLetter::line)?;
        }
        match page.next_after {
            Some(next) => after = next,
            None => return Ok(Outcome::Done),
        }
    }
}

async fn show(client: &AdminClient, id: u64, json: bool) -> Result<Outcome, Failure> {
    let letter: Value = client.get(&["dead_letters", &id.to_string()], &[]).await?;
    let text = if json { letter.to_string() } else { format!("{letter:#}") };
    output::line(&output::harmless(&text))?;
    Ok(Outcome::Done)
}

/// Some that stay where they are, are a refusal.
async fn replay(client: &AdminClient, which: &Which, json: bool) -> Result<Outcome, Failure> {
    let replayed: Replayed = match which.id {
        Some(id) => {
            let nothing = json!({});
            let () = client.post(&["dead_letters", &id.to_string(), "replay"], &nothing).await?;
            Replayed::one()
        }
        None => client.post(&["dead_letters", "replay"], &json!(which.filter)).await?,
    };
    print(&replayed, json, Replayed::lines)?;
    Ok(if replayed.refused.is_empty() { Outcome::Done } else { Outcome::Refused })
}

async fn discard(client: &AdminClient, which: &Which, json: bool) -> Result<Outcome, Failure> {
    let discarded = match which.id {
        Some(id) => {
            let () = client.delete(&["dead_letters", &id.to_string()], &[]).await?;
            Discarded { discarded: 1 }
        }
        None => client.post(&["dead_letters", "discard"], &json!(which.filter)).await?,
    };
    print(&discarded, json, Discarded::line)?;
    Ok(Outcome::Done)
}

fn print<T: Serialize>(answer: &T, json: bool, in_words: fn(&T) -> String) -> Result<(), Failure> {
    let text = if json {
        serde_json::to_string(answer).unwrap_or_default()
    } else {
        output::harmless(&in_words(answer))
    };
    output::line(&text)
}
