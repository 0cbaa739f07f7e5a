//! What the tests share: things with numbers for names.

use baton_core::{id::Id, tenant::TenantKey};
use tempfile::TempDir;

use crate::{
    Arrived, HandoffRow, LoggedEvent, NewEvent, NewOutgoing, NewReceipt, NewSession, NewTurn, Store,
};

/// A store in a directory of its own, which goes with it.
pub(crate) struct Fixture {
    pub(crate) directory: TempDir,
    pub(crate) store: Store,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        Self { directory, store }
    }

    /// With the sessions 1 to `count`, their logs empty.
    pub(crate) async fn with_sessions(count: usize) -> Self {
        let fixture = Self::new();
        for number in 1..=count {
            fixture.store.create_session(new_session(number), Vec::new()).await.unwrap();
        }
        fixture
    }

    /// The whole log of the session.
    pub(crate) async fn log(&self, session: usize) -> Vec<LoggedEvent> {
        let session = session_id(session);
        let page = self.store.events_after(&session, 0, usize::MAX, usize::MAX).await.unwrap();
        assert!(page.complete);
        page.events
    }

    /// How many handoffs go on.
    pub(crate) async fn open_handoffs(&self) -> u64 {
        let work = self.store.work_of_tenants().await.unwrap();
        work.iter().map(|work| work.open_handoffs).sum()
    }

    pub(crate) async fn reopen(&mut self) {
        self.store.clone().close().await.unwrap();
        self.store = Store::open(&self.directory.path().join("baton.db")).unwrap();
    }
}

pub(crate) fn delivery_id(number: usize) -> Id {
    Id::of_parts(&[b"delivery", &number.to_be_bytes()])
}

pub(crate) fn arrived(number: usize) -> Arrived {
    Arrived {
        delivery_id: delivery_id(number),
        tenant: TenantKey::new("acme", "shop", "live"),
        end_user_id: Some(format!("user-{number}")),
        integration_id: Some("integration".to_owned()),
        received_at_ms: 1_700_000_000_000,
        body: format!(r#"{{"delivery":{number}}}"#).into_bytes(),
        traceparent: None,
    }
}

pub(crate) fn session_id(number: usize) -> String {
    format!("session-{number}")
}

pub(crate) fn new_session(number: usize) -> NewSession {
    NewSession {
        session_id: session_id(number),
        tenant: TenantKey::new("acme", "shop", "live"),
        integration_id: "integration".to_owned(),
        end_user_id: format!("user-{number}"),
        external_id: None,
        token_digest: [7; 32],
        created_at_ms: 1_700_000_000_000,
        platform: None,
        custom: None,
    }
}

/// Genesys' id of the message of an agent that is the event of this number.
pub(crate) fn message_id(event: usize) -> String {
    format!("message-{event}")
}

/// Each third is a message of an agent.
pub(crate) fn event(number: usize) -> NewEvent {
    NewEvent {
        id: format!("event-{number}"),
        timestamp: "2026-05-07T12:00:00.123Z".to_owned(),
        kind: "EVENT_TYPE_LIVE_AGENT_MESSAGE".to_owned(),
        payload: format!(r#"{{"text":"{number}"}}"#),
        metadata: number.is_multiple_of(2).then(|| r#"{"custom":{}}"#.to_owned()),
        message_id: number.is_multiple_of(3).then(|| message_id(number)),
    }
}

pub(crate) fn outgoing(number: usize) -> NewOutgoing {
    NewOutgoing { id: format!("outgoing-{number}"), body: format!(r#"{{"outgoing":{number}}}"#) }
}

pub(crate) fn turn(number: usize) -> NewTurn {
    NewTurn { id: format!("turn-{number}"), body: format!(r#"{{"turn":{number}}}"#) }
}

pub(crate) fn handoff(number: u32, open: bool) -> HandoffRow {
    HandoffRow { number, open, conversation_id: None, state: r#"{"at":"start"}"#.to_owned() }
}

pub(crate) fn failed(message: &str) -> NewReceipt {
    NewReceipt {
        tenant: TenantKey::new("acme", "shop", "live"),
        integration_id: "integration".to_owned(),
        end_user_id: "user-1".to_owned(),
        message_id: message.to_owned(),
        reason_code: "a-code".to_owned(),
    }
}

pub(crate) fn events(numbers: impl IntoIterator<Item = usize>) -> Vec<NewEvent> {
    numbers.into_iter().map(event).collect()
}
