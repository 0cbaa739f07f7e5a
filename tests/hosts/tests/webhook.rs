//! Webhooks of the corpus' tenants.

use baton_simulator::signature;
use baton_tests_edge::{SANDBOX_SECRET, SECRET, WEBHOOK_PATH, http1};
use baton_tests_hosts::Host;
use futures_util::future::join_all;
use serde_json::json;

/// A webhook: where it goes, what signs it, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) path: String,
    pub(crate) secret: String,
    pub(crate) body: Vec<u8>,
}

impl Webhook {
    /// A message of an agent with this text, for `acme/support/live`.
    pub(crate) fn saying(text: &str) -> Self {
        let body = json!({
            "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "channel": {
                "id": "4f2c8a1e-7b3d-4e5a-9c6f-1d2e3f4a5b6c",
                "platform": "Open",
                "type": "Private",
                "to": {"id": "customer-1"},
                "from": {"id": "acme"},
                "time": "2026-11-21T12:00:00.000Z",
            },
            "type": "Text",
            "text": text,
            "direction": "Outbound",
            "originatingEntity": "Human",
        });
        Self {
            path: WEBHOOK_PATH.to_owned(),
            secret: SECRET.to_owned(),
            body: body.to_string().into_bytes(),
        }
    }

    /// The same for `acme/support/sandbox`, signed with that tenant's secret.
    pub(crate) fn for_sandbox(self) -> Self {
        let path = WEBHOOK_PATH.replace("live", "sandbox");
        Self { path, secret: SANDBOX_SECRET.to_owned(), ..self }
    }

    /// The same, signed with another secret.
    pub(crate) fn signed_with(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    /// The request's head, with the length of the body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let request = self.request();
        request[..request.len() - self.body.len()].to_vec()
    }

    /// The request's head, for a body in chunks.
    pub(crate) fn chunked_head(&self) -> Vec<u8> {
        let mut headers = self.headers();
        headers.push(("transfer-encoding".to_owned(), "chunked".to_owned()));
        [&http1::head("POST", &self.path, &headers)[..], b"\r\n"].concat()
    }

    /// The whole request.
    pub(crate) fn request(&self) -> Vec<u8> {
        http1::request("POST", &self.path, &self.headers(), &self.body)
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![(signature::HEADER.to_owned(), signature::base64(&self.secret, &self.body))]
    }
}

/// Runs a test on several hosts at once.
pub(crate) async fn on<F: Future<Output = ()>>(
    hosts: impl IntoIterator<Item = Host> + Clone,
    test: impl Fn(Host) -> F,
) {
    hosts.clone().into_iter().for_each(Host::prepare);
    join_all(hosts.into_iter().map(test)).await;
}
