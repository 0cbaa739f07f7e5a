//! Who sends a request, and what is in it.

use baton_core::api_key;
use baton_simulator::signature;
use baton_tests_edge::{API_KEY, PREVIOUS_SECRET, SANDBOX_SECRET, SECRET, WEBHOOK_PATH};
use baton_tests_hosts::proxy_wasm::{Headers, pairs};

/// The limit of the body in these tests.
pub(super) const MOST_BODY_BYTES: usize = 2_000;

/// The secret that acme/support/live has once it was changed.
pub(super) const NEXT_SECRET: &str = "the next secret of acme support live";

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Genesys.
    Genesys,
    /// Genesys, with the secret before.
    GenesysBefore,
    /// Genesys, with the secret that comes next.
    GenesysNext,
    /// Genesys, with a hexadecimal signature.
    GenesysInHex,
    /// Genesys, for another tenant.
    GenesysForSandbox,
    /// An event's trigger with its API key.
    Trigger,
    /// A trigger that made its key up.
    ForgedTrigger,
    /// Somebody without the secret.
    Forger,
    /// Another tenant, with its own secret.
    Neighbour,
    /// Somebody who signs nothing.
    Unsigned,
    /// Somebody who signs for a tenant that is not there.
    Stranger,
    /// Genesys, with something that is no JSON.
    NoJson,
    /// Genesys, with nothing.
    Nothing,
    /// Genesys, with more than is taken, and without saying how much.
    TooMuch,
    /// Genesys, with more than is taken, as it says itself.
    TooLong,
    /// Somebody who does not post.
    Reader,
    /// Somebody who speaks gRPC.
    Grpc,
    /// Somebody who names the path of deliveries.
    Intruder,
    /// Somebody who wants something else.
    Visitor,
}

impl Who {
    pub(super) const ALL: [Self; 19] = [
        Self::Genesys,
        Self::GenesysBefore,
        Self::GenesysNext,
        Self::GenesysInHex,
        Self::GenesysForSandbox,
        Self::Trigger,
        Self::ForgedTrigger,
        Self::Forger,
        Self::Neighbour,
        Self::Unsigned,
        Self::Stranger,
        Self::NoJson,
        Self::Nothing,
        Self::TooMuch,
        Self::TooLong,
        Self::Reader,
        Self::Grpc,
        Self::Intruder,
        Self::Visitor,
    ];

    /// Whether this is a webhook that ought to be delivered.
    pub(super) const fn is_good(self) -> bool {
        matches!(
            self,
            Self::Genesys
                | Self::GenesysBefore
                | Self::GenesysNext
                | Self::GenesysInHex
                | Self::GenesysForSandbox
                | Self::Trigger
        )
    }

    /// The request; no two of different numbers are the same.
    pub(super) fn request(self, number: usize) -> Request {
        let body = match self {
            Self::Nothing => String::new(),
            Self::NoJson => format!("not {number}"),
            Self::TooMuch | Self::TooLong => {
                format!("{}{}", message(number), " ".repeat(MOST_BODY_BYTES))
            }
            Self::Trigger | Self::ForgedTrigger => event(number),
            _ => message(number),
        };
        let signed = |secret: &str| Some(signature::base64(secret, body.as_bytes()));
        let signed = match self {
            Self::Trigger | Self::ForgedTrigger | Self::Unsigned | Self::Visitor => None,
            Self::GenesysBefore => signed(PREVIOUS_SECRET),
            Self::GenesysNext => signed(NEXT_SECRET),
            Self::GenesysInHex => Some(signature::hex(SECRET, body.as_bytes())),
            Self::GenesysForSandbox | Self::Neighbour => signed(SANDBOX_SECRET),
            Self::Forger => signed("a secret that nobody has been given"),
            _ => signed(SECRET),
        };
        let path = match self {
            Self::Trigger | Self::ForgedTrigger => WEBHOOK_PATH.replace("/events", "/trigger"),
            Self::GenesysForSandbox => WEBHOOK_PATH.replace("live", "sandbox"),
            Self::Stranger => WEBHOOK_PATH.replace("live", "unknown"),
            Self::Intruder => "/internal/v1/deliveries".to_owned(),
            Self::Visitor => "/api/v1/sessions".to_owned(),
            _ => WEBHOOK_PATH.to_owned(),
        };
        let method = if self == Self::Reader { "GET" } else { "POST" };
        let mut headers = pairs(&[
            (":authority", "edge.example"),
            (":method", method),
            (":path", &path),
            ("x-baton-tenant", "other/tenant/live"),
            ("authorization", "Bearer stolen"),
            ("x-request-id", "a-request"),
        ]);
        let key = match self {
            Self::Trigger => Some(API_KEY.to_owned()),
            Self::ForgedTrigger => Some("a-key-that-nobody-has-been-given-by-us".to_owned()),
            _ => None,
        };
        let kind = if self == Self::Grpc { "application/grpc" } else { "application/json" };
        let length = (self == Self::TooLong).then(|| body.len().to_string());
        let proofs = [
            (signature::HEADER, signed),
            (api_key::HEADER, key),
            ("content-type", Some(kind.to_owned())),
            ("content-length", length),
        ];
        for (name, value) in proofs {
            let named = value.map(|value| (name.to_ascii_lowercase().into(), value.into()));
            headers.extend(named);
        }
        Request { headers, body: body.into_bytes() }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
}

fn message(number: usize) -> String {
    format!(r#"{{"id":"m{number}","type":"Text","direction":"Outbound","text":"hello {number}"}}"#)
}

fn event(number: usize) -> String {
    format!(
        r#"{{"topicName":"v2.detail.events.conversation.{number}.customer.end","eventBody":{{
            "conversationId":"c{number}","participantId":"p"}}}}"#
    )
}
