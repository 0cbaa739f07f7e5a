//! The sessions, as the API for applications asks for them.

use std::sync::Arc;

use baton_application::{ApplicationSessions, Door, HandoffOrder, NO_TOKEN, NotHandedOver, Opened};
use baton_chat::{CreateError, SessionFacts};
use baton_core::tenant::TenantKey;
use baton_handoff::{Requester, RoutingHints};
use baton_store::StoreError;
use serde_json::{Map, Value};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    actor::{ActorMessage, HandoffRefused, HandoffRequest},
    cause::Chain,
    configuration::{Destination, Target, Tenant},
    live_sessions::{Destinations, LiveSessions, NotCreated, Opener},
};

/// By which keys the tenants' applications come in.
pub(crate) fn doors(tenants: &[Tenant]) -> Vec<Door> {
    let door = |tenant: &Tenant| {
        let (tenant, api_keys) = (tenant.key.clone(), tenant.api_keys.clone());
        Door { tenant, api_keys }
    };
    tenants.iter().map(door).collect()
}

/// Where the tenants hand over to, by names of their own.
pub(crate) fn destinations(tenants: &[Tenant]) -> Arc<Destinations> {
    let of = |tenant: &Tenant| (tenant.key.clone(), tenant.destinations.clone());
    Arc::new(tenants.iter().map(of).collect())
}

impl ApplicationSessions for LiveSessions {
    async fn open(
        &self,
        tenant: TenantKey<'static>,
        external_id: Option<String>,
        facts: SessionFacts,
    ) -> Result<Opened, CreateError> {
        if let Some(id) = &external_id
            && let Some(session_id) = self.session_of(&tenant, id).await?
        {
            return Ok(Opened { session_id, created: false });
        }
        let opener = Opener { token_digest: NO_TOKEN, external_id: external_id.clone() };
        match (self.make(tenant.clone(), opener, facts).await, external_id) {
            (Ok(session_id), _) => Ok(Opened { session_id, created: true }),
            // Somebody asked for the same at the same time.
            (Err(NotCreated::Exists), Some(id)) => {
                let session_id = self.session_of(&tenant, &id).await?.ok_or(CreateError::Failed)?;
                Ok(Opened { session_id, created: false })
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    async fn hand_over(
        &self,
        tenant: &TenantKey<'static>,
        session_id: &str,
        order: HandoffOrder,
    ) -> Result<(), NotHandedOver> {
        let request = self.request(tenant, order)?;
        let actor = self.registry.actor(session_id).ok_or(NotHandedOver::Unavailable)?;
        let (answer, outcome) = oneshot::channel();
        let asked = async {
            let request = Box::new(request);
            actor.send(ActorMessage::Handoff { request, answer }).await.map_err(drop)?;
            outcome.await.map_err(drop)
        };
        let outcome = timeout(self.surroundings.limits.call, asked).await;
        let outcome = outcome.map_err(drop).and_then(|outcome| outcome);
        outcome.map_err(|()| NotHandedOver::Unavailable)?.map_err(|refused| match refused {
            HandoffRefused::AlreadyOpen => NotHandedOver::AlreadyOpen,
            HandoffRefused::SessionEnded => NotHandedOver::SessionEnded,
            HandoffRefused::NoGenesys => NotHandedOver::NoGenesys,
            HandoffRefused::Unavailable => NotHandedOver::Unavailable,
        })
    }
}

impl LiveSessions {
    async fn session_of(
        &self,
        tenant: &TenantKey<'static>,
        external_id: &str,
    ) -> Result<Option<String>, CreateError> {
        let found = self.surroundings.store.session_of_external_id(tenant, external_id).await;
        found.map_err(|error: StoreError| {
            tracing::error!(error = %Chain(&error), "a session could not be looked up");
            CreateError::Failed
        })
    }

    /// The order as the session's actor takes it, its destination resolved.
    fn request(
        &self,
        tenant: &TenantKey<'static>,
        order: HandoffOrder,
    ) -> Result<HandoffRequest, NotHandedOver> {
        let HandoffOrder { message, reason, destination, mut routing, mut data, .. } = order;
        if let Some(name) = destination {
            let hints = self.hints_of(tenant, &name)?;
            routing = RoutingHints::read(hints).over(routing);
            data.entry("destination").or_insert_with(|| name.into());
        }
        Ok(HandoffRequest {
            requester: Requester::Application,
            message,
            reason,
            routing,
            data,
            shared_id: order.shared_id,
            said_before: order.transcript,
            answered: None,
        })
    }

    /// The routing hints that a destination of the tenant stands for.
    fn hints_of(
        &self,
        tenant: &TenantKey<'static>,
        name: &str,
    ) -> Result<&Map<String, Value>, NotHandedOver> {
        let destinations = self.destinations.get(tenant).map_or(&[][..], Vec::as_slice);
        let found = destinations.iter().find(|destination| destination.name == name);
        match found {
            Some(Destination { target: Target::Genesys(hints), .. }) => Ok(hints),
            Some(Destination { target: Target::Client { .. }, .. }) => {
                Err(NotHandedOver::RouteOfClient)
            }
            None => Err(NotHandedOver::UnknownDestination),
        }
    }
}
