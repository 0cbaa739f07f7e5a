//! `POST /internal/v1/store/backup`: a copy of the store as it is now.

use std::{
    io::{self, Read},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderValue,
        header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use baton_problem::{Problem, ProblemBody};
use baton_store::{Backup, BackupError};
use futures_util::stream::poll_fn;
use tokio::{sync::mpsc, task::spawn_blocking, time::timeout};

use super::{Internal, authorize};
use crate::cause::Chain;

/// How much of the copy is read at a time.
const PIECE: usize = 256 * 1024;

/// How long whoever fetches the copy may take nothing of it. As long as it lasts, it has as much room
/// of the store's disk as the store.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Copy the store
///
/// The copy holds all that was answered before the request, and what people wrote. It is made
/// beside the store before the answer begins, which takes as much room there as the store has,
/// and leaves nothing behind. Whoever takes nothing of the answer for a minute gets no more of it.
#[utoipa::path(
    post, tag = "Store", path = "/internal/v1/store/backup",
    responses(
        (status = 200, description = "The copy: an SQLite file.", body = Vec<u8>,
            content_type = "application/vnd.sqlite3"),
        (status = 503, description = "It could not be made now.", body = ProblemBody,
            content_type = "application/problem+json"),
    ),
    security(("admin" = [])),
)]
pub(super) async fn back_up(
    State(internal): State<Arc<Internal>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorize(&internal.admin_credentials, &headers)?;
    let copy = internal.directory.store.back_up().await.map_err(|error| {
        tracing::error!(error = %Chain(&error), "no back-up was made");
        Problem::try_again(match error {
            BackupError::Busy => {
                "a back-up is being made or fetched already; wait until it is done"
            }
            _ => "no back-up could be made; see the log",
        })
    })?;
    let kind = HeaderValue::from_static("application/vnd.sqlite3");
    let no_store = HeaderValue::from_static("no-store");
    let head = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, no_store),
        (CONTENT_LENGTH, HeaderValue::from(copy.bytes)),
    ];
    let (sender, mut pieces) = mpsc::channel(1);
    tokio::spawn(send(copy, sender));
    let body = Body::from_stream(poll_fn(move |context| pieces.poll_recv(context)));
    Ok((head, body).into_response())
}

/// Sends the copy piece by piece, as long as somebody takes them.
async fn send(mut copy: Backup, pieces: mpsc::Sender<io::Result<Bytes>>) {
    while let Some((piece, rest)) = next_piece(copy).await {
        match timeout(STANDSTILL, pieces.send(piece)).await {
            Ok(Ok(())) => {}
            // Whoever fetched it has gone.
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::warn!("a back-up that nobody went on fetching is broken off");
                return;
            }
        }
        let Some(rest) = rest else { return };
        copy = rest;
    }
}

/// The next piece of the copy, and the copy while more may follow; none at its end.
async fn next_piece(mut copy: Backup) -> Option<(io::Result<Bytes>, Option<Backup>)> {
    let read = move || {
        let mut piece = Vec::with_capacity(PIECE);
        let read = Read::by_ref(&mut copy.file).take(PIECE as u64).read_to_end(&mut piece);
        read.map(|_| (piece, copy))
    };
    match spawn_blocking(read).await.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok((piece, _)) if piece.is_empty() => None,
        Ok((piece, copy)) => Some((Ok(piece.into()), Some(copy))),
        Err(error) => Some((Err(error), None)),
    }
}

#[cfg(test)]
mod tests {
    use baton_core::{id::Id, tenant::TenantKey};
    use baton_store::{Arrived, Store};

    use super::*;

    /// A store of some pieces.
    async fn store(directory: &tempfile::TempDir) -> Store {
        let store = Store::open(&directory.path().join("baton.db")).unwrap();
        let arrived = Arrived {
            delivery_id: Id::of_parts(&[]),
            tenant: TenantKey::new("acme", "support", "live"),
            end_user_id: None,
            integration_id: None,
            received_at_ms: 0,
            body: vec![b'x'; 8 * PIECE],
            traceparent: None,
        };
        store.accept(arrived).await.unwrap();
        store
    }

    #[tokio::test(start_paused = true)]
    async fn invariant_11_a_copy_that_nobody_goes_on_fetching_gives_its_room_back() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        let (sender, mut pieces) = mpsc::channel(1);
        let sending = tokio::spawn(send(store.back_up().await.unwrap(), sender));
        assert_eq!(pieces.recv().await.unwrap().unwrap().len(), PIECE);
        assert!(store.back_up().await.is_err(), "one at a time");
        sending.await.unwrap();
        store.back_up().await.unwrap();
    }

    #[tokio::test]
    async fn a_copy_comes_whole_in_pieces() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        let copy = store.back_up().await.unwrap();
        let bytes = copy.bytes;
        let (sender, mut pieces) = mpsc::channel(1);
        tokio::spawn(send(copy, sender));
        let mut received = 0;
        while let Some(piece) = pieces.recv().await {
            received += piece.unwrap().len() as u64;
        }
        assert_eq!(received, bytes);
    }
}
