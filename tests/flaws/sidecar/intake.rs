//! An intake that stands before the sidecar's own.
//!
//! The sidecar knows a repetition by the ids of the delivery and of its events. So what an intake
//! without that knowledge would do with one is what the sidecar does with a copy that has other
//! ids.

use std::{
    collections::{HashMap, HashSet},
    env,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use baton_core::id::Id;
use baton_tests::http1::{self, Answer};
use serde_json::Value;

/// Where deliveries come in.
const DELIVERIES: &str = "/internal/v1/deliveries";

/// What is wrong with the sidecar.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flaw {
    /// A delivery is answered 200 before it is stored.
    AnswerBeforeStoring,
    /// Nobody looks whether a delivery was stored before.
    StoreWithoutCheck,
    /// It is looked whether a delivery was stored before, and then it is stored; another may be
    /// stored in between.
    CheckThenInsert,
    /// What a delivery brings is in the session before it is looked whether it was there before.
    ActBeforeCheck,
    /// Each body is logged.
    LogBody,
}

impl Flaw {
    /// The flaw that the environment asks for.
    pub(crate) fn chosen() -> Option<Self> {
        match env::var("BATON_FLAW").ok()?.as_str() {
            "answer-before-storing" => Some(Self::AnswerBeforeStoring),
            "store-without-check" => Some(Self::StoreWithoutCheck),
            "check-then-insert" => Some(Self::CheckThenInsert),
            "act-before-check" => Some(Self::ActBeforeCheck),
            "log-body" => Some(Self::LogBody),
            other => panic!("there is no such flaw: {other}"),
        }
    }
}

/// The intake: right without a flaw.
pub(crate) struct Intake {
    sidecar: SocketAddr,
    flaw: Option<Flaw>,
    /// How often each delivery was given to the sidecar.
    given: Mutex<HashMap<String, u64>>,
    /// The deliveries of which the sidecar has said that it has stored them.
    stored: Mutex<HashSet<String>>,
}

/// A delivery on its way in.
#[derive(Clone)]
struct Delivery {
    headers: HeaderMap,
    body: Bytes,
}

impl Intake {
    /// One before the sidecar whose internal listener is here.
    pub(crate) fn before(sidecar: SocketAddr, flaw: Option<Flaw>) -> Arc<Self> {
        Arc::new(Self { sidecar, flaw, given: Mutex::default(), stored: Mutex::default() })
    }

    /// What listens in the place of the sidecar: everything but deliveries goes on to it.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route(DELIVERIES, post(deliver))
            .fallback(pass_on)
            .layer(DefaultBodyLimit::disable())
            .with_state(self)
    }

    async fn take(self: &Arc<Self>, delivery: Delivery) -> Answer {
        match self.flaw {
            None => self.give(&delivery).await,
            Some(Flaw::AnswerBeforeStoring) => {
                let intake = Arc::clone(self);
                tokio::spawn(async move { intake.give(&delivery).await });
                Answer { status: 200, headers: Vec::new(), body: br#"{"status":"stored"}"#.into() }
            }
            Some(Flaw::StoreWithoutCheck) => self.give(&self.as_if_new(&delivery)).await,
            Some(Flaw::CheckThenInsert) => {
                let id = delivery.id();
                if self.stored.lock().unwrap().contains(&id) {
                    return self.give(&delivery).await;
                }
                let answer = self.give(&self.as_if_new(&delivery)).await;
                self.stored.lock().unwrap().insert(id);
                answer
            }
            Some(Flaw::ActBeforeCheck) => {
                self.give(&self.as_if_new(&delivery)).await;
                self.give(&delivery).await
            }
            Some(Flaw::LogBody) => {
                tracing::debug!(body = %String::from_utf8_lossy(&delivery.body), "a delivery");
                self.give(&delivery).await
            }
        }
    }

    /// The delivery itself the first time, later a copy that the sidecar does not know.
    fn as_if_new(&self, delivery: &Delivery) -> Delivery {
        let mut given = self.given.lock().unwrap();
        let times = given.entry(delivery.id()).or_default();
        *times += 1;
        match *times {
            1 => delivery.clone(),
            times => delivery.with_other_ids(times),
        }
    }

    async fn give(&self, delivery: &Delivery) -> Answer {
        let Delivery { headers, body } = delivery;
        exchange(self.sidecar, "POST", DELIVERIES, headers, body).await
    }
}

impl Delivery {
    /// Its id; none for what is no delivery.
    fn id(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["id"].as_str().unwrap_or_default().to_owned()
    }

    fn with_other_ids(&self, salt: u64) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let other = |id: &mut Value| {
            let text = id.as_str().unwrap_or_default();
            *id = Id::of_parts(&[text.as_bytes(), &salt.to_be_bytes()]).to_string().into();
        };
        other(&mut body["id"]);
        for event in body["data"]["events"].as_array_mut().into_iter().flatten() {
            other(&mut event["id"]);
        }
        Self { headers: self.headers.clone(), body: body.to_string().into() }
    }
}

async fn deliver(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Bytes) -> Response {
    answered(intake.take(Delivery { headers, body }).await)
}

async fn pass_on(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    let target = head.uri.to_string();
    answered(exchange(intake.sidecar, head.method.as_str(), &target, &head.headers, &body).await)
}

async fn exchange(
    sidecar: SocketAddr,
    method: &str,
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Answer {
    let text = |value: &HeaderValue| value.to_str().expect("ASCII").to_owned();
    let headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length"))
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    http1::exchange(sidecar, &http1::request(method, target, &headers, body)).await
}

fn answered(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).expect("a status");
    let kind = answer.header("content-type").unwrap_or("application/json").to_owned();
    (status, [("content-type", kind)], answer.body).into_response()
}
