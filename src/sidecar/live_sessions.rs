//! The sessions, as the chat API asks for them.

use std::sync::Arc;

use baton_chat::{
    Attached, ClientEvent, CreateError, HEARTBEAT_SECONDS, MAX_MESSAGE_BYTES, Refused, Sessions,
    timestamp_text,
};
use baton_core::tenant::TenantKey;
use baton_process::RandomError;
use baton_store::{NewEvent, NewSession};
use serde::Serialize;
use tokio::{sync::oneshot, time::timeout};

use crate::{
    actor::ActorMessage,
    cause::Chain,
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

/// The sessions behind the chat API.
pub(crate) struct LiveSessions {
    pub(crate) registry: Registry,
    pub(crate) surroundings: Arc<Surroundings>,
    pub(crate) directory: Arc<Directory>,
}

impl LiveSessions {
    fn new_session(
        &self,
        tenant: TenantKey<'static>,
        integration_id: String,
        token_digest: [u8; 32],
    ) -> Result<(NewSession, NewEvent), RandomError> {
        let random = &self.surroundings.random;
        let now = self.surroundings.clock.now();
        let session = NewSession {
            session_id: random.uuid()?.to_string(),
            tenant,
            integration_id,
            end_user_id: format!("baton-{:032x}", u128::from_be_bytes(random.bytes()?)),
            token_digest,
            created_at_ms: now.as_millisecond(),
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
}

impl Sessions for LiveSessions {
    async fn create(
        &self,
        tenant: TenantKey<'static>,
        token_digest: [u8; 32],
    ) -> Result<String, CreateError> {
        let integration_id = self
            .directory
            .integration(&tenant)
            .map_err(|missing| match missing {
                NoIntegration::NotConfigured => CreateError::UnknownTenant,
                NoIntegration::NotFoundYet => CreateError::NotReady,
            })?
            .to_owned();
        let (session, event) =
            self.new_session(tenant, integration_id, token_digest).map_err(|error| {
                tracing::error!(%error, "no session was created");
                CreateError::Failed
            })?;
        let session_id = session.session_id.clone();
        let created = self.surroundings.store.create_session(session, vec![event]);
        match timeout(self.surroundings.limits.call, created).await {
            Ok(Ok(())) => return Ok(session_id),
            Ok(Err(error)) => {
                tracing::error!(session_id, error = %Chain(&error), "no session was created");
            }
            Err(_) => tracing::error!(session_id, "the store took too long to create a session"),
        }
        Err(CreateError::Failed)
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
