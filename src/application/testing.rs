//! What the tests of this room share: an API whose sessions are in a store, and do nothing.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use baton_chat::{
    Attached, Attachment, ClientEvent, CreateError, Limits, Refused, SecretDigest, SessionFacts,
    Sessions,
};
use baton_core::tenant::TenantKey;
use baton_process::{Clock, ShutdownTrigger, shutdown};
use baton_store::{NewEvent, NewSession, Session, SigningKey, Step, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Semaphore, broadcast, watch};
use tower_service::Service;

use crate::{
    Admission, Allowance, Application, ApplicationSessions, ContextLinks, Door, FrameAncestor,
    HandoffOrder, NO_TOKEN, NotHandedOver, Opened,
};

/// What the tenant's application shows.
pub(crate) const KEY: &str = "the-key-of-acme-support-live";

pub(crate) const SESSION: &str = "session-1";

pub(crate) fn tenant() -> TenantKey<'static> {
    TenantKey::new("acme", "support", "live")
}

pub(crate) fn event(number: usize, kind: &str, payload: &str) -> NewEvent {
    NewEvent {
        id: format!("event-{number}"),
        timestamp: "2026-05-07T12:00:00.000Z".to_owned(),
        kind: format!("EVENT_TYPE_{kind}"),
        payload: payload.to_owned(),
        metadata: None,
        message_id: None,
    }
}

/// Sessions that take everything and do nothing, with a single place for a connection.
#[derive(Clone)]
pub(crate) struct IdleSessions {
    pub(crate) newest: watch::Sender<u64>,
    places: Arc<Semaphore>,
}

impl Sessions for IdleSessions {
    async fn create(
        &self,
        _: TenantKey<'static>,
        _: [u8; 32],
        _: SessionFacts,
    ) -> Result<String, CreateError> {
        Err(CreateError::Failed)
    }

    fn attach(&self, _: &str) -> Attached {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return Attached::Full };
        let newest = self.newest.subscribe();
        let (transient, shown) = (broadcast::Sender::new(1), watch::Sender::new(0));
        let receiver = transient.subscribe();
        // For as long as the process runs, as that of a session whose actor runs.
        std::mem::forget(transient);
        Attached::Joined(Attachment {
            newest,
            transient: receiver,
            shown,
            last_seen_ms: Arc::default(),
            traces: Default::default(),
            place,
        })
    }

    async fn client_event(&self, _: &str, _: ClientEvent) -> Result<(), Refused> {
        Ok(())
    }
}

impl ApplicationSessions for IdleSessions {
    async fn open(
        &self,
        _: TenantKey<'static>,
        _: Option<String>,
        _: SessionFacts,
    ) -> Result<Opened, CreateError> {
        Ok(Opened { session_id: SESSION.to_owned(), created: true })
    }

    async fn hand_over(
        &self,
        _: &TenantKey<'static>,
        _: &str,
        _: HandoffOrder,
    ) -> Result<(), NotHandedOver> {
        Ok(())
    }
}

/// The API with one session of `acme/support/live`.
pub(crate) struct Fixture {
    pub(crate) router: Router,
    pub(crate) store: Store,
    pub(crate) sessions: IdleSessions,
    pub(crate) links: ContextLinks,
    pub(crate) stop: ShutdownTrigger,
    second: Arc<AtomicI64>,
    _folder: TempDir,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub(crate) fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(&folder.path().join("baton.db")).unwrap(), folder)
}

/// A session of this id, as the store tells of it.
pub(crate) fn session(session_id: &str) -> Session {
    let details = new_session(tenant(), session_id);
    Session { details, active_at_ms: 0, ended: false, context_links_revoked: 0 }
}

pub(crate) fn new_session(tenant: TenantKey<'static>, session_id: &str) -> NewSession {
    NewSession {
        session_id: session_id.to_owned(),
        tenant,
        integration_id: "integration".to_owned(),
        end_user_id: format!("user-of-{session_id}"),
        external_id: None,
        token_digest: NO_TOKEN,
        created_at_ms: 0,
        platform: None,
        custom: None,
    }
}

pub(crate) async fn create_session(store: &Store, first: impl Into<Step>) {
    create_session_named(store, SESSION, first).await;
}

pub(crate) async fn create_session_named(store: &Store, session_id: &str, first: impl Into<Step>) {
    store.create_session(new_session(tenant(), session_id), first).await.unwrap();
}

impl Fixture {
    pub(crate) async fn with(events: Vec<NewEvent>) -> Self {
        let requests_per_minute_per_tenant = NonZeroU32::MAX;
        Self::allowing(Allowance { requests_per_minute_per_tenant, most_streams: 10 }, events).await
    }

    pub(crate) async fn allowing(allowance: Allowance, events: Vec<NewEvent>) -> Self {
        let (store, folder) = store();
        create_session(&store, events).await;
        let second = Arc::new(AtomicI64::new(0));
        let clock = Clock::new({
            let second = Arc::clone(&second);
            move || Timestamp::from_second(second.load(Ordering::Relaxed)).unwrap()
        });
        let key = SigningKey { id: "key".to_owned(), bytes: [7; 32], created_at_ms: 0 };
        let links = ContextLinks::new("", SignedDuration::from_hours(1), &key, &[]);
        let (stop, shutdown) = shutdown();
        let (newest, places) = (watch::Sender::new(0), Arc::new(Semaphore::new(1)));
        let sessions = IdleSessions { newest, places };
        let digest = SecretDigest::of(KEY.as_bytes());
        let router = Application {
            doors: vec![Door { tenant: tenant(), api_keys: vec![digest] }],
            sessions: sessions.clone(),
            store: store.clone(),
            context_links: Some(links.clone()),
            frame_ancestors: vec![FrameAncestor::parse("https://desk.example").unwrap()],
            clock,
            admission: Admission::new(allowance, 1),
            limits: Limits::default(),
            shutdown,
        }
        .router();
        Self { router, store, sessions, links, stop, second, _folder: folder }
    }

    pub(crate) async fn create_session_of(&self, tenant: TenantKey<'static>, session_id: &str) {
        self.store.create_session(new_session(tenant, session_id), Vec::new()).await.unwrap();
    }

    /// A link to the session's context, made at this second.
    pub(crate) async fn link(&self, second: i64) -> String {
        let session = self.store.session(SESSION).await.unwrap().unwrap();
        self.links.link(&session, Timestamp::from_second(second).unwrap()).unwrap().url
    }

    pub(crate) fn set_clock(&self, second: i64) {
        self.second.store(second, Ordering::Relaxed);
    }

    pub(crate) async fn exchange(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// What is answered to whoever shows the key.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.exchange(request(method, path, body)).await
    }
}

/// A request that shows the key.
pub(crate) fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("x-api-key", KEY);
    request.body(body.into()).unwrap()
}
