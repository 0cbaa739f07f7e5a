//! The two queues of an org in which every conversation begins with the bot.

use baton_handoff::{QueueRef, TwoQueues};

use super::ConfigurationProblem;
use crate::section::Section;

/// How long a queue's name may be, in characters.
const LONGEST_NAME: usize = 256;

/// Reads `[tenants.genesys.queues]`, if it is there.
pub(super) fn read(
    section: Option<Section<'_>>,
) -> Result<Option<TwoQueues>, ConfigurationProblem> {
    let Some(mut section) = section else { return Ok(None) };
    let queues =
        TwoQueues { bot: queue(&mut section, "bot")?, agent: queue(&mut section, "agent")? };
    if queues.bot == queues.agent {
        let problem = "is the queue of the bot; name the queue in which agents work";
        return Err(ConfigurationProblem::new(section.name("agent"), problem));
    }
    section.finish()?;
    Ok(Some(queues))
}

fn queue(section: &mut Section<'_>, key: &str) -> Result<QueueRef, ConfigurationProblem> {
    let text = section.needed_text(key)?;
    let name = text.trim();
    let problem = if name.is_empty() {
        "is empty; write the queue's id or its exact name".to_owned()
    } else if name.chars().count() > LONGEST_NAME {
        format!("is longer than {LONGEST_NAME} characters; shorten it")
    } else {
        return Ok(QueueRef::parse(name));
    };
    Err(ConfigurationProblem::new(section.name(key), problem))
}
