//! A back-up is the store as it was at one moment, and a store made of it begins anew.

use std::{collections::BTreeSet, fs, io::Read, path::PathBuf};

use crate::{
    BackupError, DeadLetterFilter, NewEvent, OpenError, Restoration, SigningKey, Step, Store,
    UNADDRESSED,
    testing::{Fixture, arrived, delivery_id, event, events, handoff, outgoing, session_id, turn},
};

const AT: i64 = 1_800_000_000_000;

fn restoration() -> Restoration<'static> {
    Restoration { at_ms: AT, last_event: &|_| NewEvent { id: "the end".to_owned(), ..event(1) } }
}

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a back-up to a file of this name.
    async fn back_up(&self, name: &str) -> PathBuf {
        let mut backup = self.store.back_up().await.unwrap();
        let mut bytes = Vec::new();
        backup.file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, backup.bytes);
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_what_was_answered_before_a_backup_began_is_in_it_while_writes_go_on() {
    let fixture = Fixture::with_sessions(1).await;
    let mut answered = 0;
    for round in 0..4 {
        for _ in 0..50 {
            answered += 1;
            fixture.store.accept(arrived(answered)).await.unwrap();
            fixture.store.append(&session_id(1), events([answered]), None).await.unwrap();
        }
        let (before, store) = (answered, fixture.store.clone());
        let writing = tokio::spawn(async move {
            for number in before + 1..=before + 50 {
                store.accept(arrived(number)).await.unwrap();
                store.append(&session_id(1), events([number]), None).await.unwrap();
            }
        });
        let backup = fixture.back_up(&format!("{round}.backup")).await;
        writing.await.unwrap();
        answered += 50;

        let restored = fixture.path(&format!("{round}.db"));
        Store::restore(&backup, &restored, &restoration()).unwrap();
        let restored = Store::open(&restored).unwrap();
        let ids: Vec<String> = (1..=before).map(|number| delivery_id(number).to_string()).collect();
        assert_eq!(restored.known_deliveries(ids.clone()).await.unwrap(), ids);
        let session = &session_id(1);
        let log = restored.events_after(session, 0, usize::MAX, usize::MAX).await.unwrap();
        let sequences: Vec<u64> = log.events.iter().map(|event| event.sequence).collect();
        assert!(sequences.len() > before);
        assert!(sequences.iter().copied().eq(1..=sequences.len() as u64), "without gaps");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_leaves_nothing_behind_and_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::with_sessions(1).await;
    let before = fixture.names();
    // As after a failure that could not be cleared away.
    fs::write(fixture.path("baton.db-copying"), "half of one").unwrap();
    let backup = fixture.store.back_up().await.unwrap();
    assert_eq!(fixture.names(), before);
    assert_eq!(backup.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    fixture.store.clone().close().await.unwrap();
    assert!(matches!(fixture.store.back_up().await, Err(BackupError::Closed)));
}

#[tokio::test]
async fn a_backup_that_was_fetched_is_nobody_elses_to_remove() {
    let fixture = Fixture::with_sessions(1).await;
    let kept = fixture.back_up("baton.db.backup").await;
    let bytes = fs::read(&kept).unwrap();
    fixture.store.back_up().await.unwrap();
    assert_eq!(fs::read(&kept).unwrap(), bytes);
}

#[tokio::test]
async fn what_a_crash_leaves_of_a_backup_goes_when_the_store_is_opened() {
    let mut fixture = Fixture::new();
    let before = fixture.names();
    for name in ["baton.db-copying", "baton.db-copying-journal"] {
        fs::write(fixture.path(name), "half of one").unwrap();
    }
    fixture.reopen().await;
    assert_eq!(fixture.names(), before);
}

#[tokio::test]
async fn invariant_11_one_copy_at_a_time_takes_room() {
    let fixture = Fixture::new();
    let first = fixture.store.back_up().await.unwrap();
    assert!(matches!(fixture.store.back_up().await, Err(BackupError::Busy)));
    drop(first);
    fixture.store.back_up().await.unwrap();
}

#[tokio::test]
async fn what_went_on_in_a_backup_is_over_in_the_store_that_is_made_of_it() {
    let fixture = Fixture::with_sessions(2).await;
    let store = &fixture.store;
    let step = Step {
        events: events([1, 2]),
        outgoing: vec![outgoing(1)],
        turns: vec![turn(1)],
        handoff: Some(handoff(1, true)),
        ..Step::default()
    };
    store.step(&session_id(1), step).await.unwrap();
    store.end_session(&session_id(2), events([1])).await.unwrap();
    store.accept(arrived(1)).await.unwrap();
    let key = SigningKey { id: "id".to_owned(), bytes: [1; 32], created_at_ms: 0 };
    store.add_signing_key("token", key).await.unwrap();
    let backup = fixture.back_up("backup").await;
    let facts = Store::restore(&backup, &fixture.path("new.db"), &restoration()).unwrap();
    assert_eq!((facts.sessions, facts.live_sessions), (2, 1));

    let restored = Store::open(&fixture.path("new.db")).unwrap();
    let of = async |number: usize| restored.session(&session_id(number)).await.unwrap().unwrap();
    assert!(of(1).await.ended && of(2).await.ended);
    assert_eq!(of(1).await.details.token_digest, [0; 32], "no token opens it");
    assert_ne!(of(2).await.details.token_digest, [0; 32], "it was over before");
    let log = restored.events_after(&session_id(1), 0, 9, usize::MAX).await.unwrap().events;
    let log: Vec<_> = log.iter().map(|event| (event.sequence, event.id.as_str())).collect();
    assert_eq!(log, [(1, "event-1"), (2, "event-2"), (3, "the end")]);
    assert_eq!(restored.sessions_with_work(None, 9).await.unwrap(), [""; 0]);
    assert_eq!(restored.pending(0, 9).await.unwrap().len(), 1, "a delivery is still promised");
    let letters = restored.dead_letters(DeadLetterFilter::default(), 0, 9).await.unwrap();
    assert_eq!((letters.len(), &letters[0].about), (1, &outgoing(1).id));
    assert!(restored.signing_keys("token").await.unwrap().is_empty());
    assert_eq!(restored.work_counts().await.unwrap().waiting_notifications, 1);
    let session = restored.session_to_notify(UNADDRESSED, 0, BTreeSet::new()).await.unwrap();
    let told = restored.next_notification(UNADDRESSED, session.unwrap()).await.unwrap().unwrap();
    assert_eq!((told.session_id, &*told.event.id), (session_id(1), "the end"));
}

#[tokio::test]
async fn nothing_is_overwritten_and_nothing_is_made_of_what_is_no_store() {
    let fixture = Fixture::with_sessions(1).await;
    let backup = fixture.back_up("backup").await;
    let restore = |from: &str, to: &str| {
        Store::restore(&fixture.path(from), &fixture.path(to), &restoration()).unwrap_err()
    };
    fs::write(fixture.path("taken.db"), "").unwrap();
    fs::write(fixture.path("old.db-wal"), "").unwrap();
    fs::write(fixture.path("text"), "no store at all, and long enough to be looked at").unwrap();
    fs::write(fixture.path("empty"), "").unwrap();
    let before = fixture.names();
    assert!(matches!(restore("backup", "taken.db"), OpenError::Exists { .. }));
    assert!(matches!(restore("backup", "old.db"), OpenError::Exists { .. }));
    assert!(matches!(restore("absent", "new.db"), OpenError::Missing { .. }));
    assert!(matches!(restore("text", "new.db"), OpenError::NotAStore { .. }));
    assert!(matches!(restore("empty", "new.db"), OpenError::NotAStore { .. }));
    assert!(matches!(restore("baton.db", "new.db"), OpenError::InUse { .. }));
    // Of a page of it nothing is left.
    let mut bytes = fs::read(backup).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(fixture.path("damaged"), bytes).unwrap();
    assert!(matches!(restore("damaged", "new.db"), OpenError::Damaged { .. }));
    let damaged = Store::check_file(&fixture.path("damaged")).unwrap_err().to_string();
    assert!(damaged.contains("restore it from a back-up"), "{damaged}");
    fs::remove_file(fixture.path("damaged")).unwrap();
    assert_eq!(fixture.names(), before);
}

#[tokio::test]
async fn a_store_that_nobody_has_open_is_copied_and_checked_as_it_is() {
    let fixture = Fixture::with_sessions(2).await;
    let (store, copy) = (fixture.path("baton.db"), fixture.path("copy.db"));
    assert!(matches!(Store::check_file(&store), Err(OpenError::InUse { .. })));
    assert!(matches!(Store::back_up_file(&store, &copy), Err(OpenError::InUse { .. })));
    fixture.store.clone().close().await.unwrap();
    let before = fixture.names();
    Store::check_file(&store).unwrap();
    assert_eq!(fixture.names(), before, "nothing is left beside it");
    let facts = Store::back_up_file(&store, &copy).unwrap();
    assert_eq!((facts.sessions, facts.live_sessions), (2, 2));
    assert_eq!(Store::check_file(&copy).unwrap().sessions, 2);
    assert!(matches!(Store::back_up_file(&store, &copy), Err(OpenError::Exists { .. })));
    Store::open(&store).unwrap();
}
