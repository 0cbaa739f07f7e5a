//! A webhook as Genesys would send it, that does no harm.
//!
//! It is the receipt of a message that was never sent, for an end user who does not exist. Typing
//! would leave nothing behind, but is not stored, so that nobody could say that it arrived; a text
//! would be answered to Genesys with a receipt that it failed, and be a dead letter. The sidecar stores
//! a receipt, finds no session for it, and keeps no more than its id.

use baton_core::{
    json::Document,
    signature::SigningKey,
    tenant::{Tenant, TenantKey},
    translation::{BotMessages, translate},
};
use baton_sidecar::{Clock, Random, RandomError};
use serde_json::json;

/// A signed webhook, and the id that its delivery has.
pub(crate) struct TestWebhook {
    pub(crate) body: String,
    pub(crate) delivery_id: String,
}

impl TestWebhook {
    /// A fresh one: no delivery of its id ever came.
    pub(crate) fn new(
        tenant: &TenantKey<'static>,
        integration_id: &str,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, RandomError> {
        let message_id = random.uuid()?.simple().to_string();
        let end = |id: &str| json!({ "id": id, "idType": "Opaque" });
        let body = json!({
            "id": message_id,
            "channel": {
                "id": integration_id,
                "platform": "Open",
                "type": "Private",
                "to": end(&format!("baton-check-{message_id}")),
                "from": end(integration_id),
                "time": clock.now().to_string(),
                "messageId": message_id,
            },
            "type": "Receipt",
            "status": "Published",
            "isFinalReceipt": false,
            "direction": "Outbound",
        })
        .to_string();
        let delivery_id = delivery_id(tenant, &body);
        Ok(Self { body, delivery_id })
    }

    /// What goes into `X-Hub-Signature-256`.
    pub(crate) fn signature(&self, secret: &str) -> String {
        SigningKey::new(secret).sign(self.body.as_bytes()).to_base64()
    }
}

/// The id that every edge gives the delivery of this body.
fn delivery_id(tenant: &TenantKey<'static>, body: &str) -> String {
    let tenant = Tenant::new(tenant.clone(), []);
    // The body was written here, and is JSON.
    let document = Document::parse(body.as_bytes()).unwrap_or(Document::Other);
    translate(body.as_bytes(), &document, &tenant, BotMessages::Drop).id.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_webhook_is_a_new_delivery_that_says_nothing_to_anybody() {
        let key = TenantKey::new("acme", "support", "live");
        let [one, two] = [(), ()]
            .map(|()| TestWebhook::new(&key, "i", &Clock::system(), &Random::system()).unwrap());
        assert_ne!(one.delivery_id, two.delivery_id);
        let tenant = Tenant::new(key, []);
        let document = Document::parse(one.body.as_bytes()).unwrap();
        let delivery = translate(one.body.as_bytes(), &document, &tenant, BotMessages::Forward);
        assert!(delivery.data.events.is_empty() && !delivery.is_transient());
        assert_eq!(delivery.data.receipts.len(), 1);
    }
}
