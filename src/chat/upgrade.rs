//! `GET /ws`: who may open a socket (Messaging API, 5).

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    Extension,
    extract::{
        ConnectInfo, Query, State, WebSocketUpgrade, rejection::QueryRejection,
        ws::rejection::WebSocketUpgradeRejection,
    },
    http::HeaderMap,
    response::Response,
};
use baton_store::{Session, StoreError};
use tokio::time::timeout;

use crate::{
    Chat,
    connection::{self, Close, Connection},
    digest::SecretDigest,
    limits::{MAX_RECEIVED_BYTES, READ_BUFFER_BYTES},
    places::Place,
    refusal::Refusal,
    sessions::{Attached, Attachment, Sessions},
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
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let Query(parameters) = parameters.map_err(|_| Refusal::InvalidParameters)?;
    let (Some(session_id), Some(token)) =
        (first(&parameters, "session_id"), first(&parameters, "access_token"))
    else {
        return Err(Refusal::InvalidParameters);
    };
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    let address = peer.and_then(|peer| chat.admission.counted_address(peer, &headers));
    let is_current = chat.access_tokens.check(token, chat.clock.now()).is_some();
    // Who shows no token of ours makes the store be read all the same: that is counted.
    let session = match is_current || chat.admission.admits(address, Instant::now()) {
        true => find(&chat, session_id).await,
        false => Err(()),
    };
    if let Ok(session) = &session {
        admit(session.as_ref(), token, is_current)?;
    }
    let upgrade = upgrade
        .map_err(|_| Refusal::NoHandshake)?
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MAX_RECEIVED_BYTES)
        .max_frame_size(MAX_RECEIVED_BYTES);
    let cursor = first(&parameters, "cursor").map_or(0, read_cursor);
    Ok(upgrade.on_upgrade(async move |mut socket| {
        match join(&chat, session.ok().flatten(), address) {
            Ok((session, attachment, place)) => {
                let mut connection = Connection::new(chat, session, cursor, attachment, socket);
                // The task of the upgrade would hold room for all that came before.
                tokio::spawn(async move {
                    connection.run().await;
                    drop(place);
                });
            }
            Err(reason) => connection::close(&mut socket, reason, &chat.limits).await,
        }
    }))
}

/// Whether the token opens the session.
///
/// The digest of the token that made a session is kept with it, and nobody can guess what has it:
/// while the session lives, that token is good, also beyond its time and that of its key. What has
/// ended is shown for the token's own time.
fn admit(session: Option<&Session>, token: &str, is_current: bool) -> Result<(), Refusal> {
    match session {
        Some(Session { details, ended, .. }) => {
            let made_by = SecretDigest::from_bytes(details.token_digest);
            let good = SecretDigest::of(token.as_bytes()).is_one_of(&[made_by]);
            (good && (!ended || is_current)).then_some(()).ok_or(Refusal::AuthenticationFailed)
        }
        None if is_current => Err(Refusal::SessionNotFound),
        None => Err(Refusal::AuthenticationFailed),
    }
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

/// Joins the session, with the place that its socket takes; or why it has to be closed.
fn join<S: Sessions>(
    chat: &Chat<S>,
    session: Option<Session>,
    address: Option<IpAddr>,
) -> Result<(Session, Attachment, Place<IpAddr>), Close> {
    let session = session.ok_or(Close::TryAgain)?;
    let place = chat.admission.socket_place(address).ok_or(Close::TryAgain)?;
    match chat.sessions.attach(&session.details.session_id) {
        Attached::Joined(attachment) => Ok((session, attachment, place)),
        Attached::Full => Err(Close::TryAgain),
        Attached::Stopping => Err(Close::Restart),
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
