//! A whole handoff: a message of an end user of its own, until it is where agents are, and its end.
//!
//! It goes to Genesys directly, so that it proves the organisation and the permissions whatever the
//! sidecar does. Agents see it: its text says what it is. It always ends what it began.

use std::time::Duration;

use baton_genesys::{CallError, EndUser, Genesys, InboundMessage};
use baton_handoff::{Participant, Purpose, Snapshot, State};
use tokio::time::{Instant, sleep};

use crate::{
    Surroundings,
    report::{Findings, Step},
};

/// What agents read.
const TEXT: &str = "Test of Baton: nobody is waiting, this ends by itself.";

/// How long the conversation may take to come to a flow, a queue or an agent, and to end, in
/// Genesys' seconds.
const PATIENCE: u32 = 30;

/// How often Genesys is asked meanwhile.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Tries a handoff.
pub(crate) async fn check_handoff(
    genesys: &Genesys,
    integration_id: &str,
    surroundings: &Surroundings,
    findings: &mut Findings<'_>,
) {
    let patience = surroundings.pace.second * PATIENCE;
    let conversation_id = match begin(genesys, integration_id, surroundings).await {
        Ok(conversation_id) => conversation_id,
        Err(trouble) => return findings.cross(Step::Handoff, trouble),
    };
    findings.tick(Step::Handoff, format!("Genesys made the conversation {conversation_id}"));
    match find_place(genesys, &conversation_id, patience).await {
        Ok(Place::Agents(name)) => findings.tick(Step::Handoff, format!("it came to {name}")),
        Ok(Place::Flow) => findings.dash(
            Step::Handoff,
            "it came to a flow and stays there, so that no agent would see it: look whether the \
             flow transfers to a queue",
        ),
        Ok(Place::Nowhere) => findings.cross(
            Step::Handoff,
            "the conversation came to no flow, queue or agent: give the integration an inbound \
             message flow in Admin, Routing, Message Routing",
        ),
        Err(trouble) => findings.cross(Step::Handoff, trouble),
    }
    // Wherever it came to.
    match end(genesys, &conversation_id, patience).await {
        Ok(()) => findings.tick(Step::Handoff, "it was ended"),
        Err(trouble) => findings.cross(Step::Handoff, trouble),
    }
}

/// Sends the message, and learns the conversation.
async fn begin(
    genesys: &Genesys,
    integration_id: &str,
    surroundings: &Surroundings,
) -> Result<String, String> {
    let said = |error: CallError| error.to_string();
    let id = surroundings.random.uuid().map_err(|error| error.to_string())?.simple().to_string();
    let message = InboundMessage {
        from: EndUser::new(format!("baton-check-{id}")),
        message_id: id,
        time: surroundings.clock.now(),
        text: TEXT.to_owned(),
        attributes: std::iter::empty().collect(),
    };
    let taken = genesys.send_message(integration_id, &message).await.map_err(said)?;
    let is_left = |why: String| {
        format!(
            "Genesys took the message, and which conversation it made is not known, so that it \
             goes on: look for one that says \"Test of Baton\", and end it ({why})"
        )
    };
    match (taken.conversation_id, taken.message_id) {
        (Some(conversation_id), _) => Ok(conversation_id),
        (None, Some(message_id)) => {
            let asked = genesys.conversation_of(&message_id).await;
            asked.map_err(|error| is_left(error.to_string()))
        }
        (None, None) => Err(is_left("it did not say the message's id".to_owned())),
    }
}

/// Where a conversation came to.
enum Place {
    /// To a queue, or an agent already: which.
    Agents(String),
    /// To a flow, and no further.
    Flow,
    /// Its customer is alone.
    Nowhere,
}

/// Waits until it is where agents are. Most often a flow has it first.
async fn find_place(
    genesys: &Genesys,
    conversation_id: &str,
    patience: Duration,
) -> Result<Place, String> {
    if let Some(name) = watch(genesys, conversation_id, patience, at_agents).await? {
        return Ok(Place::Agents(name));
    }
    let snapshot = genesys.conversation(conversation_id).await;
    let snapshot = snapshot.map_err(|error| error.to_string())?;
    let is_flow = |leg: &Participant| leg.purpose == Purpose::Other && leg.state != State::Ended;
    Ok(if snapshot.participants.iter().any(is_flow) { Place::Flow } else { Place::Nowhere })
}

/// Looks at the conversation until there is something to say of it; `None` if there never is.
async fn watch<T>(
    genesys: &Genesys,
    conversation_id: &str,
    patience: Duration,
    look: impl Fn(&Snapshot) -> Option<T>,
) -> Result<Option<T>, String> {
    let latest = Instant::now() + patience;
    loop {
        match genesys.conversation(conversation_id).await {
            Ok(snapshot) => match look(&snapshot) {
                Some(seen) => return Ok(Some(seen)),
                None if Instant::now() >= latest => return Ok(None),
                None => {}
            },
            // It may take a moment to be there.
            Err(error) if error.is_not_found() && Instant::now() < latest => {}
            Err(error) => return Err(error.to_string()),
        }
        sleep(ASKED_EVERY).await;
    }
}

/// With whom the conversation is, once that is an agent or a queue.
fn at_agents(snapshot: &Snapshot) -> Option<String> {
    let live = |leg: &&Participant| leg.state != State::Ended;
    let legs = || snapshot.participants.iter().filter(live);
    if legs().any(|leg| leg.purpose == Purpose::Agent) {
        return Some("an agent".to_owned());
    }
    let queue = legs().find_map(|leg| leg.queue.as_ref())?;
    Some(format!("the queue {}", queue.name.as_deref().unwrap_or(&queue.id)))
}

/// Ends it from the customer's side, as Baton does.
async fn end(genesys: &Genesys, conversation_id: &str, patience: Duration) -> Result<(), String> {
    let not_ended = |why: String| {
        format!("the conversation {conversation_id} could not be ended, end it in Genesys: {why}")
    };
    let customer = watch(genesys, conversation_id, patience, |snapshot| {
        let mut legs = snapshot.participants.iter();
        let leg = legs.find(|leg| leg.purpose == Purpose::Customer && leg.state != State::Ended)?;
        Some(leg.id.clone())
    });
    let customer = customer.await.map_err(not_ended)?;
    let Some(customer) = customer else {
        return Err(not_ended("it has no customer".to_owned()));
    };
    genesys
        .disconnect(conversation_id, &customer)
        .await
        .map_err(|error| not_ended(error.to_string()))?;
    let over = watch(genesys, conversation_id, patience, |snapshot| {
        snapshot.participants.iter().all(|leg| leg.state == State::Ended).then_some(())
    });
    match over.await.map_err(not_ended)? {
        Some(()) => Ok(()),
        None => Err(not_ended("it goes on after its customer left".to_owned())),
    }
}
