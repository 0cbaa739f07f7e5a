//! An org with one integration, and a customer who writes to it.

use std::time::Duration;

use baton_simulator::org::{
    Action, Emission, Integration, Org, OrgRefusal, OrgSeed, OrgSettings, Switches,
};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const INTEGRATION: &str = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10";
pub(crate) const DANA: &str = "aa11bb22-cc33-4d44-8e55-ff6677889900";
pub(crate) const MILAN: &str = "bb22cc33-dd44-4e55-8f66-007788990011";
pub(crate) const SUPPORT: &str = "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5";
pub(crate) const SALES: &str = "11223344-5566-4778-899a-abbccddeeff0";
pub(crate) const CUSTOMER: &str = "polyai-sess-7f3a9c";

/// The org, the time in it, and what it has emitted since the last look.
pub(crate) struct Scene {
    pub(crate) org: Org,
    pub(crate) now: Timestamp,
    /// The conversation of [`CUSTOMER`], once there is one.
    pub(crate) conversation: String,
}

impl Scene {
    /// An org in which nothing has happened.
    pub(crate) fn new() -> Self {
        Self::at_pace(1.0)
    }

    /// The same at another pace than Genesys'.
    pub(crate) fn at_pace(time_scale: f64) -> Self {
        let now = "2026-05-04T09:15:00Z".parse().unwrap();
        let integration = Integration {
            webhook_header_names: vec!["X-Tenant".into()],
            ..Integration::new(INTEGRATION, "Acme Open Gateway", "http://127.0.0.1:1/events", now)
        };
        let seed = OrgSeed { id_seed: 7, ..OrgSeed::with_integration(integration) };
        Self {
            org: Org::new(seed, OrgSettings::at_pace(time_scale)),
            now,
            conversation: String::new(),
        }
    }

    /// The same with other switches.
    pub(crate) fn with(switches: Switches) -> Self {
        let mut scene = Self::new();
        scene.org.set_switches(switches).unwrap();
        scene
    }

    /// The customer has written and waits in the queue.
    pub(crate) fn queued() -> Self {
        let mut scene = Self::new();
        scene.writes("I want to talk to a person");
        scene.org.take_emissions();
        scene
    }

    /// Dana has accepted.
    pub(crate) fn connected() -> Self {
        Self::queued().where_dana_accepts()
    }

    /// Dana accepts, and what that emitted is forgotten.
    pub(crate) fn where_dana_accepts(mut self) -> Self {
        self.does(json!({ "action": "accept", "user": "Dana" }));
        self.org.take_emissions();
        self
    }

    /// The customer writes a text.
    pub(crate) fn writes(&mut self, text: &str) -> Value {
        let taken = self.receives(&json!({ "channel": channel(), "text": text })).unwrap();
        self.conversation = taken["conversationId"].as_str().unwrap().to_owned();
        taken
    }

    /// A body comes in at the endpoint for messages.
    pub(crate) fn receives(&mut self, body: &Value) -> Result<Value, OrgRefusal> {
        self.org.receive_message(self.now, INTEGRATION, body, true)
    }

    /// Somebody does something, which must be possible. Answers the message's id.
    pub(crate) fn does(&mut self, action: Value) -> String {
        self.tries(action).unwrap().unwrap_or_default()
    }

    /// Somebody tries to do something.
    pub(crate) fn tries(&mut self, action: Value) -> Result<Option<String>, OrgRefusal> {
        let action: Action = serde_json::from_value(action).unwrap();
        self.org.act(self.now, &self.conversation, action)
    }

    /// Time goes by.
    pub(crate) fn passes(&mut self, duration: Duration) {
        self.now += duration;
        self.org.advance(self.now);
    }

    /// The detail events since the last look: name and body.
    pub(crate) fn events(&mut self) -> Vec<(String, Value)> {
        let prefix = format!("v2.detail.events.conversation.{}.", self.conversation);
        self.org
            .take_emissions()
            .into_iter()
            .filter_map(|emission| match emission {
                Emission::Event { topic, body } => {
                    Some((topic.strip_prefix(&prefix)?.to_owned(), body))
                }
                Emission::Webhook { .. } => None,
            })
            .collect()
    }

    /// The detail events since the last look in short: `user.end TRANSFER`, or the name alone.
    pub(crate) fn story(&mut self) -> Vec<String> {
        let short = |(name, body): (String, Value)| match body["disconnectType"].as_str() {
            Some(why) => format!("{name} {why}"),
            None => name,
        };
        self.events().into_iter().map(short).collect()
    }

    /// The webhooks since the last look: shape and body.
    pub(crate) fn webhooks(&mut self) -> Vec<(&'static str, Value)> {
        self.org
            .take_emissions()
            .into_iter()
            .filter_map(|emission| match emission {
                Emission::Webhook { shape, body, integration_id, .. } => {
                    assert_eq!(integration_id, INTEGRATION);
                    Some((shape, serde_json::from_str(&body).unwrap()))
                }
                Emission::Event { .. } => None,
            })
            .collect()
    }

    /// The conversation as the Platform API shows it.
    pub(crate) fn view(&self) -> Value {
        self.org.conversation(&self.conversation).unwrap()
    }

    /// The participants of a purpose as `state` or `state/disconnectType`, in order.
    pub(crate) fn states(&self, purpose: &str) -> Vec<String> {
        let short = |entry: &Value| match entry["disconnectType"].as_str() {
            Some(why) => format!("{}/{why}", entry["state"].as_str().unwrap()),
            None => entry["state"].as_str().unwrap().to_owned(),
        };
        self.participants(purpose).iter().map(short).collect()
    }

    /// The entries of a purpose, in order.
    pub(crate) fn participants(&self, purpose: &str) -> Vec<Value> {
        let view = self.view();
        let entries = view["participants"].as_array().unwrap().iter();
        entries.filter(|entry| entry["purpose"] == purpose).cloned().collect()
    }

    /// The id of the latest participant of a purpose.
    pub(crate) fn participant(&self, purpose: &str) -> String {
        self.participants(purpose).last().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Where the conversation stands, in the words of the control API.
    pub(crate) fn standing(&self) -> Value {
        self.org.truth(&self.conversation).unwrap()["state"].clone()
    }
}

/// The `channel` of the customer's messages.
pub(crate) fn channel() -> Value {
    json!({
        "messageId": "gw-0001",
        "from": {
            "nickname": "Ann", "id": CUSTOMER, "idType": "Opaque",
            "firstName": "Ann", "lastName": "Lee",
        },
        "time": "2026-05-04T09:15:00.000Z",
    })
}
