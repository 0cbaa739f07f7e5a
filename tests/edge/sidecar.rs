//! What an edge delivers to and looks tenants up at.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use crate::{API_KEY, PREVIOUS_API_KEY, PREVIOUS_SECRET, SANDBOX_API_KEY, SANDBOX_SECRET, SECRET};

/// What a look-up is answered.
#[derive(Clone, Debug)]
pub enum LookUp {
    /// A tenant with this signature secret.
    Tenant(String),
    /// After a moment, the tenant as it is in the corpus, if it is there.
    OfTheCorpus,
    /// That there is no such tenant.
    Unknown,
    /// This status, and nothing in it.
    Status(StatusCode),
    /// 200, and this body.
    Body(String),
    /// Nothing, ever.
    Nothing,
}

/// A sidecar's two doors for an edge, and what came in by them. It stops when it is dropped.
#[derive(Debug)]
pub struct Sidecar {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    look_up: Mutex<LookUp>,
    /// Each look-up's tenant and credential.
    looked_up: Mutex<Vec<(String, String)>>,
    delivered: Mutex<Vec<Bytes>>,
}

impl Sidecar {
    /// One that answers look-ups like this.
    pub async fn start(look_up: LookUp) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a free port"), look_up)
    }

    /// The same, on this listener.
    pub fn on(listener: TcpListener, look_up: LookUp) -> Self {
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            look_up: Mutex::new(look_up),
            looked_up: Mutex::default(),
            delivered: Mutex::default(),
        });
        let router = Router::new()
            .route("/internal/v1/tenants/{account}/{project}/{environment}/edge", get(answer))
            .route("/internal/v1/deliveries", post(take))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the sidecar serves");
        });
        Self { address, shared, serving }
    }

    /// Answers look-ups like this from now on.
    pub fn answer(&self, look_up: LookUp) {
        *lock(&self.shared.look_up) = look_up;
    }

    /// The look-ups since the last time: the tenant, and the credential that was shown.
    pub fn looked_up(&self) -> Vec<(String, String)> {
        std::mem::take(&mut lock(&self.shared.looked_up))
    }

    /// The deliveries since the last time.
    pub fn delivered(&self) -> Vec<Bytes> {
        std::mem::take(&mut lock(&self.shared.delivered))
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path((account, project, environment)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let credential = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = credential.unwrap_or_default().to_owned();
    let tenant = format!("{account}/{project}/{environment}");
    lock(&shared.looked_up).push((tenant, credential));
    let look_up = lock(&shared.look_up).clone();
    let tenant = |secrets: &[&str], api_keys: &[&str]| {
        let digest = |key: &&str| -> String {
            Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        json!({
            "account_id": account,
            "project_id": project,
            "client_env": environment,
            "signature_secrets": secrets,
            "api_keys": api_keys.iter().map(digest).collect::<Vec<_>>(),
        })
        .to_string()
        .into_response()
    };
    let unknown = || {
        let body = json!({
            "account_id": account,
            "project_id": project,
            "client_env": environment,
            "known": false,
        });
        (StatusCode::NOT_FOUND, body.to_string()).into_response()
    };
    match look_up {
        LookUp::Tenant(secret) => tenant(&[&secret], &[]),
        LookUp::OfTheCorpus => {
            sleep(Duration::from_millis(50)).await;
            match (&*account, &*project, &*environment) {
                ("acme", "support", "live") => {
                    tenant(&[SECRET, PREVIOUS_SECRET], &[API_KEY, PREVIOUS_API_KEY])
                }
                ("acme", "support", "sandbox") => tenant(&[SANDBOX_SECRET], &[SANDBOX_API_KEY]),
                ("acme", "support", "draft") => tenant(&[SANDBOX_SECRET], &[]),
                _ => unknown(),
            }
        }
        LookUp::Unknown => unknown(),
        LookUp::Status(status) => status.into_response(),
        LookUp::Body(body) => body.into_response(),
        LookUp::Nothing => pending().await,
    }
}

async fn take(State(shared): State<Arc<Shared>>, body: Bytes) {
    lock(&shared.delivered).push(body);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panicked in here")
}
