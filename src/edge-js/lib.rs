//! The edge for JavaScript: a thin adapter over `baton-core`, for Node, browsers, bundlers and
//! Workers. `types.d.ts` describes what goes in and out.

mod exchange;
mod host;
mod values;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use baton_core::{
    configuration::{Configuration, DEFAULT_MAX_BODY_BYTES},
    exchange::UpstreamAddress,
    gate::{self, Judgement, refusal_of_upstream},
    json::Document,
    json_writing,
    look_up::{Answer as Found, Pace},
    signature::{SHORTEST_SECRET, Signature, SignatureProblem, SigningKey, SigningKeys},
    tenant::{Tenant, TenantKey},
    translation::{self, BotMessages},
};
use baton_inspection::{Inspector, Webhook as Inspected};
use wasm_bindgen::prelude::*;

use exchange::Exchange;
use host::Host;
use values::{
    Answer, Delivery, Head, Inspection, LookUp, RequestHead, Verdict, Webhook, from_javascript,
    to_javascript,
};

/// The types, copied into what TypeScript is given.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// The gate: what becomes of a request, decided without clock, chance or network. It serves any
/// number of requests and keeps nothing of them; of those that it sees through by itself it counts
/// how many in a second were for tenants of which nothing is known.
#[wasm_bindgen]
pub struct Gate {
    gate: Rc<gate::Gate>,
    strangers: Rc<RefCell<Pace>>,
}

#[wasm_bindgen]
impl Gate {
    /// Reads the configuration: the JSON document that `envoy/configuration.md` describes, the
    /// same on every host. `environment` holds the secrets that it names by `{"env": "NAME"}`.
    /// Throws an `Error` that names the member that is wrong, and what to do.
    #[wasm_bindgen(constructor)]
    pub fn new(
        configuration: &str,
        #[wasm_bindgen(unchecked_param_type = "Readonly<Record<string, string | undefined>>")]
        environment: JsValue,
    ) -> Result<Self, JsError> {
        let environment: BTreeMap<String, Option<String>> =
            from_javascript("object of strings", environment)?;
        let value = |name: &str| environment.get(name).cloned().flatten();
        let configuration = Configuration::parse(configuration.as_bytes(), &value)?;
        let gate = Rc::new(gate::Gate::new(configuration));
        Ok(Self { gate, strangers: Rc::default() })
    }

    /// What is allowed in the configuration and not advised, one line each.
    #[wasm_bindgen(getter)]
    pub fn warnings(&self) -> Vec<String> {
        self.gate.configuration().warnings.clone()
    }

    /// The first step: the head of a request alone.
    #[wasm_bindgen(unchecked_return_type = "Head")]
    pub fn begin(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RequestHead")] head: JsValue,
    ) -> Result<JsValue, JsError> {
        let head: RequestHead = from_javascript("head of a request", head)?;
        let most = self.gate.max_body_bytes();
        match self.head(&head, &head.headers()) {
            gate::Head::NotOurs => to_javascript(&Head::NotOurs),
            gate::Head::Refuse(reason) => to_javascript(&Head::Refuse { refusal: reason.into() }),
            gate::Head::NeedBody(..) => to_javascript(&Head::NeedBody { most }),
            gate::Head::NeedTenant(key, _) => {
                let authorization = &self.gate.configuration().look_up.authorization;
                let look_up = LookUp { path: &Found::path(&key), authorization };
                to_javascript(&Head::NeedTenant { look_up, most })
            }
        }
    }

    /// The second step: the whole request. `tenantAnswer` is the sidecar's answer to the look-up
    /// that `begin` asked for; without one, where `begin` asked, the request is refused with 503.
    #[wasm_bindgen(unchecked_return_type = "Verdict")]
    pub fn judge(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RequestHead")] head: JsValue,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array")] body: &[u8],
        #[wasm_bindgen(js_name = "tenantAnswer", unchecked_optional_param_type = "Answer")]
        tenant_answer: JsValue,
    ) -> Result<JsValue, JsError> {
        let head: RequestHead = from_javascript("head of a request", head)?;
        let tenant_answer: Option<Answer> = from_javascript("answer", tenant_answer)?;
        let headers = head.headers();
        let answer = tenant_answer.map(|answer| answer.response());
        let answer = answer.as_ref().map(|answer| (answer.status, answer.body.as_slice()));
        match self.gate.judge(self.head(&head, &headers), body, answer) {
            Judgement::NotOurs => to_javascript(&Verdict::NotOurs),
            Judgement::Refuse(reason) => to_javascript(&Verdict::Refuse { refusal: reason.into() }),
            Judgement::Mismatch(reason) => {
                to_javascript(&Verdict::Mismatch { refusal: reason.into() })
            }
            Judgement::Forward(forward) => {
                let delivery = Delivery::of_webhook(&self.gate, &headers, &forward.delivery);
                to_javascript(&Verdict::Forward { delivery })
            }
        }
    }

    /// Begins `Gate.exchange`, which `package/gate.js` makes of it.
    #[wasm_bindgen(js_name = "beginExchange", skip_typescript)]
    pub fn begin_exchange(&self, head: JsValue, host: Host) -> Result<Exchange, JsError> {
        let head: RequestHead = from_javascript("head of a request", head)?;
        Ok(Exchange::new(Rc::clone(&self.gate), Rc::clone(&self.strangers), head, host))
    }
}

impl Gate {
    fn head(&self, head: &RequestHead, headers: &[(String, Vec<u8>)]) -> gate::Head {
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        self.gate.head(head.method.as_bytes(), head.path.as_bytes(), headers)
    }
}

/// What the caller gets once the upstream has answered with this status: a refusal, or, for
/// `undefined`, the upstream's own answer. Give 0 for an upstream that did not answer.
#[wasm_bindgen(unchecked_return_type = "Refusal | undefined")]
pub fn answered(status: u16) -> Result<JsValue, JsError> {
    to_javascript(&refusal_of_upstream(status).map(values::Refusal::from))
}

/// The address of an upstream as it is used: without a slash at its end. Throws an `Error` that
/// names the setting, for a value that is no address.
#[wasm_bindgen(js_name = "upstreamAddress")]
pub fn upstream_address(setting: &str, value: Option<String>) -> Result<String, JsError> {
    let address = UpstreamAddress::read(setting, value.as_deref().unwrap_or_default())?;
    Ok(address.to_string())
}

/// Whether one of the secrets signed these bytes: `undefined`, if so; else why the signature does
/// not hold. `header` is the value of `X-Hub-Signature-256`, `null` or `undefined` without one.
/// Throws an `Error` for a secret that is shorter than Genesys allows, such as an empty one.
#[wasm_bindgen(unchecked_return_type = "SignatureReason | undefined")]
pub fn verify(
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] body: &[u8],
    header: Option<String>,
    secrets: Vec<String>,
) -> Result<Option<String>, JsError> {
    secrets.iter().try_for_each(|secret| long_enough(secret))?;
    let signature = Signature::from_header(header.iter().map(String::as_bytes));
    let keys = SigningKeys::new(secrets.iter().map(String::as_str));
    let problem = match signature {
        Ok(signature) if keys.verify(body, &signature) => None,
        Ok(_) => Some(SignatureProblem::Mismatch),
        Err(problem) => Some(problem),
    };
    Ok(problem.map(|problem| problem.label().to_owned()))
}

/// The value of `X-Hub-Signature-256` that Genesys sends with these bytes. Throws an `Error` for a
/// secret that is shorter than Genesys allows.
#[wasm_bindgen]
pub fn sign(
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] body: &[u8],
    secret: &str,
) -> Result<String, JsError> {
    long_enough(secret)?;
    Ok(SigningKey::new(secret).sign(body).to_base64())
}

/// The delivery that a webhook becomes, in JSON, whoever signed it: for looking at, since nothing
/// is verified. It is that of a tenant which stands for any. Throws an `Error` for a body that is
/// no JSON, or is too long.
#[wasm_bindgen]
pub fn translate(
    #[wasm_bindgen(unchecked_param_type = "Uint8Array")] body: &[u8],
) -> Result<String, JsError> {
    if body.len() > DEFAULT_MAX_BODY_BYTES {
        return Err(JsError::new(&format!(
            "the body is longer than {DEFAULT_MAX_BODY_BYTES} bytes, and no webhook is; look at \
             what wrote it"
        )));
    }
    let document = Document::parse(body)
        .map_err(|_| JsError::new("the body is not JSON; give its bytes as they came"))?;
    let anyone = Tenant::new(TenantKey::new("example", "example", "example"), []);
    let delivery = translation::translate(body, &document, &anyone, BotMessages::default());
    Ok(String::from_utf8(json_writing::write(&delivery, body.len())?)?)
}

/// What the edge would make of a webhook, and why, for whoever holds the secret: a body is tried
/// in the ways in which bodies change on their way. Without secrets no signature is checked.
/// Nothing leaves the process or the page. Throws an `Error` for a secret that is shorter than
/// Genesys allows.
#[wasm_bindgen(unchecked_return_type = "Inspection")]
pub fn inspect(
    #[wasm_bindgen(unchecked_param_type = "Webhook")] webhook: JsValue,
) -> Result<JsValue, JsError> {
    let webhook: Webhook = from_javascript("webhook", webhook)?;
    let Webhook { body, signature, secrets, path, method } = webhook;
    secrets.iter().try_for_each(|secret| long_enough(secret))?;
    let inspector = Inspector::of_secrets(secrets, path.as_deref())?;
    let path = path.or_else(|| inspector.only_path()).unwrap_or_default();
    let report = inspector.inspect(&Inspected {
        method: method.as_deref().unwrap_or("POST"),
        path: &path,
        signature: signature.as_deref(),
        body: &body.to_vec(),
    });
    to_javascript(&Inspection::from(report))
}

fn long_enough(secret: &str) -> Result<(), JsError> {
    let length = secret.chars().count();
    if length >= SHORTEST_SECRET {
        return Ok(());
    }
    Err(JsError::new(&format!(
        "the secret has {length} characters, and Genesys takes none below {SHORTEST_SECRET}; give \
         the integration's own"
    )))
}

#[cfg(test)]
mod tests {
    use baton_core::refusal::Refusal as Reason;

    const TYPES: &str = include_str!("types.d.ts");

    #[test]
    fn typescript_knows_each_reason_and_no_other() {
        let start = TYPES.find("export type SignatureReason").unwrap();
        let end = TYPES.find("/** An answer in place").unwrap();
        let mut known: Vec<&str> = TYPES[start..end].split('"').skip(1).step_by(2).collect();
        let mut reasons: Vec<&str> = Reason::all().map(Reason::label).collect();
        known.sort_unstable();
        reasons.sort_unstable();
        assert_eq!(known, reasons);
    }
}
