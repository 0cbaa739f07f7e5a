//! Requests to the Platform API and for tokens, told to whoever listens.

use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use serde_json::Value;

use crate::feed::{Feed, Occurrence, RequestBegun, RequestSettled};
use crate::platform::request_faults::no_answer;
use crate::simulator::Simulator;

/// What a request for a token answers opens everything.
const TOKEN: &str = "/oauth/token";
/// The id of a channel opens its socket.
const CHANNELS: &str = "/api/v2/notifications/channels";

/// Who asked what, in the extensions of the response.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) client_id: Option<String>,
    pub(crate) body: Bytes,
}

/// Tells of a request when it begins and when it is answered.
pub(crate) async fn tell(
    State(simulator): State<Simulator>,
    request: Request,
    next: Next,
) -> Response {
    let feed = &simulator.configuration.feed;
    if !feed.is_heard() {
        return next.run(request).await;
    }
    let number = simulator.last_request.fetch_add(1, Ordering::Relaxed) + 1;
    let pattern = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let route = pattern.to_owned();
    feed.tell(|| {
        let path = if route.starts_with(CHANNELS) { &route } else { request.uri().path() };
        Occurrence::RequestBegun(RequestBegun {
            number,
            method: request.method().to_string(),
            path: path.to_owned(),
            route: route.clone(),
        })
    });
    let under_way = UnderWay { feed, number, begun: Instant::now(), is_settled: false };
    let response = next.run(request).await;
    let asked = response.extensions().get::<Asked>().cloned();
    let (head, body) = response.into_parts();
    let Ok(answer) = to_bytes(body, usize::MAX).await else {
        under_way.settle(asked, None, None);
        return no_answer();
    };
    let is_told = route != TOKEN && !route.starts_with(CHANNELS);
    let told = is_told.then(|| json(&answer)).flatten();
    under_way.settle(asked, Some(head.status.as_u16()), told);
    Response::from_parts(head, Body::from(answer))
}

/// A request that was told of as begun. It is told of as settled in any case, also when whoever
/// asked goes away.
struct UnderWay<'a> {
    feed: &'a Feed,
    number: u64,
    begun: Instant,
    is_settled: bool,
}

impl UnderWay<'_> {
    fn settle(mut self, asked: Option<Asked>, status: Option<u16>, answer: Option<Value>) {
        self.is_settled = true;
        self.tell(asked, status, answer);
    }

    fn tell(&self, asked: Option<Asked>, status: Option<u16>, answer: Option<Value>) {
        self.feed.tell(|| {
            let request = asked.as_ref().and_then(|asked| json(&asked.body));
            Occurrence::RequestSettled(RequestSettled {
                number: self.number,
                client_id: asked.and_then(|asked| asked.client_id),
                status,
                took: self.begun.elapsed(),
                request,
                answer,
            })
        });
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.tell(None, None, None);
        }
    }
}

fn json(body: &Bytes) -> Option<Value> {
    serde_json::from_slice(body).ok()
}
