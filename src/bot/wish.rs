//! To whom the bot wants to hand over.

use crate::{answer::HandoffWish, error::AnswerProblem, members::Members, reading::Remark};

/// How the key of an integration ends.
const SUFFIX: &str = "_integration";

/// The contact-centre system that is served here: it goes before others.
const PREFERRED: &str = "genesys";

/// Longer names are of no integration.
const MAX_NAME_BYTES: usize = 64;

/// The wish, wherever bots put it: into `handoff.text_chat`, into `handoff`, or beside the
/// utterance. The first of these places that names somebody counts, and in one place an
/// integration goes before a destination.
pub(crate) fn read(
    answer: &Members<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<HandoffWish>, AnswerProblem> {
    let handoff = answer.object("handoff")?;
    let text_chat = match &handoff {
        Some(handoff) => handoff.object("text_chat")?,
        None => None,
    };
    for place in [text_chat.as_ref(), handoff.as_ref(), Some(answer)].into_iter().flatten() {
        let wish = match integration(place, remarks)? {
            None => destination(place)?,
            integration => integration,
        };
        if wish.is_some() {
            return Ok(wish);
        }
    }
    match handoff {
        Some(_) => Err(AnswerProblem::NoTarget),
        None => Ok(None),
    }
}

/// The key that ends in `_integration`: of several the one of Genesys, else the first by name.
fn integration(
    place: &Members<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<HandoffWish>, AnswerProblem> {
    let mut found: Vec<&str> = place.names().filter_map(integration_name).collect();
    found.sort_unstable_by_key(|name| (*name != PREFERRED, *name));
    let [name, others @ ..] = found.as_slice() else { return Ok(None) };
    for other in others {
        let member = place.path_of(&format!("{other}{SUFFIX}"));
        remarks.push(Remark { member, what: "was left out: another integration goes before it" });
    }
    let hints = place.object(&format!("{name}{SUFFIX}"))?;
    Ok(hints.map(|hints| HandoffWish::Integration {
        name: (*name).to_owned(),
        hints: hints.map().clone(),
    }))
}

/// `genesys` of `genesys_integration`.
fn integration_name(key: &str) -> Option<&str> {
    let name = key.strip_suffix(SUFFIX)?;
    let is_name = (1..=MAX_NAME_BYTES).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_name.then_some(name)
}

fn destination(place: &Members<'_>) -> Result<Option<HandoffWish>, AnswerProblem> {
    let Some(destination) = place.words("destination")? else { return Ok(None) };
    let data = place.object("data")?;
    Ok(Some(HandoffWish::Destination {
        destination: destination.trim().to_owned(),
        reason: place.words("reason")?.map(ToOwned::to_owned),
        data: data.map(|data| data.map().clone()).unwrap_or_default(),
    }))
}
