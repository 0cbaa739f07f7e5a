//! The edge: makes of an agent's message the request that the sidecar gets.

use baton_core::{
    configuration::Configuration,
    gate::{Forward, Gate, Head, Verdict},
    signature::HEADER,
};
use serde_json::json;

use super::tenant::{Tenant, edge_document};
use crate::{
    Result,
    plugin::{self, DELIVERY_PATH},
    webhook::{self, SECRET},
};

/// The edge's gate.
#[derive(Debug)]
pub(crate) struct Edge(Gate);

impl Edge {
    /// The edge of these tenants.
    pub(crate) fn new(tenants: &[Tenant]) -> Result<Self> {
        let document = edge_document(tenants).to_string();
        let configuration = Configuration::parse(document.as_bytes(), &plugin::environment)?;
        Ok(Self(Gate::new(configuration)))
    }

    /// The delivery of an agent's message to this end user, ready for the wire. No two texts are
    /// the same.
    pub(crate) fn delivery(
        &self,
        tenant: Tenant,
        end_user_id: &str,
        text: &str,
    ) -> Result<Vec<u8>> {
        let webhook = json!({
            "id": text,
            "channel": {
                "id": tenant.integration_id(),
                "platform": "Open",
                "type": "Private",
                "messageId": text,
                "to": {"id": end_user_id, "idType": "Opaque"},
                "from": {"nickname": "Dana", "id": tenant.integration_id(), "idType": "Opaque"},
                "time": "2026-05-04T09:15:22.417Z",
            },
            "type": "Text",
            "text": text,
            "originatingEntity": "Human",
            "direction": "Outbound",
        })
        .to_string();
        let signature = webhook::signature(SECRET, webhook.as_bytes())?;
        let headers = [(HEADER, signature.as_bytes())].into_iter();
        let path = tenant.webhook_path();
        let head = self.0.head(b"POST", path.as_bytes(), headers);
        let Head::NeedBody(proof, Some(tenant)) = head else {
            return Err("the gate does not take the benchmark's webhook".into());
        };
        match self.0.body(webhook.as_bytes(), &proof, Some(&tenant)) {
            Verdict::Forward(Forward { delivery, .. }) => Ok(self.request(&delivery)),
            Verdict::Refuse(_) => Err("the gate refuses the benchmark's webhook".into()),
        }
    }

    fn request(&self, delivery: &[u8]) -> Vec<u8> {
        let authorization = &self.0.configuration().upstream.authorization;
        let head = format!(
            "POST {DELIVERY_PATH} HTTP/1.1\r\nhost: baton.example\r\n\
             authorization: {authorization}\r\ncontent-type: application/cloudevents+json\r\n\
             content-length: {}\r\n\r\n",
            delivery.len()
        );
        [head.as_bytes(), delivery].concat()
    }
}
