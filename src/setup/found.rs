//! What Genesys has of what is wanted.

use baton_genesys::{
    CallError, Genesys, IntegrationDetails, IntegrationRef, LookUpError, MessagingSetting, Queue,
    Recipient, Reference,
};

use crate::{SetUpError, wanted::Wanted};

/// What Genesys has of what is wanted.
#[derive(Clone, Debug)]
pub struct Found {
    /// The integration, if there is one.
    pub integration: Seen<Option<IntegrationDetails>>,
    /// All messaging settings.
    pub settings: Seen<Vec<MessagingSetting>>,
    /// The queue, if one is wanted and there.
    pub queue: Seen<Option<Queue>>,
    /// The bot's queue, if one is wanted and there.
    pub bot_queue: Seen<Option<Queue>>,
    /// The message routing of the integration, if there is one.
    pub recipient: Seen<Option<Recipient>>,
    /// All inbound message flows.
    pub flows: Seen<Vec<Reference>>,
}

/// What may be seen in Genesys, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// It may.
    Known(T),
    /// The OAuth client has no permission to look; the reason names it.
    Hidden(String),
}

impl<T> Seen<T> {
    fn of(outcome: Result<T, CallError>) -> Result<Self, SetUpError> {
        match outcome {
            Ok(known) => Ok(Self::Known(known)),
            Err(error) => Ok(Self::Hidden(forbidden(&error).ok_or(error)?)),
        }
    }
}

impl Found {
    /// Asks Genesys. What the OAuth client may not see is hidden, and no error.
    ///
    /// # Errors
    ///
    /// [`SetUpError`] if Genesys cannot be asked, has no integration of the id, or several of the
    /// name.
    pub async fn read(genesys: &Genesys, wanted: &Wanted) -> Result<Self, SetUpError> {
        let integration = integration(genesys, &wanted.integration).await?;
        let recipient_id = match &integration {
            Seen::Known(Some(found)) => found.recipient_id.clone(),
            _ => None,
        };
        Ok(Self {
            integration,
            settings: Seen::of(genesys.messaging_settings().await)?,
            queue: queue(genesys, wanted.queue.as_deref()).await?,
            bot_queue: queue(genesys, wanted.bot_queue.as_deref()).await?,
            recipient: match recipient_id {
                Some(id) => Seen::of(genesys.recipient(&id).await.map(Some))?,
                None => Seen::Known(None),
            },
            flows: Seen::of(genesys.inbound_message_flows().await)?,
        })
    }
}

async fn integration(
    genesys: &Genesys,
    wanted: &IntegrationRef,
) -> Result<Seen<Option<IntegrationDetails>>, SetUpError> {
    let found = genesys.integration(wanted).await;
    let found = match wanted {
        // A name may be that of a new one; an id is of one that has to be there.
        IntegrationRef::Name(_) => unless_missing(found)?,
        IntegrationRef::Id(_) => Seen::of(match found {
            Err(LookUpError::Call(error)) => Err(error),
            other => Ok(Some(other?)),
        })?,
    };
    match found {
        Seen::Known(Some(found)) => {
            Seen::of(genesys.integration_details(&found.id).await.map(Some))
        }
        Seen::Known(None) => Ok(Seen::Known(None)),
        Seen::Hidden(reason) => Ok(Seen::Hidden(reason)),
    }
}

async fn queue(genesys: &Genesys, name: Option<&str>) -> Result<Seen<Option<Queue>>, SetUpError> {
    match name {
        Some(name) => unless_missing(genesys.queue_named(name).await),
        None => Ok(Seen::Known(None)),
    }
}

/// What was found, or that there is none of the name.
fn unless_missing<T>(found: Result<T, LookUpError>) -> Result<Seen<Option<T>>, SetUpError> {
    match found {
        Ok(found) => Ok(Seen::Known(Some(found))),
        Err(LookUpError::Missing { .. }) => Ok(Seen::Known(None)),
        Err(LookUpError::Call(error)) => Seen::of(Err(error)),
        Err(error) => Err(error.into()),
    }
}

/// Why the OAuth client may not do it, if that is what went wrong.
pub(crate) fn forbidden(error: &CallError) -> Option<String> {
    let CallError::Genesys(error) = error else { return None };
    if error.status != 403 {
        return None;
    }
    Some(match &error.missing_permission {
        Some(permission) => format!("the OAuth client lacks {permission}"),
        None => "the OAuth client may not do that".to_owned(),
    })
}
