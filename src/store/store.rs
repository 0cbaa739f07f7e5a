//! The handle that callers hold. What it can do is said in the room that each call belongs to.

use std::{
    fmt,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{Semaphore, mpsc, mpsc::error::TrySendError, watch};

use crate::{
    OpenError, StoreError,
    appended::News,
    backup::{self, Copying},
    command::{self, Order},
    connection, file, reader, writer,
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
    news: Arc<News>,
    copying: Copying,
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
        backup::remove_unfinished(&held.path)?;
        let lock = Arc::new(held.lock);
        let (alive, ended) = watch::channel(());
        let alive = Arc::new(alive);
        let copying = Copying {
            path: held.path.clone(),
            lock: Arc::downgrade(&lock),
            alive: Arc::downgrade(&alive),
            place: Arc::new(Semaphore::new(1)),
        };
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
        let news = Arc::new(News::new());
        Ok(Self { shared: Arc::new(Shared { writes, reads, room, news, copying, ended }) })
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

    /// How many calls wait for the thread that writes.
    pub fn queued_writes(&self) -> usize {
        let Shared { writes, .. } = &*self.shared;
        writes.max_capacity() - writes.capacity()
    }

    pub(crate) async fn write<Value: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    ) -> Result<Value, StoreError> {
        self.write_and_tell(task, |_| ()).await
    }

    /// As [`Store::write`]. What came of the task is told as soon as it is on disk, also if the
    /// caller has gone.
    pub(crate) async fn write_and_tell<Value: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
        tell: impl FnOnce(&Value) + Send + 'static,
    ) -> Result<Value, StoreError> {
        let (order, answer) = command::order(task, tell);
        self.shared.writes.send(order).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) fn copying(&self) -> &Copying {
        &self.shared.copying
    }

    pub(crate) fn news(&self) -> &Arc<News> {
        &self.shared.news
    }

    /// As [`Store::write`], but refuses at once where that would have to wait for a place in the
    /// queue, or for room for the `bytes` that the task holds.
    pub(crate) async fn write_or_refuse<Value: Send + 'static>(
        &self,
        bytes: usize,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    ) -> Result<Value, StoreError> {
        let size = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.shared.room)
            .try_acquire_many_owned(size.min(WAITING_KIB))
            .map_err(|_| StoreError::Overloaded)?;
        let task = move |connection: &Connection| {
            let done = task(connection);
            drop(room);
            done
        };
        let (order, answer) = command::order(task, |_| ());
        self.shared.writes.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
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
        let (order, answer) = command::order(task, |_| ());
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
