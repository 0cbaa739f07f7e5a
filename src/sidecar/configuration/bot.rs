//! A tenant's bot: how it is reached, as whom it speaks, and where it may hand over to.

use baton_bot::{BotUrl, Credential, Reach};
use serde_json::{Map, Value};

use super::ConfigurationProblem;
use crate::{secret::Secrets, section::Section};

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 100;

/// A tenant's bot.
#[derive(Clone, Debug)]
pub struct BotAccess {
    /// What answers.
    pub answers: BotKind,
    /// Under which name it speaks.
    pub name: String,
    /// The address of its picture, if it has one.
    pub picture: Option<String>,
    /// What becomes of the user when it does not answer.
    pub when_down: WhenDown,
}

/// What answers as the bot.
#[derive(Clone, Debug)]
pub enum BotKind {
    /// A program at this address.
    At {
        /// Where it takes turns.
        url: BotUrl,
        /// How far it may be away.
        reach: Reach,
        /// What it is shown.
        credential: Option<Credential>,
    },
    /// The one that is built in, for trying things out.
    Builtin,
}

/// What becomes of the user when the bot does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenDown {
    /// The user is asked to try again.
    Apologise,
    /// A human takes over.
    HandOver,
}

/// Where a bot may hand over to, by a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// As the bot calls it.
    pub name: String,
    /// What it stands for.
    pub target: Target,
}

/// What a destination stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The tenant's Genesys, with these routing hints.
    Genesys(Map<String, Value>),
    /// Something that the client has to open: a page, or a number.
    Client {
        /// Its address.
        route: String,
    },
}

/// Reads `[tenants.bot]`.
pub(super) fn read(
    mut section: Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<BotAccess, ConfigurationProblem> {
    let builtin = section.truth("builtin")?.unwrap_or(false);
    let reach = match section.truth("allow_private")? {
        Some(true) => Reach::PrivateToo,
        Some(false) | None => Reach::Public,
    };
    let answers = match (section.text("url")?, builtin) {
        (Some(text), false) => {
            let url = BotUrl::parse(&text, reach).map_err(|error| {
                ConfigurationProblem::new(section.name("url"), format!("cannot be used: {error}"))
            })?;
            BotKind::At { url, reach, credential: credential(&mut section, secrets)? }
        }
        (None, true) => BotKind::Builtin,
        (Some(_), true) => {
            let problem = "stands beside builtin = true; take one of the two out";
            return Err(ConfigurationProblem::new(section.name("url"), problem));
        }
        (None, false) => {
            let problem = "is missing; add it, or builtin = true for the bot that is built in";
            return Err(ConfigurationProblem::new(section.name("url"), problem));
        }
    };
    let name = section.text("name")?.unwrap_or_else(|| "Assistant".to_owned());
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        let problem = format!("has to have 1 to {LONGEST_NAME} characters");
        return Err(ConfigurationProblem::new(section.name("name"), problem));
    }
    let when_down = [("apologise", WhenDown::Apologise), ("hand_over", WhenDown::HandOver)];
    let access = BotAccess {
        answers,
        name,
        picture: link(&mut section, "picture")?,
        when_down: section.choice("when_down", &when_down)?.unwrap_or(WhenDown::Apologise),
    };
    section.finish()?;
    Ok(access)
}

fn credential(
    section: &mut Section<'_>,
    secrets: &mut Secrets<'_>,
) -> Result<Option<Credential>, ConfigurationProblem> {
    let name = section.name("credential");
    let Some(secret) = secrets.read_itself_if_there(section, "credential")? else {
        return Ok(None);
    };
    match Credential::parse(secret.expose()) {
        Ok(credential) => Ok(Some(credential)),
        Err(problem) => Err(ConfigurationProblem::new(name, format!("cannot be used: {problem}"))),
    }
}

/// Reads `[[tenants.destinations]]`.
pub(super) fn destinations(
    sections: Vec<Section<'_>>,
) -> Result<Vec<Destination>, ConfigurationProblem> {
    let mut destinations: Vec<Destination> = Vec::new();
    for section in sections {
        let key = section.name("name");
        let destination = destination(section)?;
        if destinations.iter().any(|other| other.name == destination.name) {
            let problem = "names a destination that an earlier section names; take one out";
            return Err(ConfigurationProblem::new(key, problem));
        }
        destinations.push(destination);
    }
    Ok(destinations)
}

fn destination(mut section: Section<'_>) -> Result<Destination, ConfigurationProblem> {
    let name = section.needed_text("name")?;
    if let Some(route) = link(&mut section, "route")? {
        section.finish()?;
        return Ok(Destination { name, target: Target::Client { route } });
    }
    let mut hints = Map::new();
    for key in ["queue", "language", "department"] {
        hints.extend(section.text(key)?.map(|text| (key.to_owned(), text.into())));
    }
    let skills: Vec<Value> =
        section.texts("skills")?.into_iter().map(|(_, text)| text.into()).collect();
    if !skills.is_empty() {
        hints.insert("skills".to_owned(), skills.into());
    }
    let priority = section.number("priority", 0..=25_000_000)?;
    hints.extend(priority.map(|number| ("priority".to_owned(), number.into())));
    section.finish()?;
    Ok(Destination { name, target: Target::Genesys(hints) })
}

/// A link that is given to clients.
fn link(section: &mut Section<'_>, key: &str) -> Result<Option<String>, ConfigurationProblem> {
    let link = section.text(key)?;
    let is_link = |text: &String| text.starts_with("https://") || text.starts_with("http://");
    if link.as_ref().is_some_and(|text| !is_link(text)) {
        let problem = "has to begin with https:// or http://";
        return Err(ConfigurationProblem::new(section.name(key), problem));
    }
    Ok(link)
}
