//! What integrations are set to: messaging settings (platform configurations), profiles of
//! supported content, and the message routing.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Org;
use super::inbound::{one_of, optional_string, required_string};
use super::refusal::OrgRefusal;
use super::seed::{Flow, Integration, MessagingSetting, OrgSeed, SupportedContent};
use super::settings::Switches;
use crate::webhook::written as written_time;

/// The type of every flow of the org: `Flow` of the SDK.
const INBOUND_MESSAGE: &str = "INBOUNDSHORTMESSAGE";

impl MessagingSetting {
    /// As it is while these switches are set.
    pub(crate) fn under(&self, switches: &Switches) -> Self {
        let mut setting = self.clone();
        setting.typing_inbound = switches.typing_inbound.unwrap_or(setting.typing_inbound);
        setting.typing_outbound = switches.typing_outbound.unwrap_or(setting.typing_outbound);
        setting
    }

    /// Takes over the directions that a body has.
    fn set(&mut self, body: &Value) -> Result<(), OrgRefusal> {
        let on = body.pointer("/event/typing/on").unwrap_or(&Value::Null);
        for (direction, typing) in
            [("inbound", &mut self.typing_inbound), ("outbound", &mut self.typing_outbound)]
        {
            if let Some(word) = optional_string(on, direction)? {
                one_of(direction, &word, &["Enabled", "Disabled"])?;
                *typing = word.eq_ignore_ascii_case("Enabled");
            }
        }
        Ok(())
    }
}

impl OrgSeed {
    /// The messaging setting of an integration.
    pub(crate) fn setting_of(&self, integration_id: &str) -> Option<&MessagingSetting> {
        let id = &self.find_integration(integration_id)?.messaging_setting_id;
        self.messaging_settings.iter().find(|setting| setting.id == *id)
    }

    /// The flow that takes the conversations of an integration, if one does.
    pub(crate) fn flow_of(&self, integration_id: &str) -> Option<&Flow> {
        self.find_flow(self.find_integration(integration_id)?.flow_id.as_deref()?)
    }
}

impl Org {
    /// The messaging settings, unpaged.
    pub fn messaging_settings(&self) -> Vec<Value> {
        let settings = self.seed.messaging_settings.iter();
        settings.map(|setting| messaging_setting(&setting.under(&self.switches))).collect()
    }

    /// `GET /conversations/messaging/settings/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such setting.
    pub fn messaging_setting(&self, id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.messaging_settings.iter().find(|setting| setting.id == id);
        let found = found.ok_or_else(|| OrgRefusal::not_found("messagingSetting", id))?;
        Ok(messaging_setting(&found.under(&self.switches)))
    }

    /// `POST /conversations/messaging/settings`. What the body leaves out is off.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if the body is not what Genesys takes.
    pub fn create_messaging_setting(
        &mut self,
        now: Timestamp,
        body: &Value,
    ) -> Result<Value, OrgRefusal> {
        let name = required_string(body, "name", "name")?;
        let mut setting = MessagingSetting::new(&self.ids.uuid(), &name, false, now);
        setting.set(body)?;
        let id = setting.id.clone();
        self.seed.messaging_settings.push(setting);
        self.messaging_setting(&id)
    }

    /// `PATCH /conversations/messaging/settings/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such setting, or if the body is not what Genesys takes.
    pub fn change_messaging_setting(
        &mut self,
        now: Timestamp,
        id: &str,
        body: &Value,
    ) -> Result<Value, OrgRefusal> {
        let mut settings = self.seed.messaging_settings.iter_mut();
        let found = settings.find(|setting| setting.id == id);
        let found = found.ok_or_else(|| OrgRefusal::not_found("messagingSetting", id))?;
        let mut changed = found.clone();
        changed.set(body)?;
        if let Some(name) = optional_string(body, "name")? {
            changed.name = name;
        }
        changed.changed_at = now;
        changed.version += 1;
        *found = changed;
        self.messaging_setting(id)
    }

    /// The profiles of supported content, unpaged.
    pub fn supported_contents(&self) -> Vec<Value> {
        self.seed.supported_contents.iter().map(supported_content).collect()
    }

    /// `GET /conversations/messaging/supportedcontent/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such profile.
    pub fn supported_content(&self, id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.supported_contents.iter().find(|profile| profile.id == id);
        let found = found.ok_or_else(|| OrgRefusal::not_found("supportedContent", id))?;
        Ok(supported_content(found))
    }

    /// `POST /conversations/messaging/supportedcontent`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if the body is not what Genesys takes.
    pub fn create_supported_content(
        &mut self,
        now: Timestamp,
        body: &Value,
    ) -> Result<Value, OrgRefusal> {
        let types = |direction: &str| -> Result<Vec<String>, OrgRefusal> {
            let listed = body.pointer(&format!("/mediaTypes/allow/{direction}"));
            let listed = listed.and_then(Value::as_array).into_iter().flatten();
            listed.map(|media| required_string(media, "type", "mediaTypes.allow.type")).collect()
        };
        let profile = SupportedContent {
            name: required_string(body, "name", "name")?,
            inbound: types("inbound")?,
            outbound: types("outbound")?,
            id: self.ids.uuid(),
            created_at: now,
        };
        let view = supported_content(&profile);
        self.seed.supported_contents.push(profile);
        Ok(view)
    }

    /// The recipients, unpaged: one of each integration, whose id is that of the integration.
    pub fn recipients(&self) -> Vec<Value> {
        let integrations = self.seed.integrations.iter();
        integrations.map(|integration| recipient(&self.seed, integration)).collect()
    }

    /// `GET /routing/message/recipients/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such recipient.
    pub fn recipient(&self, id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.find_integration(id);
        let found = found.ok_or_else(|| OrgRefusal::not_found("recipient", id))?;
        Ok(recipient(&self.seed, found))
    }

    /// `PUT /routing/message/recipients/{id}`: the flow that takes what comes in there.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such recipient or flow.
    pub fn route_messages(&mut self, id: &str, body: &Value) -> Result<Value, OrgRefusal> {
        let flow = body.get("flow").ok_or_else(|| OrgRefusal::missing("flow"))?;
        let flow_id = required_string(flow, "id", "flow.id")?;
        if !self.seed.flows.iter().any(|flow| flow.id == flow_id) {
            return Err(OrgRefusal::not_found("flow", &flow_id));
        }
        let found = self.seed.integrations.iter_mut().find(|integration| integration.id == id);
        found.ok_or_else(|| OrgRefusal::not_found("recipient", id))?.flow_id = Some(flow_id);
        self.recipient(id)
    }

    /// `GET /flows`, unpaged: those of one type, or all.
    pub fn flows(&self, kind: Option<&str>) -> Vec<Value> {
        let fits = kind.is_none_or(|kind| kind.eq_ignore_ascii_case(INBOUND_MESSAGE));
        self.seed.flows.iter().filter(|_| fits).map(flow).collect()
    }
}

fn messaging_setting(setting: &MessagingSetting) -> Value {
    let word = |on: bool| if on { "Enabled" } else { "Disabled" };
    json!({
        "id": setting.id,
        "name": setting.name,
        "dateCreated": written_time(setting.created_at),
        "dateModified": written_time(setting.changed_at),
        "version": setting.version.to_string(),
        "event": { "typing": { "on": {
            "inbound": word(setting.typing_inbound), "outbound": word(setting.typing_outbound),
        } } },
        "selfUri": format!("/api/v2/conversations/messaging/settings/{}", setting.id),
    })
}

fn supported_content(profile: &SupportedContent) -> Value {
    let types = |types: &[String]| -> Vec<Value> {
        types.iter().map(|media| json!({ "type": media })).collect()
    };
    json!({
        "id": profile.id,
        "name": profile.name,
        "dateCreated": written_time(profile.created_at),
        "dateModified": written_time(profile.created_at),
        "version": 1,
        "mediaTypes": { "allow": {
            "inbound": types(&profile.inbound), "outbound": types(&profile.outbound),
        } },
        "selfUri": format!("/api/v2/conversations/messaging/supportedcontent/{}", profile.id),
    })
}

fn recipient(seed: &OrgSeed, integration: &Integration) -> Value {
    let Integration { id, name, created_at, .. } = integration;
    let mut view = json!({
        "id": id,
        "name": name,
        "dateCreated": written_time(*created_at),
        "dateModified": written_time(*created_at),
        "messengerType": "open",
        "selfUri": format!("/api/v2/routing/message/recipients/{id}"),
    });
    if let (Some(found), Value::Object(fields)) = (seed.flow_of(id), &mut view) {
        fields.insert("flow".into(), flow(found));
    }
    view
}

fn flow(flow: &Flow) -> Value {
    json!({
        "id": flow.id,
        "name": flow.name,
        "type": INBOUND_MESSAGE,
        "active": true,
        "system": false,
        "deleted": false,
        "selfUri": format!("/api/v2/flows/{}", flow.id),
    })
}
