//! The gate as a component: a thin adapter over `baton-core`, whose interface is
//! `wit/edge.wit`.

use std::collections::BTreeMap;

use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Judgement, refusal_of_upstream},
    look_up::Answer as Found,
    refusal::Refusal as Reason,
};

use bindings::exports::baton::edge::gate::{
    self as wit, Answer, Delivery, Guest, GuestGate, Header, LookUp, Refusal, RequestHead, Variable,
};

/// What the interface's definition is made into.
#[allow(missing_docs, unsafe_code, unused_qualifications, reason = "made from the definition")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "embedded" });
    use super::Component;

    export!(Component);
}

struct Component;

impl Guest for Component {
    type Gate = Embedded;

    fn answered(status: u16) -> Option<Refusal> {
        refusal_of_upstream(status).map(refusal)
    }
}

struct Embedded(Gate);

impl GuestGate for Embedded {
    fn configure(document: String, environment: Vec<Variable>) -> Result<wit::Gate, String> {
        let environment: BTreeMap<String, String> =
            environment.into_iter().map(|variable| (variable.name, variable.value)).collect();
        let value = |name: &str| environment.get(name).cloned();
        let configuration = Configuration::parse(document.as_bytes(), &value);
        let configuration = configuration.map_err(|error| error.to_string())?;
        Ok(wit::Gate::new(Self(Gate::new(configuration))))
    }

    fn warnings(&self) -> Vec<String> {
        self.0.configuration().warnings.clone()
    }

    fn begin(&self, head: RequestHead) -> wit::Head {
        let most = self.0.max_body_bytes() as u64;
        match self.head(&head) {
            Head::NotOurs => wit::Head::NotOurs,
            Head::Refuse(reason) => wit::Head::Refuse(refusal(reason)),
            Head::NeedBody(..) => wit::Head::NeedBody(most),
            Head::NeedTenant(key, _) => {
                let authorization = self.0.configuration().look_up.authorization.clone();
                wit::Head::NeedTenant((LookUp { path: Found::path(&key), authorization }, most))
            }
        }
    }

    fn judge(&self, head: RequestHead, body: Vec<u8>, tenant: Option<Answer>) -> wit::Verdict {
        let answer = tenant.as_ref().map(|answer| (answer.status, answer.body.as_slice()));
        match self.0.judge(self.head(&head), &body, answer) {
            Judgement::NotOurs => wit::Verdict::NotOurs,
            Judgement::Refuse(reason) => wit::Verdict::Refuse(refusal(reason)),
            Judgement::Mismatch(reason) => wit::Verdict::Mismatch(refusal(reason)),
            Judgement::Forward(forward) => self.forward(&head, forward.delivery),
        }
    }
}

impl Embedded {
    fn head(&self, head: &RequestHead) -> Head {
        let headers = head.headers.iter();
        let headers = headers.map(|header| (header.name.as_str(), header.value.as_slice()));
        self.0.head(head.method.as_bytes(), head.path.as_bytes(), headers)
    }

    fn forward(&self, head: &RequestHead, body: Vec<u8>) -> wit::Verdict {
        let headers = head.headers.iter();
        let headers = headers.map(|header| (header.name.as_str(), header.value.as_slice()));
        let headers = self.0.delivery_headers_beside(headers);
        let headers =
            headers.map(|(name, value)| Header { name: name.to_owned(), value: value.to_vec() });
        wit::Verdict::Forward(Delivery {
            path: self.0.configuration().upstream.path.clone(),
            headers: headers.collect(),
            body,
        })
    }
}

fn refusal(reason: Reason) -> Refusal {
    let answer = reason.answer();
    let header = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: value.as_bytes().to_vec(),
    };
    Refusal {
        status: answer.status,
        headers: answer.headers.iter().map(header).collect(),
        body: answer.body.as_bytes().to_vec(),
        reason: reason.label().to_owned(),
    }
}
