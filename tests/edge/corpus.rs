//! The corpus: one file a case, a request and what becomes of it, the same for every host.
//!
//! `tests/corpus/README.md` describes the files.

use std::{collections::BTreeMap, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    API_KEY, PREVIOUS_API_KEY, PREVIOUS_SECRET, SANDBOX_API_KEY, SANDBOX_SECRET, SECRET,
    WEBHOOK_PATH,
};
use baton_core::api_key;
use baton_simulator::signature;

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What the case shows.
    pub why: String,
    /// Members of the edge's configuration that differ from the corpus' own.
    #[serde(default)]
    pub configuration: Map<String, Value>,
    /// What comes in.
    pub request: Request,
    /// The headers that the delivery carries up, with their value; those without one stay behind.
    #[serde(default)]
    pub goes_up: BTreeMap<String, Option<String>>,
    /// What becomes of it.
    pub expect: Expect,
}

/// The request of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default = "post")]
    /// The method; POST unless it says otherwise.
    pub method: String,
    /// The path with its query; the webhook path of `acme/support/live` unless it says otherwise.
    #[serde(default = "webhook_path")]
    pub path: String,
    /// How it is signed; with the tenant's current secret unless it says otherwise, or shows an
    /// API key.
    pub signature: Option<Signature>,
    /// Which API key it shows; none unless it says so.
    pub api_key: Option<ApiKey>,
    /// Headers beside the signature and the API key, name and value.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// How a request is signed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// With the current secret.
    Current,
    /// With the secret before it.
    Previous,
    /// With another tenant's secret.
    OtherTenant,
    /// With the current secret, in hex.
    Hex,
    /// With the current secret, over other bytes.
    Forged,
    /// Not at all.
    Missing,
    /// These are the values of the header, whatever the body is. `{}` stands for the base64 of a
    /// right signature.
    Values(Vec<String>),
}

/// Which API key a request shows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKey {
    /// The current one.
    Current,
    /// The one before it.
    Previous,
    /// Another tenant's.
    OtherTenant,
    /// One that nobody has.
    Forged,
    /// None.
    Missing,
    /// These are the values of the header. `{}` stands for the current key.
    Values(Vec<String>),
}

/// The bytes of a body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// This value in compact JSON, members in the order given.
    Json(Value),
    /// This text.
    Text(String),
    /// These bytes.
    Base64(String),
    /// This text so many times: for a body over the limit.
    Repeated(String, usize),
}

/// What becomes of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The upstream gets this delivery, in compact JSON, and the caller 200.
    Forward(Value),
    /// The caller gets this status, the log and the metric this reason.
    Refuse {
        /// The status.
        status: u16,
        /// The reason.
        reason: String,
    },
    /// It is none of ours and goes on as it is.
    Pass,
}

fn post() -> String {
    "POST".to_owned()
}

fn webhook_path() -> String {
    WEBHOOK_PATH.to_owned()
}

impl Request {
    /// The body's bytes.
    pub fn body(&self) -> Vec<u8> {
        match &self.body {
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Text(text) => text.clone().into_bytes(),
            Body::Base64(text) => STANDARD.decode(text).expect("base64"),
            Body::Repeated(text, times) => text.repeat(*times).into_bytes(),
        }
    }

    /// The headers, names in lower case: the signature, the API key and the case's own.
    pub fn headers(&self) -> Vec<(String, String)> {
        let signed = self.signature_values().into_iter().map(|value| (signature::HEADER, value));
        let keyed = self.api_key_values().into_iter().map(|value| (api_key::HEADER, value));
        let proof = signed.chain(keyed).map(|(name, value)| (name.to_ascii_lowercase(), value));
        proof.chain(self.headers.iter().cloned()).collect()
    }

    fn api_key_values(&self) -> Vec<String> {
        match &self.api_key {
            Some(ApiKey::Current) => vec![API_KEY.to_owned()],
            Some(ApiKey::Previous) => vec![PREVIOUS_API_KEY.to_owned()],
            Some(ApiKey::OtherTenant) => vec![SANDBOX_API_KEY.to_owned()],
            Some(ApiKey::Forged) => vec![API_KEY.replace("current", "forged")],
            Some(ApiKey::Missing) | None => vec![],
            Some(ApiKey::Values(values)) => {
                values.iter().map(|value| value.replace("{}", API_KEY)).collect()
            }
        }
    }

    fn signature_values(&self) -> Vec<String> {
        let body = self.body();
        let unless_said = match self.api_key {
            Some(_) => &Signature::Missing,
            None => &Signature::Current,
        };
        match self.signature.as_ref().unwrap_or(unless_said) {
            Signature::Current => vec![signature::base64(SECRET, &body)],
            Signature::Previous => vec![signature::base64(PREVIOUS_SECRET, &body)],
            Signature::OtherTenant => vec![signature::base64(SANDBOX_SECRET, &body)],
            Signature::Hex => vec![signature::hex(SECRET, &body)],
            Signature::Forged => vec![signature::base64(SECRET, b"other bytes")],
            Signature::Missing => vec![],
            Signature::Values(values) => {
                let right = signature::base64(SECRET, &body).replace("sha256=", "");
                values.iter().map(|value| value.replace("{}", &right)).collect()
            }
        }
    }
}

impl Case {
    /// Checks these headers of the delivery's request.
    pub fn check_headers(&self, headers: &[(&str, &[u8])]) {
        for (wanted, value) in &self.goes_up {
            let of_name = headers.iter().filter(|(name, _)| name == wanted);
            let went: Vec<_> = of_name.map(|(_, value)| String::from_utf8_lossy(value)).collect();
            let expected: Vec<_> = value.iter().map(String::as_str).collect();
            assert_eq!(went, expected, "{}: {wanted}", self.name);
        }
    }
}

/// Every case, in the order of the names.
pub fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut cases: Vec<Case> = fs::read_dir(&folder)
        .expect("tests/corpus")
        .map(|entry| entry.expect("an entry of tests/corpus").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a case");
            let mut case: Case = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            case.name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            case
        })
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}
