//! The handle that callers hold.

use std::{
    fmt,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use baton_core::tenant::TenantKey;
use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, mpsc::error::TrySendError, watch};

use crate::{
    Acceptance, Arrived, LogPage, LoggedEvent, NewEvent, NewSession, NextDelivery, OpenError,
    Pending, Session, Settlement, StoreError,
    command::{self, Order},
    connection, file, inbox, key, reader, session, session_log, writer,
};

/// How many calls can wait for the writer, and as many for the readers.
const QUEUE: usize = 1024;

/// How much the bodies of the deliveries that wait for the writer can take, in KiB.
const WAITING_KIB: u32 = 64 << 10;

/// How many threads read: with two, a long replay does not hold up a short question.
const READERS: usize = 2;

/// A store that is open. Clones are cheap and share it; when the last one is dropped the threads
/// finish what is queued and stop.
///
/// A process that is about to end waits with [`Store::close`]: its end does not wait for threads.
///
/// Every call may wait for the disk. A call that is dropped before it has returned may be
/// carried out all the same.
///
/// # Errors
///
/// Beside what is said at each call: [`StoreError::Sqlite`] when SQLite refuses,
/// [`StoreError::Damaged`] when the file holds what cannot be read, and [`StoreError::Closed`]
/// after [`Store::close`] and when a thread has died.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writes: mpsc::Sender<Order>,
    reads: mpsc::Sender<Order>,
    /// One permit for each KiB of the bodies that may still wait.
    room: Arc<Semaphore>,
    /// Has an error to tell as soon as the last thread has ended.
    ended: watch::Receiver<()>,
}

/// What a thread takes with it and leaves when it ends, in this order: the connection, then the
/// file's lock, and at last it shows that it has ended.
struct Post {
    connection: Connection,
    _lock: Arc<File>,
    _alive: Arc<watch::Sender<()>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, or creates it where no file is; brings its schema up to date, and holds
    /// it until the threads have stopped. Blocks for a short while.
    ///
    /// Beside the file lie `….lock` and SQLite's own `…-wal` and `…-shm`; all of them are
    /// readable by their user only.
    ///
    /// # Errors
    ///
    /// [`OpenError`] says what is wrong and what to do. A file that is refused is left as it is.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let held = file::hold(path)?;
        let lock = Arc::new(held.lock);
        let (alive, ended) = watch::channel(());
        let alive = Arc::new(alive);
        let post =
            |connection| Post { connection, _lock: Arc::clone(&lock), _alive: Arc::clone(&alive) };
        let writing = post(connection::open_writer(&held.path)?);
        let mut reading = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            reading.push(post(connection::open_reader(&held.path)?));
        }

        let refused =
            |source| OpenError::Io { doing: "start a thread for", path: held.path.clone(), source };
        let (writes, orders) = mpsc::channel(QUEUE);
        start("store-writer", writing, move |connection| {
            let transactions = writer::run(orders, connection);
            tracing::debug!(transactions, "the store's writer has ended");
        })
        .map_err(refused)?;
        let (reads, orders) = mpsc::channel(QUEUE);
        let orders = Arc::new(Mutex::new(orders));
        for post in reading {
            let orders = Arc::clone(&orders);
            start("store-reader", post, move |connection| reader::run(&orders, connection))
                .map_err(refused)?;
        }
        let room = Arc::new(Semaphore::new(WAITING_KIB as usize));
        Ok(Self { shared: Arc::new(Shared { writes, reads, room, ended }) })
    }

    /// Step one: stores a delivery, and returns only when it is on disk and would survive a
    /// crash.
    ///
    /// # Errors
    ///
    /// [`StoreError::Overloaded`], at once, when too much waits to be written.
    pub async fn accept(&self, arrived: Arrived) -> Result<Acceptance, StoreError> {
        let size = u32::try_from(arrived.body.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.shared.room)
            .try_acquire_many_owned(size.min(WAITING_KIB))
            .map_err(|_| StoreError::Overloaded)?;
        let (order, answer) = command::order(move |connection| {
            let accepted = inbox::accept(connection, &arrived);
            drop(room);
            accepted
        });
        self.shared.writes.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Deliveries that were accepted and are not settled, in order of arrival: those with an
    /// arrival number above `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn pending(&self, after: u64, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.read(move |connection| inbox::pending(connection, after, limit)).await
    }

    /// Of the deliveries to a session that are not settled, the one that arrived first.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn next_delivery(
        &self,
        session_id: &str,
    ) -> Result<Option<NextDelivery>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| inbox::next_delivery(connection, &session_id)).await
    }

    /// Step two: appends events to a session's log and settles the delivery that they came from,
    /// known by its arrival number, in one transaction. Returns the events as they stand in the log.
    ///
    /// Sequence numbers rise by one without gaps within a session. An event whose id is in the
    /// session's log already is not appended again: the one that stands there is returned in its
    /// place. If the delivery is settled already, nothing is appended, and those events are
    /// returned that stand there under these ids. A session that has ended takes events too:
    /// whether one still belongs there is the caller's to say.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`]; [`StoreError::UnknownDelivery`] when the delivery was
    /// never accepted. Nothing is appended then.
    pub async fn append(
        &self,
        session_id: &str,
        events: Vec<NewEvent>,
        settles: Option<u64>,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let session_id = session_id.to_owned();
        self.write(move |connection| {
            session_log::append_and_settle(connection, &session_id, events, settles)
        })
        .await
    }

    /// Settles the delivery of this arrival number, which goes into no session's log, and keeps
    /// the outcome beside it. One that is settled already stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownDelivery`] when the delivery was never accepted.
    pub async fn settle(&self, arrival: u64, outcome: Settlement) -> Result<(), StoreError> {
        self.write(move |connection| inbox::settle(connection, arrival, outcome).map(drop)).await
    }

    /// Creates a session together with its first events, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::SessionExists`] when a session has this id, or has this end user with the
    /// same tenant and integration.
    pub async fn create_session(
        &self,
        session: NewSession,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| session::create(connection, &session, events)).await
    }

    /// The session of this id, if there is one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session(&self, session_id: &str) -> Result<Option<Session>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| session::find(connection, &session_id)).await
    }

    /// The id of the session that an end user has with a tenant's integration, if there is one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session_of_end_user(
        &self,
        tenant: &TenantKey<'_>,
        integration_id: &str,
        end_user_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let tenant = tenant.clone().into_owned();
        let (integration_id, end_user_id) = (integration_id.to_owned(), end_user_id.to_owned());
        self.read(move |connection| {
            session::of_end_user(connection, &tenant, &integration_id, &end_user_id)
        })
        .await
    }

    /// Marks a session as ended and appends its last events, in one transaction. Does nothing
    /// and returns nothing if it has ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`].
    pub async fn end_session(
        &self,
        session_id: &str,
        events: Vec<NewEvent>,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let session_id = session_id.to_owned();
        self.write(move |connection| session::end(connection, &session_id, events)).await
    }

    /// The events of a session with a sequence number above `cursor`, in order, at most `limit`,
    /// with no more than `bytes` of payload and metadata; one that is larger comes alone. None of
    /// a session that is not there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn events_after(
        &self,
        session_id: &str,
        cursor: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<LogPage, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| {
            session_log::events_after(connection, &session_id, cursor, limit, bytes)
        })
        .await
    }

    /// The newest sequence number of a session: 0 when its log is empty, or when it is not
    /// there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn last_sequence(&self, session_id: &str) -> Result<u64, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| match session::number(connection, &session_id) {
            Ok(number) => session_log::last_sequence(connection, number),
            Err(StoreError::UnknownSession) => Ok(0),
            Err(error) => Err(error),
        })
        .await
    }

    /// 32 bytes that are kept under a name for good: the first call keeps `fresh`, each later
    /// one returns what was kept.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn key(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let name = name.to_owned();
        self.write(move |connection| key::keep(connection, &name, fresh)).await
    }

    /// Waits until everything that is queued is on disk, then stops the threads and frees the
    /// file, also if clones of the handle are left: their calls answer [`StoreError::Closed`].
    ///
    /// # Errors
    ///
    /// None at present: a write that fails meanwhile tells its own caller.
    pub async fn close(self) -> Result<(), StoreError> {
        // Where nobody takes the order, the thread has ended or is about to.
        let _ = self.shared.writes.send(Order::Stop).await;
        let _ = self.shared.reads.send(Order::Stop).await;
        let mut ended = self.shared.ended.clone();
        while ended.changed().await.is_ok() {}
        Ok(())
    }

    pub(crate) async fn write<Value: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    ) -> Result<Value, StoreError> {
        let (order, answer) = command::order(task);
        self.shared.writes.send(order).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) async fn read<Value: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    ) -> Result<Value, StoreError> {
        // What can be read only is no store any more.
        if self.shared.writes.is_closed() {
            return Err(StoreError::Closed);
        }
        let (order, answer) = command::order(task);
        self.shared.reads.send(order).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// Starts a thread. Nobody joins it: it shows its end by what it leaves.
fn start(
    name: &str,
    post: Post,
    work: impl FnOnce(&mut Connection) + Send + 'static,
) -> io::Result<()> {
    let run = move || {
        // The whole of it, or the closure would take the connection alone.
        let mut post = post;
        work(&mut post.connection);
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}
