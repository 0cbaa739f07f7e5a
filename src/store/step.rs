//! One durable step of a session: all that follows from one input, stored together or not at all.

use rusqlite::Connection;

use crate::{
    HandoffRow, LoggedEvent, NewEvent, NewOutgoing, Sent, Settlement, Store, StoreError, handoff,
    outbox, session, session_log, settlement, settlement::Settled,
};

/// What one input changes in a session. The default changes nothing.
///
/// A step may be repeated as it was: what stands already is not done twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What enters the session's log, in this order.
    pub events: Vec<NewEvent>,
    /// What is to reach Genesys, in this order. A message whose id the session's outbox has
    /// had is not queued again.
    pub outgoing: Vec<NewOutgoing>,
    /// A handoff's new state; absent when it stays as it is.
    pub handoff: Option<HandoffRow>,
    /// The arrival number of the delivery that the step takes in, and what becomes of it.
    pub settles: Option<(u64, Settlement)>,
    /// What became of a message of the outbox.
    pub sent: Option<Sent>,
    /// Whether the session ends with these events.
    pub ends_session: bool,
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
    /// in the session's outbox. Nothing is stored then.
    pub async fn step(&self, session_id: &str, step: Step) -> Result<Vec<LoggedEvent>, StoreError> {
        let session_id = session_id.to_owned();
        self.write(move |connection| take(connection, &session_id, step)).await
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

fn take(
    connection: &Connection,
    session_id: &str,
    step: Step,
) -> Result<Vec<LoggedEvent>, StoreError> {
    let Step { events, outgoing, handoff, settles, sent, ends_session } = step;
    let session = session::number(connection, session_id)?;
    let appends = match settles {
        Some((arrival, outcome)) => {
            settlement::settle(connection, arrival, outcome)? == Settled::Now
        }
        None => true,
    };
    let appends = appends && (!ends_session || session::end(connection, session)?);
    let logged = if appends {
        session_log::append(connection, session, events)?
    } else {
        session_log::standing(connection, session, &events)?
    };
    if let Some(sent) = &sent {
        outbox::finish(connection, session, sent)?;
    }
    for message in &outgoing {
        outbox::enqueue(connection, session, message)?;
    }
    if let Some(handoff) = &handoff {
        handoff::keep(connection, session, handoff)?;
    }
    Ok(logged)
}
