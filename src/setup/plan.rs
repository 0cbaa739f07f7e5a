//! The steps from what is there to what is wanted.

use baton_genesys::{
    Creation, IntegrationDetails, IntegrationRef, MessagingSetting, Queue, Reference,
    TypingDirections,
};

use crate::{
    found::{Found, Seen},
    thing::Thing,
    wanted::{Wanted, WantedSecret},
};

/// The steps from what is there to what is wanted, in the order in which they are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// The integration, if it is there.
    pub integration: Option<IntegrationDetails>,
    /// The id of the messaging setting that the integration is to have, if it is there.
    pub(crate) setting_id: Option<String>,
}

/// One thing that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What kind of thing.
    pub thing: Thing,
    /// What it is called; empty where nobody said.
    pub name: String,
    /// How it stands.
    pub state: State,
}

/// How a thing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there, as wanted.
    There,
    /// This is to be done.
    Work(Work),
    /// A person has to do it: why, and what.
    ByHand(String),
}

/// What can be done over the Platform API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// A messaging setting is made, with typing on.
    CreateSetting,
    /// Typing is turned on, in the messaging setting of this id.
    TurnTypingOn(String),
    /// An integration is made.
    CreateIntegration,
    /// The integration of this id is changed.
    ChangeIntegration {
        /// Its id.
        id: String,
        /// Whether its webhook URL differs.
        webhook_url: bool,
        /// Whether its secret is to be set.
        secret: bool,
        /// Whether it is to have the messaging setting of this plan.
        setting: bool,
    },
    /// A queue is made.
    CreateQueue(QueueOf),
    /// A flow takes what comes in at the integration.
    RouteMessages {
        /// The id of the flow.
        flow_id: String,
        /// The flow that takes it until then, if there is one.
        instead_of: Option<Reference>,
    },
}

/// Whose a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueOf {
    /// The agents': a person adds them to it.
    Agents,
    /// The bot's, which never has members.
    Bot,
}

impl Plan {
    /// The plan for what is wanted, where this was found.
    pub fn new(wanted: &Wanted, found: &Found) -> Self {
        let integration = match &found.integration {
            Seen::Known(integration) => integration.clone(),
            Seen::Hidden(_) => None,
        };
        let name = name(&wanted.integration, integration.as_ref());
        let setting = setting(&name, integration.as_ref(), &found.settings);
        let mut steps = vec![Step {
            thing: Thing::PlatformConfiguration,
            name: setting.name.clone(),
            state: setting.state.clone(),
        }];
        steps.push(Step {
            thing: Thing::Integration,
            state: integration_state(wanted, &found.integration, &setting),
            name,
        });
        let queues = [
            (&wanted.bot_queue, &found.bot_queue, QueueOf::Bot),
            (&wanted.queue, &found.queue, QueueOf::Agents),
        ];
        for (name, found, of) in queues {
            steps.extend(name.as_ref().map(|name| queue(name, found, of)));
        }
        steps.extend(routing(wanted, found));
        Self { steps, setting_id: setting.id, integration }
    }

    /// Whether something can be done over the Platform API.
    pub fn has_work(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.state, State::Work(_)))
    }
}

/// What the integration is called, or is to be called.
fn name(wanted: &IntegrationRef, found: Option<&IntegrationDetails>) -> String {
    match (wanted, found) {
        (_, Some(found)) => found.name.clone(),
        (IntegrationRef::Name(name) | IntegrationRef::Id(name), None) => name.clone(),
    }
}

/// The messaging setting that the integration has or is to have.
struct Setting {
    name: String,
    state: State,
    /// Its id, if it is there.
    id: Option<String>,
    /// Whether the integration has it already.
    is_set: bool,
}

/// A setting of somebody else is not changed, since other integrations may have it too: unless
/// the integration's own has typing on, it gets one of its own name.
fn setting(
    name: &str,
    integration: Option<&IntegrationDetails>,
    settings: &Seen<Vec<MessagingSetting>>,
) -> Setting {
    let has = integration.and_then(|integration| integration.messaging_setting.as_ref());
    let settings = match settings {
        Seen::Known(settings) => settings,
        Seen::Hidden(why) => {
            let state = State::ByHand(format!(
                "{why}; see that typing is on, both ways, and that the integration has it"
            ));
            return Setting { name: name.to_owned(), state, id: None, is_set: false };
        }
    };
    let of_integration = settings.iter().find(|one| has.is_some_and(|has| has.id == one.id));
    if let Some(one) = of_integration.filter(|one| one.typing == TypingDirections::BOTH) {
        return Setting {
            name: one.name.clone(),
            state: State::There,
            id: Some(one.id.clone()),
            is_set: true,
        };
    }
    let own = settings.iter().find(|one| one.name == name);
    let state = match own {
        None => State::Work(Work::CreateSetting),
        Some(own) if own.typing == TypingDirections::BOTH => State::There,
        Some(own) => State::Work(Work::TurnTypingOn(own.id.clone())),
    };
    let id = own.map(|own| own.id.clone());
    let is_set = id.is_some() && id.as_deref() == has.map(|has| has.id.as_str());
    Setting { name: name.to_owned(), state, id, is_set }
}

fn integration_state(
    wanted: &Wanted,
    found: &Seen<Option<IntegrationDetails>>,
    setting: &Setting,
) -> State {
    let found = match found {
        Seen::Known(Some(found)) => found,
        Seen::Known(None) => return State::Work(Work::CreateIntegration),
        Seen::Hidden(why) => {
            return State::ByHand(format!(
                "{why}; see that its webhook URL and its secret are set"
            ));
        }
    };
    if let Some(why) = unfinished(&found.creation) {
        return State::ByHand(why);
    }
    let webhook_url = found.webhook_url.as_deref() != Some(&wanted.webhook_url);
    let secret = match &wanted.secret {
        WantedSecret::IfNew(_) => false,
        WantedSecret::Always(secret) => found.signature_secret.as_ref() != Some(secret),
    };
    let is_known = !matches!(setting.state, State::ByHand(_));
    let setting = is_known && !setting.is_set;
    if webhook_url || secret || setting {
        let id = found.id.clone();
        return State::Work(Work::ChangeIntegration { id, webhook_url, secret, setting });
    }
    State::There
}

fn queue(name: &str, found: &Seen<Option<Queue>>, of: QueueOf) -> Step {
    let state = match found {
        Seen::Known(Some(_)) => State::There,
        Seen::Known(None) => State::Work(Work::CreateQueue(of)),
        Seen::Hidden(why) => State::ByHand(format!("{why}; see that it is there")),
    };
    Step { thing: Thing::Queue, name: name.to_owned(), state }
}

/// What a person does about an integration that is not made yet; `None` of one that is.
pub(crate) fn unfinished(creation: &Creation) -> Option<String> {
    match creation {
        Creation::Completed => None,
        Creation::Initiated => {
            Some("Genesys is still at it; run baton setup again in a while".to_owned())
        }
        Creation::Failed(why) => {
            Some(format!("Genesys could not make it ({why}); delete it, and run baton setup again"))
        }
    }
}

/// The flow and the routing to it. A flow is drawn by a person: over the Platform API it can only
/// be chosen.
fn routing(wanted: &Wanted, found: &Found) -> [Step; 2] {
    let routed = match &found.recipient {
        Seen::Known(recipient) => recipient.as_ref().and_then(|one| one.flow.as_ref()),
        Seen::Hidden(_) => None,
    };
    let flow = flow(wanted.flow.as_deref(), routed, &found.flows);
    let state = match (&flow, &found.recipient) {
        (_, Seen::Hidden(why)) => {
            State::ByHand(format!("{why}; see that the flow takes what comes in"))
        }
        (Flow::There(flow), _) if routed.is_some_and(|routed| routed.id == flow.id) => State::There,
        (Flow::There(flow), _) => State::Work(Work::RouteMessages {
            flow_id: flow.id.clone(),
            instead_of: routed.cloned(),
        }),
        (Flow::Missing(_), _) => {
            State::ByHand("attach the integration to the flow, once there is one".to_owned())
        }
    };
    let (name, flow_state) = match flow {
        Flow::There(flow) => (flow.name, State::There),
        Flow::Missing(why) => (wanted.flow.clone().unwrap_or_default(), State::ByHand(why)),
    };
    [
        Step { thing: Thing::InboundMessageFlow, name: name.clone(), state: flow_state },
        Step { thing: Thing::MessageRouting, name, state },
    ]
}

enum Flow {
    There(Reference),
    /// Why, and what is to be done.
    Missing(String),
}

fn flow(wanted: Option<&str>, routed: Option<&Reference>, flows: &Seen<Vec<Reference>>) -> Flow {
    let is_wanted = |flow: &&Reference| wanted.is_none_or(|name| flow.name == name);
    if let Some(routed) = routed.filter(is_wanted) {
        return Flow::There(routed.clone());
    }
    let flows = match flows {
        Seen::Known(flows) => flows,
        Seen::Hidden(why) => return Flow::Missing(format!("{why}; see that there is one")),
    };
    let names: Vec<&str> = flows.iter().map(|flow| flow.name.as_str()).collect();
    let Some(wanted) = wanted else {
        let choice = match names.as_slice() {
            [] => "make and publish one that transfers to the queue".to_owned(),
            names => format!("choose one with --flow; there is: {}", names.join(", ")),
        };
        return Flow::Missing(format!("no flow takes what comes in; {choice}"));
    };
    match flow_named(wanted, flows) {
        Some(flow) => Flow::There(flow.clone()),
        None => Flow::Missing(
            "make one of this name that transfers to the queue, and publish it".to_owned(),
        ),
    }
}

/// The flow of the name; several names that differ in case only are told apart.
fn flow_named<'f>(name: &str, flows: &'f [Reference]) -> Option<&'f Reference> {
    let is_like = |flow: &&Reference| flow.name.to_lowercase() == name.to_lowercase();
    flows.iter().find(|flow| flow.name == name).or_else(|| flows.iter().find(is_like))
}
