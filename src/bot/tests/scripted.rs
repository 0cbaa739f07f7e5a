//! A bot on loopback that answers what a test tells it to, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::HeaderMap,
    response::Response,
};
use baton_bot::{
    BotUrl, Credential, GuardedClient, HttpBot, Pace, Reach, SessionFacts, Turn, TurnKind,
    UserMessage,
};
use baton_core::tenant::TenantKey;
use baton_process::Random;
use serde_json::{Map, Value};
use tokio::net::TcpListener;

pub(crate) const CREDENTIAL: &str = "the-credential-of-the-bot";

/// What the user wrote, to be looked for where it must not be.
pub(crate) const TEXT: &str = "what-the-user-wrote";

/// A pace with no pause worth the name, and more time than a test needs.
pub(crate) fn pace() -> Pace {
    Pace {
        per_try: Duration::from_secs(20),
        overall: Duration::from_secs(60),
        retry: Duration::from_millis(1),
        retry_cap: Duration::from_millis(5),
        second: Duration::from_millis(1),
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// What is answered.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Nothing, ever.
    Silence,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl ToString) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.to_string()));
        }
        self
    }

    async fn send(self) -> Response {
        match self {
            Self::Silence => std::future::pending().await,
            Self::Answer { status, headers, body } => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        }
    }
}

pub(crate) struct Scripted {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// Answers what `script` says; it is told how many requests came before.
    pub(crate) async fn start(script: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (memory, script) = (Arc::clone(&asked), Arc::new(script));
        let router = Router::new().fallback(move |request: Request| {
            let (memory, script) = (Arc::clone(&memory), Arc::clone(&script));
            async move {
                let asked = read(request).await;
                let before = {
                    let mut memory = memory.lock().unwrap();
                    memory.push(asked);
                    memory.len() - 1
                };
                script(before).send().await
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Baton's side of this bot.
    pub(crate) fn bot(&self, pace: Pace) -> HttpBot {
        bot(&format!("http://{}/turns?key=hunter2", self.address), Reach::PrivateToo, pace)
    }

    /// The same, from a client that keeps out of private networks.
    pub(crate) fn guarded_bot(&self, pace: Pace) -> HttpBot {
        bot(&format!("http://{}/", self.address), Reach::Public, pace)
    }
}

/// Baton's side of a bot at this URL, which was checked as one's own network allows.
pub(crate) fn bot(url: &str, reach: Reach, pace: Pace) -> HttpBot {
    let client = GuardedClient::new(reach, Duration::from_secs(5)).unwrap();
    let url = BotUrl::parse(url, Reach::PrivateToo).unwrap();
    let credential = Credential::parse(CREDENTIAL).unwrap();
    HttpBot::new(client, url, Some(credential), pace, Random::system())
}

async fn read(request: Request) -> Asked {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers: head.headers,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

/// The user wrote something.
pub(crate) fn turn() -> Turn<'static> {
    let message = UserMessage { id: "m-1".into(), text: TEXT.into() };
    Turn {
        id: "t-1".into(),
        kind: TurnKind::UserMessage { message },
        session: SessionFacts {
            id: "s-1".into(),
            tenant: TenantKey::new("acme", "support", "live"),
            external_id: None,
            platform: None,
            custom: Map::new(),
        },
    }
}
