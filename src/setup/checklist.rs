//! What a person creates in Genesys, in words.

use std::collections::BTreeSet;

use baton_genesys::{Feature, IntegrationRef, Permission};
use serde::Serialize;

use crate::{thing::Thing, wanted::Wanted};

/// What a person creates in Genesys, thing by thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// The items, in the order in which they are done.
    pub items: Vec<Item>,
    /// The permissions that the role needs.
    pub permissions: Vec<String>,
    /// Those that it needs beside them while `baton setup --apply` runs, and not after.
    pub set_up_permissions: Vec<String>,
}

/// One thing to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What kind of thing.
    pub thing: Thing,
    /// Where in Genesys' admin pages.
    pub admin_path: &'static str,
    /// What to do there.
    pub what: String,
}

impl Checklist {
    /// What is to be created for what is wanted, with these features turned on.
    pub fn new(wanted: &Wanted, features: &[Feature]) -> Self {
        let permissions = Feature::permissions_of(features);
        let set_up = Feature::permissions_of(&[Feature::SetUp]);
        let names = |permissions: &BTreeSet<Permission>| {
            permissions.iter().map(ToString::to_string).collect()
        };
        let items = Thing::ALL.map(|thing| Item {
            thing,
            admin_path: thing.admin_path(),
            what: what(thing, wanted),
        });
        Self {
            items: items.into(),
            permissions: names(&permissions),
            set_up_permissions: names(&(&set_up - &permissions)),
        }
    }
}

fn what(thing: Thing, wanted: &Wanted) -> String {
    let queue = match &wanted.queue {
        Some(name) => format!("the queue {name:?}"),
        None => "the agents' queue".to_owned(),
    };
    match thing {
        Thing::Role => "add a role with the permissions below, and give it to yourself as well: \
                        only what one has can be given on"
            .to_owned(),
        Thing::OauthClient => "add a client with the grant type Client Credentials, give it that \
                               role, and note its id and its secret"
            .to_owned(),
        Thing::PlatformConfiguration => {
            "add a configuration with typing indicators enabled, both ways".to_owned()
        }
        Thing::Integration => {
            let which = match &wanted.integration {
                IntegrationRef::Name(name) => format!("the Open Messaging integration {name:?}"),
                IntegrationRef::Id(id) => format!("the Open Messaging integration of the id {id}"),
            };
            format!(
                "see to it that there is {which}, with the platform configuration, the outbound \
                 notification webhook URL {} and the signature secret token; note its id",
                wanted.webhook_url
            )
        }
        Thing::Queue => match &wanted.bot_queue {
            Some(bot) => format!(
                "see to it that there is {queue}, and add the agents to it; and the queue {bot:?}, \
                 without members"
            ),
            None => format!("see to it that there is {queue}, and add the agents to it"),
        },
        Thing::InboundMessageFlow => {
            let first = match &wanted.bot_queue {
                Some(bot) => format!("the queue {bot:?}"),
                None => queue,
            };
            format!("make a flow whose Transfer to ACD goes to {first}, save and publish it")
        }
        Thing::MessageRouting => {
            "attach the address of the integration to the flow, and save".to_owned()
        }
    }
}
