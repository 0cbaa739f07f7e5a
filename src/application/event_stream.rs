//! A session's events as Server-Sent Events: a cursor on its log, as a chat client's socket is.
//!
//! The stream pulls pages of the log after its cursor. It is told only that there is more, never
//! what, so that nothing falls between history and live events, and a slow reader costs a page.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::{StatusCode, header::CACHE_CONTROL},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use baton_chat::{Attached, Attachment, Place, SESSION_END};
use baton_core::tenant::TenantKey;
use baton_problem::Problem;
use baton_store::{LogPage, Session};
use futures_util::stream::poll_fn;
use tokio::{
    sync::{broadcast::error::RecvError, mpsc},
    time::timeout,
};

use crate::{
    Application,
    events::{frame, page},
    sessions::{ApplicationSessions, is_of_application},
};

/// After how long without an event a comment is sent, so that nobody on the way takes the
/// connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Answers with the events of the session after this sequence.
pub(crate) async fn open<S: ApplicationSessions>(
    application: Arc<Application<S>>,
    session: Session,
    after: u64,
) -> Result<Response, Problem> {
    let session_id = &session.details.session_id;
    // A cursor beyond the log would hide the events to come.
    let last = application.asked(application.store.last_sequence(session_id)).await?;
    let cursor = after.min(last);
    if session.ended && cursor == last {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let place = application.admission.admit_stream(&session.details.tenant)?;
    let attachment = match application.sessions.attach(session_id) {
        Attached::Joined(attachment) => attachment,
        Attached::Full => {
            let detail = "the session has as many connections as it may have";
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
        }
        Attached::Stopping => return Err(Problem::try_again("the process stops")),
    };
    let (sender, mut receiver) = mpsc::channel(1);
    let follower = Follower { application, session, attachment, cursor, sender, _place: place };
    tokio::spawn(follower.run());
    let events = poll_fn(move |context| receiver.poll_recv(context));
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    Ok(([(CACHE_CONTROL, "no-store")], events).into_response())
}

/// Follows the log for one reader.
struct Follower<S> {
    application: Arc<Application<S>>,
    session: Session,
    attachment: Attachment,
    /// The sequence of the last event that was sent.
    cursor: u64,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    /// The stream's place among all of them.
    _place: Place<TenantKey<'static>>,
}

/// The stream is over: there is nothing more to tell, the process stops, or the reader is gone or
/// comes again with its cursor.
struct Over;

impl<S: ApplicationSessions> Follower<S> {
    async fn run(mut self) {
        let mut shutdown = self.application.shutdown.clone();
        let gone = self.sender.clone();
        tokio::select! {
            () = shutdown.begun() => {}
            () = gone.closed() => {}
            _ = self.follow() => {}
        }
    }

    async fn follow(&mut self) -> Result<(), Over> {
        loop {
            while !self.pull().await? {}
            self.wait().await?;
        }
    }

    /// Sends the next page of the log. Whether that was all there is.
    async fn pull(&mut self) -> Result<bool, Over> {
        let session_id = &self.session.details.session_id;
        let page = page(&self.application, session_id, self.cursor).await;
        let LogPage { events, complete } = page.map_err(|_| Over)?;
        for event in events {
            let sse = Event::default().id(event.sequence.to_string()).data(frame(&event).get());
            self.send(sse).await?;
            self.cursor = event.sequence;
            if is_of_application(&self.session.details) {
                self.attachment.tell_shown(self.cursor);
            }
            if event.kind == SESSION_END {
                return Err(Over);
            }
        }
        // One that had ended before the reader came has no more to come.
        if complete && self.session.ended { Err(Over) } else { Ok(complete) }
    }

    /// Waits until there is more in the log, and passes on what is in none.
    async fn wait(&mut self) -> Result<(), Over> {
        loop {
            let shown = tokio::select! {
                changed = self.attachment.newest.changed() => return changed.map_err(|_| Over),
                shown = self.attachment.transient.recv() => shown,
            };
            match shown {
                // Without an id, which would be where the reader goes on.
                Ok(frame) => self.send(Event::default().data(frame.as_str())).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Err(Over),
            }
        }
    }

    /// A reader that does not read loses its place.
    async fn send(&self, event: Event) -> Result<(), Over> {
        let sent = timeout(self.application.limits.write, self.sender.send(Ok(event))).await;
        sent.map_err(|_| Over)?.map_err(|_| Over)
    }
}
