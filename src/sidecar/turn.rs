//! What waits for the bot: turns, as the store keeps them.

use std::borrow::Cow;

use baton_bot::{SessionFacts, TurnKind};
use baton_core::id::Id;
use baton_store::{NewSession, NewTurn};

/// A turn that is to be queued. `after` is what its id follows from: the same for each repetition
/// of what the turn comes from.
pub(crate) fn queued(session_id: &str, after: &str, kind: &TurnKind<'_>) -> NewTurn {
    let parts = [session_id.as_bytes(), b"turn", after.as_bytes()];
    NewTurn {
        id: Id::of_parts(&parts).to_string(),
        body: serde_json::to_string(kind).unwrap_or_default(),
    }
}

/// What a queued turn is about; `None` if this version cannot read it.
pub(crate) fn read(body: &str) -> Option<TurnKind<'_>> {
    serde_json::from_str(body).ok()
}

/// What the bot is told of a session each time.
pub(crate) fn facts(details: &NewSession) -> SessionFacts<'_> {
    let custom = details.custom.as_deref().and_then(|text| serde_json::from_str(text).ok());
    SessionFacts {
        id: Cow::Borrowed(&details.session_id),
        tenant: details.tenant.clone(),
        external_id: details.external_id.as_deref().map(Cow::Borrowed),
        platform: details.platform.as_deref().map(Cow::Borrowed),
        custom: custom.unwrap_or_default(),
    }
}
