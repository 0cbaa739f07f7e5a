//! A program that embeds the gate: it brings requests, and sends what the gate says.

use std::{sync::Arc, time::Duration};

use baton_core::exchange::{LONGEST_DELIVERY, LONGEST_LOOK_UP};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt as _, Empty, Full};
use tokio::time::timeout;
use wasmtime_wasi_http::{
    WasiBody,
    handler::{Request, Response},
};

use crate::{
    gate::{
        Gate, Trouble,
        bindings::exports::baton::edge::gate::{
            Answer, Delivery, Head, Header, LookUp, Refusal, RequestHead, Verdict,
        },
    },
    loopback,
    served::Counts,
    surroundings::Surroundings,
};

/// The program.
pub(crate) struct Program {
    gate: Gate,
    surroundings: Surroundings,
}

impl Program {
    pub(crate) fn new(surroundings: &Surroundings, counts: &Arc<Counts>) -> Self {
        Self { gate: Gate::new(surroundings, counts), surroundings: surroundings.clone() }
    }

    /// The answer to a request; `None`, if the gate trapped.
    pub(crate) async fn answer(&self, request: Request) -> Option<Response> {
        match self.see_through(request).await {
            Ok(answer) => Some(answer),
            Err(Trouble::Misconfigured(refusal)) => Some(self.refuse(refusal)),
            Err(Trouble::Trapped) => None,
        }
    }

    async fn see_through(&self, request: Request) -> Result<Response, Trouble> {
        let (parts, body) = request.into_parts();
        let head = head_of(&parts);
        let (look_up, most) = match self.gate.begin(&head)? {
            Head::NotOurs => return Ok(answer(404, &[], Vec::new())),
            Head::Refuse(refusal) => return Ok(self.refuse(refusal)),
            Head::NeedBody(most) => (None, most),
            Head::NeedTenant((look_up, most)) => (Some(look_up), most),
        };
        let tenant = match look_up {
            Some(look_up) => self.look_up(look_up).await,
            None => None,
        };
        // Without a whole body there is nobody left who could be told.
        let Some(body) = read(body, most).await else { return Ok(answer(400, &[], Vec::new())) };
        match self.gate.judge(&head, &body, tenant.as_ref())? {
            Verdict::NotOurs => Ok(answer(404, &[], Vec::new())),
            // The tenant was looked up just now: there is nothing newer to be had.
            Verdict::Refuse(refusal) | Verdict::Mismatch(refusal) => Ok(self.refuse(refusal)),
            Verdict::Forward(delivery) => self.deliver(delivery).await,
        }
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Response, Trouble> {
        let headers = delivery.headers.iter();
        let headers = headers.map(|header| (header.name.as_str(), header.value.as_slice()));
        let request = self.request("POST", &delivery.path, headers, delivery.body);
        let (status, body) = send(request, LONGEST_DELIVERY).await.unwrap_or_default();
        Ok(match self.gate.answered(status)? {
            Some(refusal) => self.refuse(refusal),
            None => answer(status, &[], body),
        })
    }

    async fn look_up(&self, look_up: LookUp) -> Option<Answer> {
        let headers = [("authorization", look_up.authorization.as_bytes())];
        let request = self.request("GET", &look_up.path, headers.into_iter(), Vec::new());
        let (status, body) = send(request, LONGEST_LOOK_UP).await?;
        Some(Answer { status, body })
    }

    fn request<'h>(
        &self,
        method: &str,
        path: &str,
        headers: impl Iterator<Item = (&'h str, &'h [u8])>,
        body: Vec<u8>,
    ) -> Request {
        let upstream = self.surroundings.variable("upstream").expect("an upstream");
        let host = upstream.trim_start_matches("http://");
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{upstream}{path}"))
            .header("host", host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(whole(body)).expect("a request")
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        self.surroundings.write_log(&format!("refused: {}\n", refusal.reason));
        answer(refusal.status, &refusal.headers, refusal.body)
    }
}

fn head_of(parts: &Parts) -> RequestHead {
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| Header {
        name: name.to_string(),
        value: value.as_bytes().to_vec(),
    };
    RequestHead {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers.iter().map(header).collect(),
    }
}

/// The body, or its beginning, which is one byte longer than it may be; `None`, if it broke off.
async fn read(mut body: WasiBody, most: u64) -> Option<Vec<u8>> {
    let most = usize::try_from(most).expect("a limit");
    let mut bytes = Vec::new();
    while bytes.len() <= most {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame.ok()?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    bytes.truncate(most + 1);
    Some(bytes)
}

/// The status and the body of the answer to a request; `None` without a whole answer in time.
async fn send(request: Request, longest: Duration) -> Option<(u16, Vec<u8>)> {
    let exchange = async {
        let answer = loopback::send(request).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?;
        Some((status, body.to_bytes().to_vec()))
    };
    timeout(longest, exchange).await.ok()?
}

fn answer(status: u16, headers: &[Header], body: Vec<u8>) -> Response {
    let mut answer = http::Response::builder().status(status);
    for Header { name, value } in headers {
        answer = answer.header(name, value.as_slice());
    }
    answer.body(whole(body)).expect("an answer")
}

fn whole(body: Vec<u8>) -> WasiBody {
    match body.is_empty() {
        true => Empty::new().map_err(Into::into).boxed_unsync(),
        false => Full::new(Bytes::from(body)).map_err(Into::into).boxed_unsync(),
    }
}
