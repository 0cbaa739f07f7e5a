//! The org's users, queues, flows and integrations: looking them up, and showing them.

use serde_json::{Value, json};

use super::Org;
use super::detail_event::DIVISION_ID;
use super::inbound::{one_of, required_string};
use super::refusal::OrgRefusal;
use super::seed::{Flow, Integration, OrgSeed, Queue, User};
use crate::webhook::written as written_time;

/// The media of which waits are estimated.
const MEDIA: [&str; 7] = ["all", "call", "chat", "callback", "email", "videoComm", "message"];

/// What stands in the place of a secret.
const HIDDEN: &str = "**********";

impl OrgSeed {
    /// The user of this id, name, preferred name or e-mail address.
    pub(crate) fn find_user(&self, reference: &str) -> Option<&User> {
        self.users.iter().find(|user| {
            [&user.id, &user.name, &user.email].contains(&&reference.to_owned())
                || user.preferred_name.as_deref() == Some(reference)
        })
    }

    /// The queue of this id or name.
    pub(crate) fn find_queue(&self, reference: &str) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.id == reference || queue.name == reference)
    }

    /// The flow of this id or name.
    pub(crate) fn find_flow(&self, reference: &str) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.id == reference || flow.name == reference)
    }

    /// The integration of this id.
    pub(crate) fn find_integration(&self, id: &str) -> Option<&Integration> {
        self.integrations.iter().find(|integration| integration.id == id)
    }
}

impl Org {
    /// `GET /users/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such user.
    pub fn user(&self, user_id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.users.iter().find(|user| user.id == user_id);
        found.map(user).ok_or_else(|| OrgRefusal::not_found("user", user_id))
    }

    /// The users, unpaged.
    pub fn users(&self) -> Vec<Value> {
        self.seed.users.iter().map(user).collect()
    }

    /// `GET /routing/queues/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such queue.
    pub fn queue(&self, queue_id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.queues.iter().find(|queue| queue.id == queue_id);
        found
            .map(|found| queue(found, self.members_of(found)))
            .ok_or_else(|| OrgRefusal::not_found("queue", queue_id))
    }

    /// The queues, unpaged.
    pub fn queues(&self) -> Vec<Value> {
        self.seed.queues.iter().map(|found| queue(found, self.members_of(found))).collect()
    }

    /// `POST /routing/queues`. Nobody is a member of it.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if the name is missing or another queue has it.
    pub fn create_queue(&mut self, body: &Value) -> Result<Value, OrgRefusal> {
        let name = required_string(body, "name", "name")?;
        if self.seed.queues.iter().any(|queue| queue.name.eq_ignore_ascii_case(&name)) {
            return Err(OrgRefusal::already_exists("queue"));
        }
        let id = self.ids.uuid();
        self.seed.queues.push(Queue { id: id.clone(), name, has_members: false });
        self.queue(&id)
    }

    fn members_of(&self, queue: &Queue) -> usize {
        if queue.has_members { self.seed.users.len() } else { 0 }
    }

    /// `GET /routing/queues/{id}/mediatypes/{mediaType}/estimatedwaittime`: the estimates there
    /// are, all of them for this medium.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such queue or medium.
    pub fn estimated_wait(&self, queue_id: &str, medium: &str) -> Result<Value, OrgRefusal> {
        self.queue(queue_id)?;
        one_of("mediaType", medium, &MEDIA)?;
        let estimates = self.switches.estimated_wait_seconds.map(|seconds| {
            let intent = medium.to_uppercase();
            json!({ "intent": intent, "formula": "BEST", "estimatedWaitTimeSeconds": seconds })
        });
        Ok(json!({ "results": Vec::from_iter(estimates) }))
    }

    /// `GET /conversations/messaging/integrations/open/{id}`.
    ///
    /// # Errors
    ///
    /// [`OrgRefusal`] if there is no such integration.
    pub fn integration(&self, integration_id: &str) -> Result<Value, OrgRefusal> {
        let found = self.seed.find_integration(integration_id);
        found
            .map(|found| integration(&self.seed, found))
            .ok_or_else(|| OrgRefusal::not_found("integration", integration_id))
    }

    /// The integrations, unpaged, in the order in which they were made.
    pub fn integrations(&self) -> Vec<Value> {
        let integrations = self.seed.integrations.iter();
        integrations.map(|found| integration(&self.seed, found)).collect()
    }

    /// Adds an integration, or replaces the one of the same id.
    pub fn put_integration(&mut self, added: Integration) {
        match self.seed.integrations.iter_mut().find(|found| found.id == added.id) {
            Some(found) => *found = added,
            None => self.seed.integrations.push(added),
        }
    }
}

/// A user as `GET /users/{id}` shows them (Genesys reference 6.3).
fn user(user: &User) -> Value {
    let mut view = json!({
        "id": user.id,
        "name": user.name,
        "division": division(),
        "email": user.email,
        "primaryContactInfo": [
            { "address": user.email, "mediaType": "EMAIL", "type": "PRIMARY" },
        ],
        "addresses": [],
        "state": "active",
        "username": user.email,
        "version": 12,
        "acdAutoAnswer": false,
        "selfUri": format!("/api/v2/users/{}", user.id),
    });
    if let Some(name) = &user.preferred_name {
        insert(&mut view, "preferredName", json!(name));
    }
    // A user without a picture has no `images` at all.
    if !user.pictures.is_empty() {
        let images: Vec<Value> = user
            .pictures
            .iter()
            .map(|(resolution, url)| json!({ "resolution": resolution, "imageUri": url }))
            .collect();
        insert(&mut view, "images", json!(images));
    }
    view
}

/// A queue as `GET /routing/queues/{id}` shows it.
fn queue(queue: &Queue, members: usize) -> Value {
    json!({
        "id": queue.id,
        "name": queue.name,
        "division": division(),
        "memberCount": members,
        "userMemberCount": members,
        "joinedMemberCount": members,
        "selfUri": format!("/api/v2/routing/queues/{}", queue.id),
    })
}

/// An integration as `GET /conversations/messaging/integrations/open/{id}` shows it, with its
/// secrets hidden (Genesys reference 2.7).
fn integration(seed: &OrgSeed, integration: &Integration) -> Value {
    let Integration { id, name, messaging_setting_id, supported_content_id, .. } = integration;
    let setting = seed.setting_of(id).map(|setting| &setting.name);
    let contents = &seed.supported_contents;
    let content = contents.iter().find(|content| content.id == *supported_content_id);
    let created_at = written_time(integration.created_at);
    let headers: serde_json::Map<String, Value> =
        integration.webhook_header_names.iter().map(|name| (name.clone(), HIDDEN.into())).collect();
    json!({
        "id": id,
        "name": name,
        "supportedContent": {
            "id": supported_content_id,
            "name": content.map(|content| &content.name),
            "selfUri": format!(
                "/api/v2/conversations/messaging/supportedcontent/{supported_content_id}"
            ),
        },
        "messagingSetting": {
            "id": messaging_setting_id,
            "name": setting,
            "selfUri": format!("/api/v2/conversations/messaging/settings/{messaging_setting_id}"),
        },
        "outboundNotificationWebhookUrl": integration.webhook_url,
        "outboundNotificationWebhookSignatureSecretToken": HIDDEN,
        "webhookHeaders": headers,
        "status": "Active",
        "recipient": {
            "id": id, "selfUri": format!("/api/v2/routing/message/recipients/{id}"),
        },
        "dateCreated": created_at,
        "dateModified": created_at,
        "createStatus": "Completed",
        "selfUri": format!("/api/v2/conversations/messaging/integrations/open/{id}"),
    })
}

fn division() -> Value {
    json!({
        "id": DIVISION_ID, "name": "",
        "selfUri": format!("/api/v2/authorization/divisions/{DIVISION_ID}"),
    })
}

fn insert(view: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = view {
        fields.insert(key.to_owned(), value);
    }
}
