//! The sessions, as the chat API asks for them.

use std::{collections::HashMap, sync::Arc};

use baton_chat::{
    Attached, ClientEvent, CreateError, HEARTBEAT_SECONDS, MAX_MESSAGE_BYTES, Refused,
    SessionFacts, Sessions, timestamp_text,
};
use baton_core::tenant::TenantKey;
use baton_process::RandomError;
use baton_store::{NewEvent, NewSession, Step, StoreError};
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};

use crate::{
    actor::ActorMessage,
    cause::Chain,
    configuration::Destination,
    directory::{Directory, NoIntegration},
    registry::{Registry, Surroundings},
};

/// The payload of `SESSION_START` (Messaging API, 8).
#[derive(Serialize)]
struct SessionStart {
    capabilities: Capabilities,
}

#[derive(Serialize)]
pub(crate) struct Capabilities {
    streaming: bool,
    max_message_size_bytes: usize,
    /// 0 stands for no limit (Messaging API, 5.4).
    max_reconnect_attempts: u32,
    heartbeat_interval_seconds: u32,
}

/// What a client may count on.
pub(crate) const fn capabilities() -> Capabilities {
    Capabilities {
        streaming: false,
        max_message_size_bytes: MAX_MESSAGE_BYTES,
        max_reconnect_attempts: 0,
        heartbeat_interval_seconds: HEARTBEAT_SECONDS,
    }
}

/// Where each tenant hands over to.
pub(crate) type Destinations = HashMap<TenantKey<'static>, Vec<Destination>>;

/// The sessions behind the chat API. Clones share them.
#[derive(Clone)]
pub(crate) struct LiveSessions {
    pub(crate) registry: Registry,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) directory: Arc<Directory>,
    /// Where the tenants hand over to, by names of their own.
    pub(crate) destinations: Arc<Destinations>,
}

/// Who opens a session.
pub(crate) struct Opener {
    /// The digest of the token that opens it.
    pub(crate) token_digest: [u8; 32],
    /// The application's id of it.
    pub(crate) external_id: Option<String>,
}

/// Why no session was made.
pub(crate) enum NotCreated {
    /// There is one of this external id.
    Exists,
    /// Another reason.
    Other(CreateError),
}

impl From<NotCreated> for CreateError {
    fn from(error: NotCreated) -> Self {
        match error {
            NotCreated::Exists => Self::Failed,
            NotCreated::Other(error) => error,
        }
    }
}

impl LiveSessions {
    fn new_session(
        &self,
        tenant: TenantKey<'static>,
        integration_id: String,
        Opener { token_digest, external_id }: Opener,
        SessionFacts { platform, custom }: SessionFacts,
    ) -> Result<(NewSession, NewEvent), RandomError> {
        let random = &self.surroundings.random;
        let now = self.surroundings.clock.now();
        let session = NewSession {
            session_id: random.uuid()?.to_string(),
            tenant,
            integration_id,
            end_user_id: format!("baton-{:032x}", u128::from_be_bytes(random.bytes()?)),
            external_id,
            token_digest,
            created_at_ms: now.as_millisecond(),
            platform,
            custom,
        };
        let event = NewEvent {
            id: random.uuid()?.to_string(),
            timestamp: timestamp_text(now),
            kind: "EVENT_TYPE_SESSION_START".to_owned(),
            payload: serde_json::to_string(&SessionStart { capabilities: capabilities() })
                .unwrap_or_default(),
            metadata: None,
            message_id: None,
        };
        Ok((session, event))
    }

    /// Makes a session of the tenant, with `SESSION_START` as its first event, and returns its id.
    pub(crate) async fn make(
        &self,
        tenant: TenantKey<'static>,
        opener: Opener,
        facts: SessionFacts,
    ) -> Result<String, NotCreated> {
        let integration_id = self
            .directory
            .integration(&tenant)
            .map_err(|missing| match missing {
                NoIntegration::NotConfigured => CreateError::UnknownTenant,
                NoIntegration::NotFoundYet => CreateError::NotReady,
            })
            .map_err(NotCreated::Other)?
            .to_owned();
        let made = self.new_session(tenant.clone(), integration_id, opener, facts);
        let (session, event) = made.map_err(|error| {
            tracing::error!(%error, "no session was created");
            NotCreated::Other(CreateError::Failed)
        })?;
        let session_id = session.session_id.clone();
        let webhooks = &self.surroundings.webhooks;
        let events = vec![event];
        let notify = webhooks.wanting(&tenant, events.iter().map(|event| &*event.kind));
        let first = Step { events, notify, ..Step::default() };
        let created = self.surroundings.store.create_session(session, first);
        match timeout(self.surroundings.limits.call, created).await {
            Ok(Ok(())) => {
                webhooks.tell(&tenant);
                return Ok(session_id);
            }
            Ok(Err(StoreError::SessionExists)) => return Err(NotCreated::Exists),
            Ok(Err(error)) => {
                tracing::error!(session_id, error = %Chain(&error), "no session was created");
            }
            Err(_) => tracing::error!(session_id, "the store took too long to create a session"),
        }
        Err(NotCreated::Other(CreateError::Failed))
    }
}

impl Sessions for LiveSessions {
    async fn create(
        &self,
        tenant: TenantKey<'static>,
        token_digest: [u8; 32],
        facts: SessionFacts,
    ) -> Result<String, CreateError> {
        let opener = Opener { token_digest, external_id: None };
        Ok(self.make(tenant, opener, facts).await?)
    }

    fn attach(&self, session_id: &str) -> Attached {
        self.registry.attach(session_id)
    }

    async fn client_event(&self, session_id: &str, event: ClientEvent) -> Result<(), Refused> {
        let actor = self.registry.actor(session_id).ok_or(Refused::Unavailable)?;
        let (answer, outcome) = oneshot::channel();
        let asked = async {
            actor.send(ActorMessage::Client { event, answer }).await.map_err(drop)?;
            outcome.await.map_err(drop)
        };
        match timeout(self.surroundings.limits.call, asked).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(())) | Err(_) => Err(Refused::Unavailable),
        }
    }
}
