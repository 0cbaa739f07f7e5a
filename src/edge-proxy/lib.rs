//! The edge as a component that serves HTTP by itself, for any host of `wasi:http` 0.2, such as
//! `wasmtime serve`: a thin adapter over `baton-core`.
//!
//! Its settings are environment variables: [`CONFIGURATION`] and [`UPSTREAM`], and the secrets
//! that the configuration names. The host keeps nothing for it: where tenants are looked up, each
//! webhook looks its tenant up.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use baton_core::{
    configuration::Configuration,
    exchange::{
        BodyProblem, DeliveryRequest, Host, LONGEST_BODY, LONGEST_DELIVERY, LONGEST_LOOK_UP,
        MOST_ANSWER_BYTES, Outcome, Reply, Response, Trouble, UpstreamAddress,
    },
    gate::Gate,
    refusal::Refusal,
};
use baton_edge_http::{see_through, whole};
use wstd::{
    future::FutureExt,
    http::{self, Body, Client, Error, Request},
};

/// The variable that holds the edge's configuration, the same document as on every host.
pub const CONFIGURATION: &str = "BATON_EDGE_CONFIGURATION";

/// The variable that holds where deliveries and look-ups go: scheme and host, such as
/// `http://127.0.0.1:8081`.
pub const UPSTREAM: &str = "BATON_UPSTREAM";

/// The component's entry, in the shape that the host's interface forces.
#[allow(unsafe_code, reason = "the macro exports a function by the name that the host knows")]
mod entry {
    use wstd::http::{Body, Error, Request, Response};

    #[wstd::http_server]
    async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
        super::serve(request).await
    }
}

async fn serve(request: Request<Body>) -> Result<http::Response<Body>, Error> {
    let outcome = match Settings::read() {
        Ok(settings) => {
            let host = |body| Wasi { settings: &settings, body: Some(body) };
            see_through(&settings.gate, request, host).await
        }
        Err(problem) => {
            eprintln!("baton: {problem}");
            Outcome::Refused(Refusal::UpstreamFailed)
        }
    };
    let Reply { status, headers, body } = outcome.reply();
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    Ok(answer.body(Body::from(body.into_owned()))?)
}

/// What the operator sets.
struct Settings {
    gate: Gate,
    upstream: UpstreamAddress,
}

impl Settings {
    /// The settings, or what is wrong with them in one line.
    fn read() -> Result<Self, String> {
        let document = env::var(CONFIGURATION).unwrap_or_default();
        let configuration = Configuration::parse(document.as_bytes(), &|name| env::var(name).ok())
            .map_err(|error| error.to_string())?;
        let upstream = env::var(UPSTREAM).unwrap_or_default();
        let upstream = UpstreamAddress::read(&format!("the variable {UPSTREAM}"), &upstream)
            .map_err(|problem| problem.to_string())?;
        Ok(Self { gate: Gate::new(configuration), upstream })
    }
}

/// The host's calls, for one request.
struct Wasi<'s> {
    settings: &'s Settings,
    /// Until it is read.
    body: Option<Body>,
}

impl Host for Wasi<'_> {
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    async fn body(&mut self, most: usize) -> Result<Vec<u8>, BodyProblem> {
        let body = self.body.take().ok_or(BodyProblem::Broken)?;
        within(LONGEST_BODY, whole(body.into_boxed_body(), most))
            .await
            .unwrap_or(Err(BodyProblem::Broken))
    }

    async fn deliver(&mut self, request: DeliveryRequest<'_>) -> Option<Response> {
        let mut outgoing = Request::post(self.settings.upstream.with_path(request.path));
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        let outgoing = outgoing.body(Body::from(request.body)).ok()?;
        within(LONGEST_DELIVERY, answer_to(outgoing)).await?
    }

    async fn look_up(&mut self, path: &str, authorization: &str) -> Option<Response> {
        let request = Request::get(self.settings.upstream.with_path(path));
        let request = request.header("authorization", authorization).body(Body::empty()).ok()?;
        within(LONGEST_LOOK_UP, answer_to(request)).await?
    }

    async fn kept(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }

    async fn keep(&mut self, _: &str, _: &[u8]) {}

    fn report(&mut self, trouble: &Trouble) {
        eprintln!("baton: {trouble}");
    }
}

async fn answer_to(request: Request<Body>) -> Option<Response> {
    let (parts, body) = Client::new().send(request).await.ok()?.into_parts();
    let body = whole(body.into_boxed_body(), MOST_ANSWER_BYTES).await.ok()?;
    Some(Response { status: parts.status.as_u16(), body })
}

/// What comes of the work within this time.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let work = async { Ok::<T, std::io::Error>(work.await) };
    work.timeout(wstd::time::Duration::from(limit)).await.ok()?.ok()
}
