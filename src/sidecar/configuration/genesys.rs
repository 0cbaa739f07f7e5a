//! A tenant's Genesys half: how it is reached, and how a handoff goes.

use std::{ops::RangeInclusive, time::Duration};

use baton_chat::SecretDigest;
use baton_genesys::{Credentials, Hosts};
use baton_handoff::TwoQueues;

use super::{ConfigurationProblem, Reassurance, queues, reassurance};
use crate::{secret::Secrets, section::Section};

/// How long a note to the agent may be, in characters.
const LONGEST_NOTE: usize = 2_000;

/// What the agent reads first where nothing else is to be read: Genesys takes no empty message.
pub(crate) const JOINED_NOTE: &str = "User joined the conversation";

/// How a tenant reaches Genesys.
#[derive(Clone, Debug)]
pub struct GenesysAccess {
    /// Where its org is.
    pub hosts: Hosts,
    /// The OAuth client that acts for it.
    pub credentials: Credentials,
    /// What other programs show to borrow a token of that client; empty where nobody may.
    pub token_credentials: Vec<SecretDigest>,
    /// What other programs show to begin handoffs in the tenant's sessions; with none, only an
    /// operator may.
    pub handoff_credentials: Vec<SecretDigest>,
    /// How a handoff goes.
    pub handoff: HandoffOptions,
    /// The queues of an org whose flow puts every conversation into one of the bot.
    pub queues: Option<TwoQueues>,
}

/// How a tenant wants its handoffs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffOptions {
    /// What begins one.
    pub start: Start,
    /// What follows one.
    pub after: After,
    /// What the user learns of the agent's name.
    pub agent_name: AgentName,
    /// Whether the user sees the agent's picture.
    pub agent_picture: bool,
    /// What the agent reads first when the handoff has no message of its own; absent where the
    /// transcript says enough.
    pub joined_note: Option<String>,
    /// What the agent reads when the user has left; absent when nothing is to be said.
    pub left_note: Option<String>,
    /// How many of the messages before a handoff the agent gets to read; 0 for none.
    pub transcript_messages: usize,
    /// What stands above them.
    pub transcript_title: String,
    /// How long a user waits for the first agent; absent for as long as it takes.
    pub longest_wait: Option<Duration>,
    /// How often the user is told how long the wait may take; absent for never.
    pub estimates: Option<Duration>,
    /// Whether the agent learns the user's name, e-mail address and picture.
    pub user_profile: bool,
    /// What a user reads who hears nothing for long; absent when nothing is to be said.
    pub reassurance: Option<Reassurance>,
    /// What becomes of what a flow or bot of Genesys says while a handoff is open.
    pub in_queue_messages: InQueueMessages,
    /// What becomes of an agent's message that comes while no handoff is open.
    pub stray_messages: StrayMessages,
    /// How long a user who waits for an agent may be without a connection before the handoff
    /// is given up.
    pub abandon_after: Duration,
}

/// What begins a handoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Somebody asks for it over the internal listener.
    OnRequest,
    /// The user's first message.
    FirstMessage,
}

/// What follows a handoff in which an agent was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The session ends.
    EndSession,
    /// The session goes on, and a further handoff may follow.
    KeepOpen,
}

/// What the user learns of the agent's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentName {
    /// Nothing.
    Hidden,
    /// The first word of it.
    First,
    /// The name that the agent prefers, or else the first word of the name.
    Preferred,
    /// All of it.
    Full,
}

/// What becomes of what a flow or bot of Genesys says while a handoff is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InQueueMessages {
    /// Nobody learns of it.
    Hide,
    /// The user sees it, and the bot is told.
    Show,
}

/// What becomes of an agent's message that comes while no handoff is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrayMessages {
    /// Genesys is told that it failed.
    Refuse,
    /// The user sees it.
    Show,
}

impl HandoffOptions {
    /// Whether agents have to be looked up.
    pub fn wants_agent_details(&self) -> bool {
        self.agent_name != AgentName::Hidden || self.agent_picture
    }
}

impl Default for HandoffOptions {
    fn default() -> Self {
        Self {
            start: Start::OnRequest,
            after: After::EndSession,
            agent_name: AgentName::Hidden,
            agent_picture: false,
            joined_note: Some(JOINED_NOTE.to_owned()),
            left_note: Some("User left the conversation".to_owned()),
            transcript_messages: 50,
            transcript_title: "What was said before".to_owned(),
            longest_wait: None,
            estimates: None,
            user_profile: true,
            reassurance: Some(Reassurance::default()),
            in_queue_messages: InQueueMessages::Hide,
            stray_messages: StrayMessages::Refuse,
            abandon_after: Duration::from_secs(300),
        }
    }
}

/// Reads `[tenants.genesys]` with the sections in it.
pub(super) fn read(
    mut section: Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<GenesysAccess, ConfigurationProblem> {
    let hosts = hosts(&mut section)?;
    let client_id = section.needed_text("client_id")?;
    if client_id.is_empty() {
        return Err(ConfigurationProblem::new(section.name("client_id"), "is empty; fill it"));
    }
    let client_secret = secrets.read_itself(&mut section, "client_secret")?;
    let token_credentials = secrets.read_optional(&mut section, "token_credentials")?;
    let handoff_credentials = secrets.read_optional(&mut section, "handoff_credentials")?;
    let handoff = handoff(section.section("handoff")?)?;
    let queues = queues::read(section.optional_section("queues")?)?;
    section.finish()?;
    let credentials = Credentials { client_id, client_secret };
    Ok(GenesysAccess {
        hosts,
        credentials,
        token_credentials,
        handoff_credentials,
        handoff,
        queues,
    })
}

fn hosts(section: &mut Section<'_>) -> Result<Hosts, ConfigurationProblem> {
    let problem = |key: String, problem: &dyn ToString| {
        ConfigurationProblem::new(key, format!("cannot be used: {}", problem.to_string()))
    };
    match (section.text("region")?, section.text("base_url")?) {
        (Some(region), None) => {
            Hosts::parse(&region).map_err(|error| problem(section.name("region"), &error))
        }
        (None, Some(url)) => {
            Hosts::at(&url).map_err(|error| problem(section.name("base_url"), &error))
        }
        (Some(_), Some(_)) => {
            let problem = "stands beside a region; take one of the two out";
            Err(ConfigurationProblem::new(section.name("base_url"), problem))
        }
        (None, None) => {
            let problem = "is missing; add it, such as \"mypurecloud.de\"";
            Err(ConfigurationProblem::new(section.name("region"), problem))
        }
    }
}

fn handoff(mut section: Section<'_>) -> Result<HandoffOptions, ConfigurationProblem> {
    let default = HandoffOptions::default();
    let start = [("on_request", Start::OnRequest), ("first_message", Start::FirstMessage)];
    let after = [("end_session", After::EndSession), ("keep_open", After::KeepOpen)];
    let names = [
        ("hidden", AgentName::Hidden),
        ("first", AgentName::First),
        ("preferred", AgentName::Preferred),
        ("full", AgentName::Full),
    ];
    let stray = [("refuse", StrayMessages::Refuse), ("show", StrayMessages::Show)];
    let in_queue = [("hide", InQueueMessages::Hide), ("show", InQueueMessages::Show)];
    let joined_note = optional_note(&mut section, "joined_note", default.joined_note)?;
    let left_note = optional_note(&mut section, "left_note", default.left_note)?;
    let abandon_after = section.number("abandon_after_seconds", 1..=86_400)?;
    let options = HandoffOptions {
        start: section.choice("start", &start)?.unwrap_or(default.start),
        after: section.choice("after", &after)?.unwrap_or(default.after),
        agent_name: section.choice("agent_name", &names)?.unwrap_or(default.agent_name),
        agent_picture: section.truth("agent_picture")?.unwrap_or(default.agent_picture),
        joined_note,
        left_note,
        transcript_messages: section
            .number("transcript_messages", 0..=500)?
            .map_or(default.transcript_messages, |number| number as usize),
        transcript_title: note(&mut section, "transcript_title")?
            .filter(|title| !title.trim().is_empty())
            .unwrap_or(default.transcript_title),
        longest_wait: seconds(&mut section, "longest_wait_seconds", 1..=86_400)?,
        estimates: seconds(&mut section, "estimate_every_seconds", 10..=3_600)?,
        user_profile: section.truth("user_profile")?.unwrap_or(default.user_profile),
        reassurance: reassurance::read(&mut section)?,
        in_queue_messages: section
            .choice("in_queue_messages", &in_queue)?
            .unwrap_or(default.in_queue_messages),
        stray_messages: section.choice("stray_messages", &stray)?.unwrap_or(default.stray_messages),
        abandon_after: abandon_after
            .map_or(default.abandon_after, |seconds| Duration::from_secs(seconds.into())),
    };
    section.finish()?;
    Ok(options)
}

fn seconds(
    section: &mut Section<'_>,
    key: &str,
    range: RangeInclusive<u32>,
) -> Result<Option<Duration>, ConfigurationProblem> {
    let seconds = section.number(key, range)?;
    Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
}

/// A note that is left out when it is empty.
fn optional_note(
    section: &mut Section<'_>,
    key: &str,
    default: Option<String>,
) -> Result<Option<String>, ConfigurationProblem> {
    Ok(match note(section, key)? {
        None => default,
        Some(note) => Some(note).filter(|note| !note.trim().is_empty()),
    })
}

fn note(section: &mut Section<'_>, key: &str) -> Result<Option<String>, ConfigurationProblem> {
    let note = section.text(key)?;
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        let problem = format!("is longer than {LONGEST_NOTE} characters; shorten it");
        return Err(ConfigurationProblem::new(section.name(key), problem));
    }
    Ok(note)
}
