//! The group commit: one wait for the disk for all who wait, and the truth for each of them.

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Acceptance, StoreError,
    command::{self, Order},
    connection, inbox, settlement,
    testing::{Fixture, arrived},
    writer,
};

type Answer<Value> = oneshot::Receiver<Result<Value, StoreError>>;

/// A writer whose queue is filled before it runs, so that its groups are known.
struct Bench {
    _directory: TempDir,
    connection: Connection,
    orders: mpsc::Sender<Order>,
    queue: mpsc::Receiver<Order>,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = connection::create_for_test(&directory.path().join("baton.db"));
        let (orders, queue) = mpsc::channel(2000);
        Self { _directory: directory, connection, orders, queue }
    }

    fn queue<Value: Send + 'static>(
        &self,
        task: impl FnOnce(&Connection) -> Result<Value, StoreError> + Send + 'static,
    ) -> Answer<Value> {
        let (order, answer) = command::order(task, |_| ());
        self.orders.try_send(order).ok().unwrap();
        answer
    }

    fn queue_accept(&self, number: usize) -> Answer<Acceptance> {
        self.queue(move |connection| inbox::accept(connection, &arrived(number)))
    }

    /// Runs what is queued. Returns the number of transactions, and the connection.
    fn run(mut self) -> (u64, Connection) {
        drop(self.orders);
        let transactions = writer::run(self.queue, &mut self.connection);
        (transactions, self.connection)
    }
}

fn stored(connection: &Connection) -> usize {
    inbox::pending(connection, 0, usize::MAX).unwrap().len()
}

#[test]
fn many_waiting_accepts_take_few_transactions() {
    let bench = Bench::new();
    let answers: Vec<_> = (0..1000).map(|number| bench.queue_accept(number)).collect();
    let (transactions, connection) = bench.run();
    assert_eq!(transactions, 2, "512 in a group");
    for mut answer in answers {
        assert_eq!(answer.try_recv().unwrap().unwrap(), Acceptance::New);
    }
    assert_eq!(stored(&connection), 1000);
}

#[test]
fn one_failing_command_does_not_fail_the_others_of_its_group() {
    let bench = Bench::new();
    let mut before = bench.queue_accept(1);
    // It writes, then fails: what it wrote must go, and nothing else.
    let mut failing = bench.queue(|connection| {
        inbox::accept(connection, &arrived(2))?;
        settlement::settle(connection, 99, crate::Settlement::Unreadable)
    });
    let mut broken = bench.queue(|connection| {
        connection.execute_batch("INSERT INTO nowhere VALUES (1)").map_err(StoreError::sqlite("x"))
    });
    let mut after = bench.queue_accept(3);
    let (transactions, connection) = bench.run();
    assert_eq!(transactions, 1);
    assert_eq!(before.try_recv().unwrap().unwrap(), Acceptance::New);
    assert!(matches!(failing.try_recv().unwrap(), Err(StoreError::UnknownDelivery)));
    assert!(matches!(broken.try_recv().unwrap(), Err(StoreError::Sqlite { .. })));
    assert_eq!(after.try_recv().unwrap().unwrap(), Acceptance::New);
    assert_eq!(stored(&connection), 2);
}

#[test]
fn invariant_3_nobody_is_answered_before_the_commit() {
    let bench = Bench::new();
    let mut first = bench.queue_accept(1);
    let second = bench.queue(move |_| {
        let early = first.try_recv();
        Ok((early.is_err(), first))
    });
    bench.run();
    let (unanswered, mut first) = second.blocking_recv().unwrap().unwrap();
    assert!(unanswered, "the first waits while its group is not committed");
    assert_eq!(first.try_recv().unwrap().unwrap(), Acceptance::New);
}

#[test]
fn invariant_3_when_the_disk_is_full_nobody_of_the_group_is_told_success() {
    let bench = Bench::new();
    let pages: u32 =
        bench.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    bench
        .connection
        .pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(()))
        .unwrap();
    let mut small = bench.queue_accept(1);
    let mut large = bench.queue(|connection| {
        let mut large = arrived(2);
        large.body = vec![b' '; 100_000];
        inbox::accept(connection, &large)
    });
    let mut late = bench.queue_accept(3);
    let (_, connection) = bench.run();
    // SQLite may undo the large one alone or all three; the answers have to say which.
    let told = [&mut small, &mut large, &mut late].map(|answer| answer.try_recv().unwrap());
    assert!(told[1].is_err());
    assert_eq!(stored(&connection), told.iter().filter(|answer| answer.is_ok()).count());
}

#[test]
fn invariant_3_when_the_commit_fails_everybody_of_the_group_is_told() {
    let bench = Bench::new();
    let mut before = bench.queue_accept(1);
    // A foreign key that is checked at the commit only, and does not hold.
    let mut deferred = bench.queue(|connection| {
        let broken = "PRAGMA defer_foreign_keys = 1;
            INSERT INTO event VALUES (99, 1, 'id', 'now', 'kind', '{}', NULL, NULL)";
        connection.execute_batch(broken).map_err(StoreError::sqlite("x"))
    });
    let mut after = bench.queue_accept(2);
    let (_, connection) = bench.run();
    for told in [before.try_recv().unwrap().map(drop), deferred.try_recv().unwrap()] {
        assert!(matches!(told, Err(StoreError::Sqlite { doing: "commit", .. })), "{told:?}");
    }
    assert!(after.try_recv().unwrap().is_err());
    assert_eq!(stored(&connection), 0);
}

#[test]
fn the_writer_goes_on_after_a_failed_group() {
    let bench = Bench::new();
    let _transaction = bench
        .queue(|connection| connection.execute_batch("ROLLBACK").map_err(StoreError::sqlite("x")));
    let mut failed = bench.queue_accept(0);
    // A group holds 512 at most: the rest comes after the failed one.
    let mut answers: Vec<_> = (1..1000).map(|number| bench.queue_accept(number)).collect();
    let (transactions, connection) = bench.run();
    assert_eq!(transactions, 2);
    assert!(failed.try_recv().unwrap().is_err());
    assert!(answers.last_mut().unwrap().try_recv().unwrap().is_ok());
    let successes = answers.iter_mut().map(|answer| answer.try_recv());
    let successes = successes.filter(|answer| matches!(answer, Ok(Ok(_)))).count() + 1;
    assert_eq!(stored(&connection), successes);
}

/// Keeps the writer busy until it is told to go on, so that calls queue up behind it.
async fn blocked(fixture: &Fixture) -> std::sync::mpsc::Sender<()> {
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (busy, is_busy) = oneshot::channel();
    let store = fixture.store.clone();
    tokio::spawn(async move {
        let task = move |_: &Connection| {
            busy.send(()).unwrap();
            _ = wait.recv();
            Ok(())
        };
        store.write(task).await
    });
    is_busy.await.unwrap();
    go_on
}

#[tokio::test]
async fn invariant_11_a_full_queue_refuses_at_once_and_what_it_took_is_stored() {
    let fixture = Fixture::new();
    let go_on = blocked(&fixture).await;
    let mut waiting = Vec::new();
    let mut number = 0;
    loop {
        let store = fixture.store.clone();
        let mut call = tokio::spawn(async move { store.accept(arrived(number)).await });
        tokio::task::yield_now().await;
        if call.is_finished() {
            assert!(matches!((&mut call).await.unwrap(), Err(StoreError::Overloaded)));
            break;
        }
        waiting.push(call);
        number += 1;
    }
    assert_eq!(waiting.len(), 1024);
    go_on.send(()).unwrap();
    for call in waiting {
        assert_eq!(call.await.unwrap().unwrap(), Acceptance::New);
    }
    // What was refused can be sent again.
    assert_eq!(fixture.store.accept(arrived(number)).await.unwrap(), Acceptance::New);
}

#[tokio::test]
async fn invariant_11_waiting_bodies_take_bounded_memory() {
    let fixture = Fixture::new();
    let go_on = blocked(&fixture).await;
    let large = |number| {
        let mut large = arrived(number);
        large.body = vec![b' '; 16 << 20];
        large
    };
    let mut waiting = Vec::new();
    for number in 0..4 {
        let store = fixture.store.clone();
        waiting.push(tokio::spawn(async move { store.accept(large(number)).await }));
        tokio::task::yield_now().await;
    }
    let refused = fixture.store.accept(arrived(4)).await;
    assert!(matches!(refused, Err(StoreError::Overloaded)));
    go_on.send(()).unwrap();
    for call in waiting {
        assert_eq!(call.await.unwrap().unwrap(), Acceptance::New);
    }
    assert_eq!(fixture.store.accept(arrived(4)).await.unwrap(), Acceptance::New);
}

#[tokio::test]
async fn a_read_does_not_wait_for_the_writer() {
    let fixture = Fixture::with_sessions(1).await;
    let go_on = blocked(&fixture).await;
    assert!(fixture.store.session("session-1").await.unwrap().is_some());
    go_on.send(()).unwrap();
}

#[tokio::test]
async fn a_long_read_holds_up_neither_a_write_nor_another_read() {
    let fixture = Fixture::with_sessions(1).await;
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let store = fixture.store.clone();
    let long = tokio::spawn(async move { store.read(move |_| Ok(wait.recv())).await });
    tokio::task::yield_now().await;
    for number in 0..50 {
        fixture.store.accept(arrived(number)).await.unwrap();
        let seen = fixture.store.pending(0, 100).await.unwrap().len();
        assert_eq!(seen, number + 1, "a read sees the write that returned before it");
    }
    go_on.send(()).unwrap();
    _ = long.await.unwrap().unwrap();
}

#[tokio::test]
async fn invariant_3_a_full_disk_refuses_what_has_no_room_and_takes_it_when_there_is_some() {
    let mut fixture = Fixture::with_sessions(1).await;
    let pages = async |fixture: &Fixture, most: u32| {
        let limit = move |connection: &Connection| {
            let set = connection.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()));
            set.map_err(StoreError::sqlite("set the size of the disk"))
        };
        fixture.store.write(limit).await.unwrap();
    };
    let mut large = arrived(1);
    large.body = vec![b' '; 1 << 20];
    // SQLite takes the size that the file has, if that is larger.
    pages(&fixture, 1).await;
    let refused = fixture.store.accept(large.clone()).await;
    let Err(StoreError::Sqlite { source, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(source.sqlite_error_code(), Some(rusqlite::ErrorCode::DiskFull));
    assert_eq!(fixture.store.pending(0, 9).await.unwrap(), []);
    pages(&fixture, u32::MAX).await;
    assert_eq!(fixture.store.accept(large).await.unwrap(), Acceptance::New);
    fixture.reopen().await;
    assert_eq!(fixture.store.pending(0, 9).await.unwrap().len(), 1);
}
