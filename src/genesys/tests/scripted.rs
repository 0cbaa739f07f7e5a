//! A Genesys on loopback that answers what a test tells it to, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use baton_genesys::{Credentials, Genesys, Hosts, Pace, Secret};
use baton_process::Random;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const CLIENT_SECRET: &str = "the-secret-of-the-client";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    pub(crate) fn is_for_token(&self) -> bool {
        self.target == "/oauth/token"
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    after: Duration,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl ToString) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string(), after: Duration::ZERO }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }
}

/// The token with this number, good for a day.
pub(crate) fn token(number: usize) -> Reply {
    let token = format!("token-{number}");
    Reply::new(200, json!({ "access_token": token, "token_type": "bearer", "expires_in": 86_399 }))
}

pub(crate) struct Scripted {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Scripted {
    /// Answers what `script` says; it is told how many requests of the same kind (for tokens, or
    /// others) came before.
    pub(crate) async fn start(
        script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (script, log) = (Arc::new(script), Arc::clone(&asked));
        let service = Router::new().fallback(move |request: Request| {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            async move {
                let asked = read(request).await;
                let reply = {
                    let mut log = log.lock().unwrap();
                    let is_for_token = asked.is_for_token();
                    let before = log.iter().filter(|one| one.is_for_token() == is_for_token);
                    let reply = script(&asked, before.count());
                    log.push(asked);
                    reply
                };
                tokio::time::sleep(reply.after).await;
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        });
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { address, asked }
    }

    /// Issues tokens, and answers the calls with what `script` says.
    pub(crate) async fn with_tokens(
        script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |asked, before| match asked.is_for_token() {
            true => token(before + 1),
            false => script(asked, before),
        })
        .await
    }

    /// A client for it.
    pub(crate) fn genesys(&self) -> Genesys {
        self.genesys_at(Pace::default())
    }

    pub(crate) fn genesys_at(&self, pace: Pace) -> Genesys {
        client_of(&self.address, pace)
    }

    /// The requests for tokens so far.
    pub(crate) fn token_requests(&self) -> Vec<Asked> {
        self.all().into_iter().filter(Asked::is_for_token).collect()
    }

    /// The other requests so far.
    pub(crate) fn calls(&self) -> Vec<Asked> {
        self.all().into_iter().filter(|asked| !asked.is_for_token()).collect()
    }

    fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// A client for whatever is at the address.
pub(crate) fn client_of(address: &str, pace: Pace) -> Genesys {
    let credentials = Credentials {
        client_id: "the-client".to_owned(),
        client_secret: Secret::new(CLIENT_SECRET.to_owned()),
    };
    Genesys::new(Hosts::at(address).unwrap(), credentials, pace, Random::system()).unwrap()
}

async fn read(request: Request) -> Asked {
    let (head, body) = request.into_parts();
    let header = |name: &str| match head.headers.get(name) {
        Some(value) => value.to_str().unwrap().to_owned(),
        None => String::new(),
    };
    Asked {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}
