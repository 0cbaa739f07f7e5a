//! The tenants' bots.

use std::{collections::HashMap, sync::Arc};

use baton_bot::{Bot, GuardedClient, HandoffWish, HttpBot, Pace, TlsError};
use baton_core::tenant::TenantKey;
use baton_process::{Random, Recurrence};
use serde_json::{Map, Value};

use crate::configuration::{BotKind, Destination, Target, Tenant, WhenDown};

/// The name of the integration that this sidecar serves itself, as a bot calls it.
pub(crate) const GENESYS: &str = "genesys";

/// A tenant's bot, as its sessions meet it.
pub(crate) struct TenantBot {
    pub(crate) bot: Bot,
    /// Under which name it speaks.
    pub(crate) name: String,
    /// The address of its picture.
    pub(crate) picture: Option<String>,
    pub(crate) when_down: WhenDown,
    pub(crate) destinations: Vec<Destination>,
    /// That it does not answer.
    pub(crate) silence: Recurrence,
}

/// What a bot's wish for a human comes to.
#[derive(Debug, PartialEq)]
pub(crate) enum Wanted {
    /// A handoff by way of the tenant's Genesys.
    Genesys {
        /// Why, in the bot's words.
        reason: Option<String>,
        /// Where to, and what is known of the user.
        hints: Map<String, Value>,
    },
    /// The client has to see to it.
    Elsewhere(Elsewhere),
}

/// A destination that is not ours.
#[derive(Debug, PartialEq)]
pub(crate) struct Elsewhere {
    /// As the bot calls it.
    pub(crate) destination: String,
    /// Why, in the bot's words.
    pub(crate) reason: Option<String>,
    /// What the client may open; absent where nobody here knows the destination.
    pub(crate) route: Option<String>,
}

impl Elsewhere {
    /// A system that nobody here serves.
    pub(crate) fn unknown(destination: String, reason: Option<String>) -> Self {
        Self { destination, reason, route: None }
    }
}

impl TenantBot {
    /// The bot as `POLY_AGENT_JOINED` shows it (Messaging API, 8).
    pub(crate) fn shown(&self) -> Value {
        let mut shown = Map::from_iter([("agent_name".to_owned(), self.name.as_str().into())]);
        let picture = self.picture.as_deref();
        shown.extend(picture.map(|picture| ("agent_avatar_url".to_owned(), picture.into())));
        Value::Object(shown)
    }

    /// What a wish comes to. A destination's own hints stand above what the bot passes on.
    pub(crate) fn wanted(&self, wish: HandoffWish) -> Wanted {
        match wish {
            HandoffWish::Integration { name, hints } if name == GENESYS => {
                Wanted::Genesys { reason: None, hints }
            }
            HandoffWish::Integration { name, .. } => {
                Wanted::Elsewhere(Elsewhere::unknown(name, None))
            }
            HandoffWish::Destination { destination, reason, data } => {
                let known = self.destinations.iter().find(|known| known.name == destination);
                match known.map(|known| &known.target) {
                    None => Wanted::Elsewhere(Elsewhere::unknown(destination, reason)),
                    Some(Target::Client { route }) => {
                        let route = Some(route.clone());
                        Wanted::Elsewhere(Elsewhere { destination, reason, route })
                    }
                    Some(Target::Genesys(own)) => {
                        let mut hints = data;
                        hints.extend(own.clone());
                        Wanted::Genesys { reason, hints }
                    }
                }
            }
        }
    }
}

/// Makes the tenants' bots.
pub(crate) fn bots(tenants: &[Tenant], pace: &Pace, random: &Random) -> Result<Bots, TlsError> {
    let mut bots = Vec::new();
    for tenant in tenants {
        let Some(access) = &tenant.bot else { continue };
        let bot = match &access.answers {
            BotKind::Builtin => Bot::Builtin,
            BotKind::At { url, reach, credential } => {
                let client = GuardedClient::new(*reach, pace.per_try)?;
                let (url, credential) = (url.clone(), credential.clone());
                Bot::Http(HttpBot::new(client, url, credential, pace.clone(), random.clone()))
            }
        };
        let (name, picture) = (access.name.clone(), access.picture.clone());
        let destinations = tenant.destinations.clone();
        let when_down = access.when_down;
        let silence = Recurrence::default();
        let bot = TenantBot { bot, name, picture, when_down, destinations, silence };
        bots.push((tenant.key.clone(), bot));
    }
    Ok(Bots::new(bots))
}

/// The bots of all tenants that have one.
#[derive(Clone, Default)]
pub(crate) struct Bots(Arc<HashMap<TenantKey<'static>, Arc<TenantBot>>>);

impl Bots {
    pub(crate) fn new(bots: impl IntoIterator<Item = (TenantKey<'static>, TenantBot)>) -> Self {
        let shared = |(tenant, bot)| (tenant, Arc::new(bot));
        Self(Arc::new(bots.into_iter().map(shared).collect()))
    }

    /// The tenant's bot; none where the chat begins with a human.
    pub(crate) fn of<'a>(&'a self, tenant: &TenantKey<'a>) -> Option<&'a Arc<TenantBot>> {
        self.0.get(tenant)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bot() -> TenantBot {
        let hints = Map::from_iter([("queue".to_owned(), json!("Billing"))]);
        let named = |name: &str, target| Destination { name: name.to_owned(), target };
        TenantBot {
            bot: Bot::Builtin,
            name: "Ada".to_owned(),
            picture: None,
            when_down: WhenDown::Apologise,
            destinations: vec![
                named("billing", Target::Genesys(hints)),
                named("phone", Target::Client { route: "https://example.com/call".to_owned() }),
            ],
            silence: Recurrence::default(),
        }
    }

    fn to(destination: &str) -> HandoffWish {
        let data = Map::from_iter([
            ("queue".to_owned(), json!("Sales")),
            ("customer_id".to_owned(), json!(7)),
        ]);
        HandoffWish::Destination { destination: destination.to_owned(), reason: None, data }
    }

    #[test]
    fn the_hints_of_a_destination_stand_above_those_of_the_bot() {
        let Wanted::Genesys { hints, .. } = bot().wanted(to("billing")) else { panic!("Genesys") };
        assert_eq!(Value::Object(hints), json!({"queue": "Billing", "customer_id": 7}));
    }

    #[test]
    fn a_destination_with_a_route_is_the_clients() {
        let (destination, route) = ("phone".to_owned(), "https://example.com/call".to_owned());
        let expected = Elsewhere { destination, reason: None, route: Some(route) };
        assert_eq!(bot().wanted(to("phone")), Wanted::Elsewhere(expected));
    }

    #[test]
    fn what_nobody_knows_is_named() {
        let unknown = |name: &str| Wanted::Elsewhere(Elsewhere::unknown(name.to_owned(), None));
        assert_eq!(bot().wanted(to("nowhere")), unknown("nowhere"));
        let zendesk = HandoffWish::Integration { name: "zendesk".to_owned(), hints: Map::new() };
        assert_eq!(bot().wanted(zendesk), unknown("zendesk"));
    }
}
