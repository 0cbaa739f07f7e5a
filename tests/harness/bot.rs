//! A bot for tests: it answers each turn as the test has it, and remembers all of them.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// What a bot answers to a turn: a status, and a body unless it is null.
pub type Answer = (u16, Value);

type Answers = dyn Fn(&Value) -> Answer + Send + Sync;

/// A bot behind HTTP. It is gone when it is dropped.
#[derive(Debug)]
pub struct ScriptedBot {
    /// Where it is.
    pub address: SocketAddr,
    turns: Arc<Mutex<Vec<Value>>>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Script {
    answers: Arc<Answers>,
    turns: Arc<Mutex<Vec<Value>>>,
}

impl ScriptedBot {
    /// One that answers so.
    pub async fn start(answers: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let turns = Arc::<Mutex<Vec<Value>>>::default();
        let script = Script { answers: Arc::new(answers), turns: Arc::clone(&turns) };
        let router = Router::new().route("/turns", post(answer)).with_state(script);
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self { address, turns, serving }
    }

    /// The section of the tenant's configuration by which it is found.
    pub fn section(&self) -> String {
        let address = self.address;
        format!(
            "[tenants.bot]\nurl = 'http://{address}/turns'\nallow_private = true\nname = 'Ada'\n"
        )
    }

    /// What it was told so far.
    pub fn turns(&self) -> Vec<Value> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The states of handovers that it was told of, in order.
    pub fn states(&self) -> Vec<String> {
        let state = |turn: &Value| Some(turn["handover"]["state"].as_str()?.to_owned());
        self.turns().iter().filter_map(state).collect()
    }
}

impl Drop for ScriptedBot {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(script): State<Script>, Json(turn): Json<Value>) -> Response {
    script.turns.lock().unwrap_or_else(PoisonError::into_inner).push(turn.clone());
    let (status, body) = (script.answers)(&turn);
    let status = StatusCode::from_u16(status).expect("a status");
    if body.is_null() { status.into_response() } else { (status, Json(body)).into_response() }
}
