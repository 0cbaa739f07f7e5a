//! One durable step of a session: all that follows from one input, stored together or not at all.

use std::sync::Arc;

use rusqlite::Connection;

use crate::{
    HandoffContext, HandoffRow, LoggedEvent, NewEvent, NewOutgoing, NewTurn, Sent, Settlement,
    Store, StoreError, context, handoff, notification, outbox, session,
    session_log::{self, Appended},
    settlement,
    settlement::Settled,
    turn,
};

/// What one input changes in a session. The default changes nothing.
///
/// A step may be repeated as it was: what stands already is not done twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// When it happens: milliseconds since 1970, UTC. A step that appends events makes its session
    /// active at this time, unless it was active later; so the default's 0 moves nothing.
    pub at_ms: i64,
    /// What enters the session's log, in this order.
    pub events: Vec<NewEvent>,
    /// What is to reach Genesys, in this order. A message whose id the session's outbox has
    /// had is not queued again.
    pub outgoing: Vec<NewOutgoing>,
    /// What the session's bot is to be told, in this order. A turn whose id the session has had is
    /// not queued again.
    pub turns: Vec<NewTurn>,
    /// The number of the turn that the bot has answered, or never will: it waits no longer, and
    /// its body goes.
    pub turned: Option<u64>,
    /// A handoff's new state; absent when it stays as it is.
    pub handoff: Option<HandoffRow>,
    /// What a handoff hands over, in place of what is kept of the same handoff; absent when that
    /// stays as it is.
    pub context: Option<HandoffContext>,
    /// The endpoints that are to be told of each event that the step appends.
    pub notify: Vec<String>,
    /// The arrival number of the delivery that the step takes in, and what becomes of it.
    pub settles: Option<(u64, Settlement)>,
    /// What became of a message of the outbox.
    pub sent: Option<Sent>,
    /// Whether the session ends with these events.
    pub ends_session: bool,
}

impl From<Vec<NewEvent>> for Step {
    fn from(events: Vec<NewEvent>) -> Self {
        Self { events, ..Self::default() }
    }
}

impl Store {
    /// Takes a step of a session in one transaction. Returns the step's events as they stand in
    /// the log.
    ///
    /// Sequence numbers rise by one without gaps within a session. An event whose id is in the
    /// session's log already is not appended again: the one that stands there is returned in its
    /// place. A session that has ended takes events too: whether one still belongs there is the
    /// caller's to say.
    ///
    /// If the step settles a delivery that is settled already, or ends a session that has ended,
    /// then none of its events is appended, and those are returned that stand there under these
    /// ids. A session ends only together with its last events: a step that may append nothing
    /// does not end it. All else in the step is stored in any case.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`]; [`StoreError::UnknownDelivery`] when the delivery was
    /// never accepted; [`StoreError::UnknownOutgoing`] when the message that was sent was never
    /// in the session's outbox; [`StoreError::UnknownTurn`] when the turn was never the session's.
    /// Nothing is stored then.
    pub async fn step(&self, session_id: &str, step: Step) -> Result<Vec<LoggedEvent>, StoreError> {
        let session_id = session_id.to_owned();
        let (session, news) = (session_id.clone(), Arc::clone(self.news()));
        let appended = self
            .write_and_tell(
                move |connection| take(connection, session::number(connection, &session)?, step),
                move |appended: &Appended| {
                    news.tell(&session_id, &appended.logged, &appended.new);
                },
            )
            .await?;
        Ok(appended.logged)
    }

    /// A step that appends events to a session's log, and settles the delivery that they came
    /// from, known by its arrival number. Returns the events as they stand in the log.
    ///
    /// # Errors
    ///
    /// Those of [`Store::step`].
    pub async fn append(
        &self,
        session_id: &str,
        events: Vec<NewEvent>,
        settles: Option<u64>,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let settles = settles.map(|arrival| (arrival, Settlement::Appended));
        self.step(session_id, Step { events, settles, ..Step::default() }).await
    }

    /// A step that ends a session with its last events. Returns the events as they stand in the
    /// log.
    ///
    /// # Errors
    ///
    /// Those of [`Store::step`].
    pub async fn end_session(
        &self,
        session_id: &str,
        events: Vec<NewEvent>,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        self.step(session_id, Step { events, ends_session: true, ..Step::default() }).await
    }
}

/// Takes a step of the session with this number.
pub(crate) fn take(
    connection: &Connection,
    session: i64,
    step: Step,
) -> Result<Appended, StoreError> {
    let appends = match step.settles {
        Some((arrival, outcome)) => {
            settlement::settle(connection, arrival, outcome)? == Settled::Now
        }
        None => true,
    };
    let appends = appends && (!step.ends_session || session::end(connection, session, step.at_ms)?);
    let appended = if appends {
        append(connection, session, step.events, step.at_ms, &step.notify)?
    } else {
        let logged = session_log::standing(connection, session, &step.events)?;
        Appended { logged, new: 0..0 }
    };
    if let Some(sent) = &step.sent {
        outbox::finish(connection, session, sent, step.at_ms)?;
    }
    for message in &step.outgoing {
        outbox::enqueue(connection, session, message)?;
    }
    if let Some(number) = step.turned {
        turn::finish(connection, session, number)?;
    }
    for turn in &step.turns {
        turn::queue(connection, session, turn)?;
    }
    if let Some(handoff) = &step.handoff {
        handoff::keep(connection, session, handoff)?;
    }
    if let Some(context) = &step.context {
        context::keep(connection, session, context)?;
    }
    Ok(appended)
}

/// Appends events to the log of the session with this number, with what follows from those that
/// are new there.
fn append(
    connection: &Connection,
    session: i64,
    events: Vec<NewEvent>,
    at_ms: i64,
    notify: &[String],
) -> Result<Appended, StoreError> {
    let appended = session_log::append(connection, session, events)?;
    if !appended.new.is_empty() {
        session::mark_active(connection, session, at_ms)?;
        for endpoint in notify {
            notification::queue(connection, session, appended.new.clone(), endpoint)?;
        }
    }
    Ok(appended)
}
