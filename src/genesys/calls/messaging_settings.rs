//! Messaging settings, which the admin pages call platform configurations: whether typing passes.
//!
//! The shapes are `MessagingSetting`, `MessagingSettingRequest` and `MessagingSettingPatchRequest`
//! of Genesys' SDK.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::{
    call::Call, client::Genesys, error::CallError, lenient::or_default, rate_limit::Class,
};

pub(super) const PATH: [&str; 3] = ["conversations", "messaging", "settings"];

/// A messaging setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagingSetting {
    /// Its id.
    pub id: String,
    /// What it is called in Genesys.
    pub name: String,
    /// Which way typing passes.
    pub typing: TypingDirections,
}

/// Which way typing passes. A direction that Genesys says nothing of is off, as Genesys' own
/// default is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypingDirections {
    /// From the customer to the agent.
    pub inbound: bool,
    /// From the agent to the customer.
    pub outbound: bool,
}

impl TypingDirections {
    /// Both ways.
    pub const BOTH: Self = Self { inbound: true, outbound: true };

    /// Genesys' `EventSetting`.
    fn event(self) -> Value {
        let word = |on: bool| if on { "Enabled" } else { "Disabled" };
        let (inbound, outbound) = (word(self.inbound), word(self.outbound));
        json!({ "typing": { "on": { "inbound": inbound, "outbound": outbound } } })
    }
}

impl<'de> Deserialize<'de> for MessagingSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let event = written.event.unwrap_or_default();
        let is_on = |direction: &str| {
            let word = event.pointer("/typing/on").and_then(|on| on.get(direction)?.as_str());
            word.is_some_and(|word| word.eq_ignore_ascii_case("Enabled"))
        };
        let typing = TypingDirections { inbound: is_on("inbound"), outbound: is_on("outbound") };
        Ok(Self { id: written.id, name: written.name, typing })
    }
}

#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    event: Option<Value>,
}

impl Genesys {
    /// All messaging settings that the OAuth client may see.
    pub async fn messaging_settings(&self) -> Result<Vec<MessagingSetting>, CallError> {
        self.pages(Call::get("listing the messaging settings", Class::Name, &PATH)).await
    }

    /// The messaging setting of the id.
    pub async fn messaging_setting(&self, id: &str) -> Result<MessagingSetting, CallError> {
        let path = [PATH.as_slice(), &[id]].concat();
        self.read(Call::get("reading the messaging setting", Class::Name, &path)).await
    }

    /// Makes a messaging setting of the name, with typing as given.
    pub async fn create_messaging_setting(
        &self,
        name: &str,
        typing: TypingDirections,
    ) -> Result<MessagingSetting, CallError> {
        let call = Call::post("making the messaging setting", Class::Name, &PATH);
        let body = json!({ "name": name, "event": typing.event() });
        self.read(call.with_body(&body)).await
    }

    /// Sets typing in the messaging setting of the id; the rest of it stays.
    pub async fn set_typing(
        &self,
        id: &str,
        typing: TypingDirections,
    ) -> Result<MessagingSetting, CallError> {
        let path = [PATH.as_slice(), &[id]].concat();
        let call = Call::patch("changing the messaging setting", Class::Name, &path);
        self.read(call.with_body(&json!({ "event": typing.event() }))).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_is_off_where_genesys_says_nothing_of_it() {
        for event in [Value::Null, json!({}), json!({ "typing": null }), json!({ "typing": 7 })] {
            let body = json!({ "id": "s", "name": "Default", "event": event });
            let setting: MessagingSetting = serde_json::from_value(body).unwrap();
            assert_eq!(setting.typing, TypingDirections { inbound: false, outbound: false });
        }
    }

    #[test]
    fn typing_is_read_as_it_is_written() {
        let typing = TypingDirections { inbound: true, outbound: false };
        let body = json!({ "id": "s", "event": typing.event() });
        let setting: MessagingSetting = serde_json::from_value(body).unwrap();
        assert_eq!(setting.typing, typing);
    }
}
