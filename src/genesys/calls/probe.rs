//! Whether the OAuth client has a permission, found out by calls without effect.
//!
//! A token of the grant "client credentials" is not sure to learn its own permissions:
//! `GET /authorization/subjects/me` is documented as that of a signed-in user, and Genesys refuses
//! many such calls where there is none. So each permission is tried with a call that wants it and
//! that Genesys has to refuse anyway: an empty body, or a conversation that does not exist. A 403
//! that names the permission means that it is missing, a 400 or a 404 that it is there.
//!
//! How sure that is: that the permission is looked at first is inferred. Genesys' SDK documents the
//! permissions with the operation and not with the body, and others probe like this; there is no
//! word of Genesys for it.

use baton_handoff::QueueRef;
use serde_json::json;

use super::{integrations, messaging_settings};
use crate::{
    call::Call, client::Genesys, error::CallError, permissions::Permission, rate_limit::Class,
};

const PURPOSE: &str = "probing a permission";

/// An id that nothing has, where none can be drawn.
const NOBODY: &str = "00000000-0000-8000-8000-000000000000";

/// Whether the OAuth client has a permission.
#[derive(Clone, Debug)]
pub enum Possession {
    /// It has.
    Held,
    /// It has not. What Genesys asks for is one of these.
    Missing(String),
    /// That could not be found out.
    Unknown(CallError),
    /// No call without effect wants this permission.
    NotProbed,
}

impl Genesys {
    /// Whether the OAuth client has the permission. Nothing is changed at Genesys. Without the id
    /// of an integration, one that does not exist stands in for it.
    ///
    /// What the notification topics want is not probed here: see
    /// [`Genesys::try_channel`](crate::Genesys::try_channel).
    pub async fn probe(&self, permission: &Permission, integration_id: Option<&str>) -> Possession {
        let nobody = self.nobody();
        let Permission { domain, entity, action } = permission;
        let outcome = match (*domain, *entity, *action) {
            ("conversation", "message", "receive") => {
                let integration_id = integration_id.unwrap_or(&nobody);
                self.probe_receiving(integration_id).await
            }
            ("conversation", "message", "view") => {
                let path = ["conversations", "messages", &nobody, "messages", &nobody];
                self.refused(Call::get(PURPOSE, Class::Name, &path)).await
            }
            // Where a conversation is read. Genesys' SDK names no permission for that, and this one
            // for the model that all media share: if an org lets it be read without, it does.
            ("conversation", "communication", "view") => {
                let path = ["conversations", "messages", &nobody];
                self.refused(Call::get(PURPOSE, Class::Name, &path)).await
            }
            ("conversation", "communication", "disconnect") => {
                self.disconnect(&nobody, &nobody).await
            }
            ("conversation", "communication", "blindTransferQueue") => {
                self.transfer_to_queue(&nobody, &nobody, &QueueRef::Id(nobody.clone())).await
            }
            ("messaging", "integration", "view") => self.list_one(&integrations::PATH).await,
            ("messaging", "setting", "view") => self.list_one(&messaging_settings::PATH).await,
            ("routing", "queue", "view") => self.list_one(&["routing", "queues"]).await,
            _ => return Possession::NotProbed,
        };
        possession(outcome)
    }

    /// An id that nothing has.
    fn nobody(&self) -> String {
        self.random().uuid().map_or_else(|_| NOBODY.to_owned(), |id| id.to_string())
    }

    async fn probe_receiving(&self, integration_id: &str) -> Result<(), CallError> {
        let path = ["conversations", "messages", integration_id, "inbound", "open", "message"];
        self.refused(Call::post(PURPOSE, Class::Name, &path).with_body(&json!({}))).await
    }

    async fn list_one(&self, path: &[&str]) -> Result<(), CallError> {
        self.refused(Call::get(PURPOSE, Class::Name, path).with_query("pageSize", "1")).await
    }

    async fn refused(&self, call: Call) -> Result<(), CallError> {
        self.taken(&call).await.map(drop)
    }
}

fn possession(outcome: Result<(), CallError>) -> Possession {
    match outcome {
        Ok(()) => Possession::Held,
        Err(CallError::Genesys(error)) => match (error.status, &error.missing_permission) {
            (400 | 404 | 409 | 422, _) => Possession::Held,
            (403, Some(missing)) => Possession::Missing(missing.clone()),
            _ => Possession::Unknown(CallError::Genesys(error)),
        },
        Err(error) => Possession::Unknown(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;

    fn answered(status: u16, missing: Option<&str>) -> Possession {
        possession(Err(CallError::Genesys(Box::new(ApiError {
            purpose: PURPOSE,
            status,
            code: String::new(),
            message: String::new(),
            context_id: None,
            missing_permission: missing.map(str::to_owned),
        }))))
    }

    #[test]
    fn a_call_that_is_refused_for_another_reason_had_its_permission() {
        for status in [400, 404, 409, 422] {
            assert!(matches!(answered(status, None), Possession::Held), "{status}");
        }
        assert!(matches!(possession(Ok(())), Possession::Held));
    }

    #[test]
    fn only_a_403_that_names_the_permission_means_that_it_is_missing() {
        let missing = answered(403, Some("conversation:message:receive"));
        assert!(matches!(missing, Possession::Missing(name) if name.ends_with(":receive")));
        for status in [401, 403, 405, 429, 500, 503] {
            assert!(matches!(answered(status, None), Possession::Unknown(_)), "{status}");
        }
    }
}
