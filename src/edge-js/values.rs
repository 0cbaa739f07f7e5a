//! What goes into and out of JavaScript, as plain objects; `types.d.ts` has the same for
//! TypeScript.

use baton_core::{
    exchange::{self, Response},
    gate::Gate,
    refusal::Refusal as Reason,
};
use baton_inspection::{Report, SignatureCheck, Trial};
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use wasm_bindgen::{JsError, JsValue};

/// A header: its name and its value.
pub(crate) type Header = (String, String);

/// The head of a request.
#[derive(Deserialize)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<Header>,
}

impl RequestHead {
    /// The headers as the gate takes them: names in lower case, values in bytes.
    pub(crate) fn headers(&self) -> Vec<(String, Vec<u8>)> {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.to_ascii_lowercase(), bytes(value))).collect()
    }
}

/// An answer of the sidecar or the upstream.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    body: Uint8Array,
}

impl Answer {
    pub(crate) fn response(&self) -> Response {
        Response { status: self.status, body: self.body.to_vec() }
    }
}

/// An answer in place of the upstream's.
#[derive(Serialize)]
pub(crate) struct Refusal {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    reason: &'static str,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        let answer = reason.answer();
        let (status, headers, body) = (answer.status, answer.headers, answer.body);
        Self { status, headers, body, reason: reason.label() }
    }
}

/// A request to the upstream.
#[derive(Serialize)]
pub(crate) struct Delivery<'d> {
    path: &'d str,
    headers: Vec<(&'d str, String)>,
    #[serde(serialize_with = "as_bytes")]
    body: &'d [u8],
}

impl<'d> Delivery<'d> {
    pub(crate) fn new(
        path: &'d str,
        headers: impl Iterator<Item = (&'d str, &'d [u8])>,
        body: &'d [u8],
    ) -> Self {
        Self { path, headers: headers.map(|(name, value)| (name, text(value))).collect(), body }
    }

    /// The delivery of the webhook with these headers.
    pub(crate) fn of_webhook(
        gate: &'d Gate,
        headers: &'d [(String, Vec<u8>)],
        body: &'d [u8],
    ) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let path = &gate.configuration().upstream.path;
        Self::new(path, gate.delivery_headers_beside(headers), body)
    }
}

/// A look-up of a tenant at the sidecar.
#[derive(Serialize)]
pub(crate) struct LookUp<'l> {
    pub(crate) path: &'l str,
    pub(crate) authorization: &'l str,
}

/// What the head of a request comes to.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub(crate) enum Head<'h> {
    NotOurs,
    Refuse { refusal: Refusal },
    NeedBody { most: usize },
    NeedTenant { look_up: LookUp<'h>, most: usize },
}

/// What a whole request comes to.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Verdict<'v> {
    NotOurs,
    Refuse { refusal: Refusal },
    Mismatch { refusal: Refusal },
    Forward { delivery: Delivery<'v> },
}

/// What the caller gets.
#[derive(Serialize)]
pub(crate) struct Reply {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    #[serde(serialize_with = "as_bytes")]
    body: Vec<u8>,
}

impl From<exchange::Reply> for Reply {
    fn from(reply: exchange::Reply) -> Self {
        Self { status: reply.status, headers: reply.headers, body: reply.body.into_owned() }
    }
}

/// A webhook to be inspected.
#[derive(Deserialize)]
pub(crate) struct Webhook {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub(crate) body: Uint8Array,
    #[serde(default)]
    pub(crate) signature: Option<String>,
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    #[serde(default)]
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) method: Option<String>,
}

/// What an inspected webhook comes to.
#[derive(Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Inspection {
    Forward {
        signature: SignatureCheck,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'static str>,
        delivery: String,
    },
    Refuse {
        status: u16,
        reason: &'static str,
        why: String,
        tried: Vec<Trial>,
    },
    NotOurs {
        why: String,
    },
}

impl From<Report> for Inspection {
    fn from(report: Report) -> Self {
        match report {
            Report::Forward { signature, note, delivery } => {
                Self::Forward { signature, note, delivery: delivery.get().to_owned() }
            }
            Report::Refuse { status, reason, why, tried } => {
                Self::Refuse { status, reason, why, tried }
            }
            Report::NotOurs { why } => Self::NotOurs { why },
        }
    }
}

/// The value in JavaScript.
pub(crate) fn to_javascript(value: &impl Serialize) -> Result<JsValue, JsError> {
    Ok(serde_wasm_bindgen::to_value(value)?)
}

/// The value from JavaScript; `what` is what the error says that it is not.
pub(crate) fn from_javascript<T: DeserializeOwned>(
    what: &str,
    value: JsValue,
) -> Result<T, JsError> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| JsError::new(&format!("this is no {what}: {error}")))
}

/// A header's value in bytes. JavaScript has a character for each.
fn bytes(value: &str) -> Vec<u8> {
    // No header that came over HTTP holds another character.
    value.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

/// A header's value with a character for each byte.
fn text(value: &[u8]) -> String {
    value.iter().copied().map(char::from).collect()
}

fn as_bytes<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes.as_ref())
}
