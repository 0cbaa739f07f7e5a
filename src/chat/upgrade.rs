//! `GET /ws`: who may open a socket (Messaging API, 5).

use std::sync::Arc;

use axum::{
    extract::{
        Query, State, WebSocketUpgrade,
        rejection::QueryRejection,
        ws::{WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use baton_store::{Session, StoreError};
use tokio::time::timeout;

use crate::{
    Chat,
    connection::{self, Close, Connection},
    digest::SecretDigest,
    limits::{MAX_RECEIVED_BYTES, READ_BUFFER_BYTES},
    refusal::Refusal,
    sessions::{Attached, Sessions},
};

/// The query of the request, as it came: a name may stand there twice.
type Parameters = Vec<(String, String)>;

/// Opens a socket.
///
/// A client throws its chat away when the upgrade is refused, whatever the status (Messaging
/// API, 5.4). So it is refused only if the chat cannot be had; for everything else the socket is
/// opened and then closed with a code that makes the client come again.
pub(crate) async fn connect<S: Sessions>(
    State(chat): State<Arc<Chat<S>>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let Query(parameters) = parameters.map_err(|_| Refusal::InvalidParameters)?;
    let (Some(session_id), Some(token)) =
        (first(&parameters, "session_id"), first(&parameters, "access_token"))
    else {
        return Err(Refusal::InvalidParameters);
    };
    let access = chat.access_tokens.verify(token).ok_or(Refusal::AuthenticationFailed)?;
    let session = find(&chat, session_id).await;
    if let Ok(session) = &session {
        let Session { details, ended, .. } = session.as_ref().ok_or(Refusal::SessionNotFound)?;
        let made_by = SecretDigest::from_bytes(details.token_digest);
        // No other token opens the session: while it lives, this one is good beyond its time.
        let good = SecretDigest::of(token.as_bytes()).is_one_of(&[made_by])
            && details.tenant == access.tenant
            && (!ended || access.is_current(chat.clock.now()));
        if !good {
            return Err(Refusal::AuthenticationFailed);
        }
    }
    let upgrade = upgrade
        .map_err(|_| Refusal::NoHandshake)?
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MAX_RECEIVED_BYTES)
        .max_frame_size(MAX_RECEIVED_BYTES);
    let cursor = first(&parameters, "cursor").map_or(0, read_cursor);
    Ok(upgrade.on_upgrade(async move |socket| match session {
        Ok(Some(session)) => join(chat, session, cursor, socket).await,
        _ => connection::close(socket, Close::TryAgain, &chat.limits).await,
    }))
}

/// The value of the first parameter of this name that has one.
fn first<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let mut named = parameters.iter().filter(|(key, value)| key == name && !value.is_empty());
    named.next().map(|(_, value)| value.as_str())
}

/// The session, or that the store cannot tell now.
async fn find<S>(chat: &Chat<S>, session_id: &str) -> Result<Option<Session>, ()> {
    match timeout(chat.limits.call, chat.store.session(session_id)).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(StoreError::UnknownSession)) => Ok(None),
        Ok(Err(error)) => {
            tracing::error!(%error, "a session could not be looked up for a connection");
            Err(())
        }
        Err(_) => {
            tracing::error!("the store took too long to look a session up for a connection");
            Err(())
        }
    }
}

async fn join<S: Sessions>(chat: Arc<Chat<S>>, session: Session, cursor: u64, socket: WebSocket) {
    let Some(_place) = chat.admission.socket_place() else {
        return connection::close(socket, Close::TryAgain, &chat.limits).await;
    };
    match chat.sessions.attach(&session.details.session_id) {
        Attached::Joined(attachment) => {
            Connection::new(chat, session, cursor, attachment, socket).run().await;
        }
        Attached::Full => connection::close(socket, Close::TryAgain, &chat.limits).await,
        Attached::Stopping => connection::close(socket, Close::Restart, &chat.limits).await,
    }
}

/// Reads `<n>` or `seq:<n>`; what cannot be read stands for the whole history, and is never a
/// reason to refuse (Messaging API, 5.1).
fn read_cursor(text: &str) -> u64 {
    text.strip_prefix("seq:").unwrap_or(text).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_number_in_either_form_and_anything_else_is_0() {
        for (text, cursor) in [("12", 12), ("seq:12", 12), ("0", 0)] {
            assert_eq!(read_cursor(text), cursor);
        }
        for text in ["", "x", "-1", "1.5", "seq:", "seq:seq:1", "99999999999999999999999"] {
            assert_eq!(read_cursor(text), 0, "{text}");
        }
    }
}
