//! Which files are opened, by whom, and how a store ends.

use std::{collections::BTreeSet, error::Error as _, fs, path::Path};

use rusqlite::Connection;

use crate::{
    ContextBy, Counterpart, DeadLetterContent, DeadLetterFilter, OpenError, SigningKey, Store,
    StoreError,
    sql::MIGRATIONS,
    testing::{Fixture, arrived, event, events, failed, session_id},
};

fn refusal(path: &Path) -> OpenError {
    Store::open(path).unwrap_err()
}

#[tokio::test]
async fn a_store_that_is_open_is_not_opened_again() {
    let fixture = Fixture::new();
    let path = fixture.directory.path().join("baton.db");
    let error = refusal(&path);
    assert!(matches!(&error, OpenError::InUse { path: named } if *named == path));
    let said = error.to_string();
    assert!(said.contains("baton.db") && said.contains("stop that one"), "{said}");
    // A refused opening takes nothing from the one who has it.
    fixture.store.accept(arrived(1)).await.unwrap();
    assert!(matches!(refusal(&path), OpenError::InUse { .. }));
    fixture.store.clone().close().await.unwrap();
    Store::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_store_that_is_open_is_not_opened_again_through_a_link() {
    let fixture = Fixture::new();
    let link = fixture.directory.path().join("link.db");
    std::os::unix::fs::symlink(fixture.directory.path().join("baton.db"), &link).unwrap();
    assert!(matches!(refusal(&link), OpenError::InUse { .. }));
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_of_the_store_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut fixture = Fixture::new();
    let path = fixture.directory.path().join("baton.db");
    fixture.store.clone().close().await.unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fixture.store = Store::open(&path).unwrap();
    fixture.store.accept(arrived(1)).await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(fixture.directory.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["baton.db", "baton.db-shm", "baton.db-wal", "baton.db.lock"]);
}

#[tokio::test]
async fn a_file_of_a_newer_schema_is_refused() {
    let fixture = Fixture::new();
    let path = fixture.directory.path().join("baton.db");
    fixture.store.close().await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = refusal(&path);
    let newest = MIGRATIONS.len() as u32;
    let OpenError::NewerSchema { found: 99, known, .. } = error else { panic!("{error}") };
    assert_eq!(known, newest);
}

#[tokio::test]
async fn a_file_of_an_older_schema_is_brought_up_to_date_and_keeps_what_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("baton.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(MIGRATIONS[0]).unwrap();
    connection
        .execute_batch(
            "PRAGMA application_id = 0x4261746e;
             PRAGMA user_version = 1;
             INSERT INTO session (session_id, account_id, project_id, client_env, integration_id,
                                  end_user_id, token_digest, created_at_ms, active_at_ms)
             VALUES ('session-1', 'acme', 'shop', 'live', 'integration', 'user-1', zeroblob(32),
                     1, 2);
             INSERT INTO inbox (delivery_id, account_id, project_id, client_env, integration_id,
                                end_user_id, received_at_ms, outcome, body)
             VALUES ('dead', 'acme', 'shop', 'live', 'integration', 'user-1', 3, 'no_handoff', x'62'),
                    ('shown', 'acme', 'shop', 'live', 'integration', 'user-1', 4, 'appended', NULL),
                    ('lost', 'acme', 'shop', 'live', 'integration', 'nobody', 5,
                     'unknown_session', x'63');",
        )
        .unwrap();
    drop(connection);
    for _ in 0..2 {
        let store = Store::open(&path).unwrap();
        let session = store.session("session-1").await.unwrap().unwrap();
        assert_eq!((session.active_at_ms, session.context_links_revoked), (2, 0));
        let letters = store.dead_letters(DeadLetterFilter::default(), 0, 9).await.unwrap();
        let letters = letters.iter().map(|one| (&*one.about, one.session_id.as_deref()));
        let expected = [("dead", Some("session-1")), ("lost", None)];
        assert_eq!(letters.collect::<Vec<_>>(), expected);
        let (_, content) = store.dead_letter(2).await.unwrap().unwrap();
        assert_eq!(content, DeadLetterContent::Body(b"c".to_vec()));
        let counts = store.dead_letter_counts().await.unwrap();
        assert_eq!(counts.iter().map(|count| count.ever).collect::<Vec<_>>(), [2, 0, 0]);
        store.close().await.unwrap();
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for content in ["Hello".to_owned(), "A letter. ".repeat(1000)] {
        let path = directory.path().join("letter");
        fs::write(&path, &content).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    let path = directory.path().join("somebody.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refusal(&path), OpenError::NotAStore { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_path_that_cannot_be_a_file_is_one_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    for path in [directory.path().to_owned(), directory.path().join("missing/baton.db")] {
        let error = refusal(&path);
        assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        if let Some(source) = error.source() {
            assert!(!source.to_string().is_empty());
        }
    }
}

#[tokio::test]
async fn the_last_handle_dropped_finishes_what_is_queued_and_frees_the_file() {
    let fixture = Fixture::with_sessions(1).await;
    let Fixture { directory, store } = fixture;
    let (block, blocked) = std::sync::mpsc::channel::<()>();
    // Queued behind the block, nobody waits for them, and the handle goes.
    let hold = store.clone();
    let waiting = tokio::spawn(async move { hold.write(move |_| Ok(blocked.recv())).await });
    tokio::task::yield_now().await;
    for number in 0..10 {
        let store = store.clone();
        let accept = tokio::spawn(async move { store.accept(arrived(number)).await });
        tokio::task::yield_now().await;
        accept.abort();
        _ = accept.await;
    }
    drop(store);
    block.send(()).unwrap();
    _ = waiting.await.unwrap().unwrap();

    let path = directory.path().join("baton.db");
    let store = loop {
        match Store::open(&path) {
            Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    assert_eq!(store.pending(0, 100).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_closed_store_answers_closed_and_its_file_alone_is_the_whole_store() {
    let fixture = Fixture::with_sessions(1).await;
    let Fixture { directory, store } = fixture;
    store.accept(arrived(1)).await.unwrap();
    let clone = store.clone();
    store.close().await.unwrap();
    answers_closed(&clone).await;
    clone.close().await.unwrap();

    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("copy.db");
    fs::copy(directory.path().join("baton.db"), &path).unwrap();
    assert_eq!(Store::open(&path).unwrap().pending(0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn invariant_11_a_dead_writer_makes_every_call_answer_closed() {
    let fixture = Fixture::with_sessions(1).await;
    let died = fixture.store.write::<()>(|_| panic!("a defect, for this test")).await;
    assert!(matches!(died, Err(StoreError::Closed)));
    answers_closed(&fixture.store).await;
    fixture.store.clone().close().await.unwrap();
}

async fn answers_closed(store: &Store) {
    let session = &session_id(1);
    let signing_key = SigningKey { id: "id".to_owned(), bytes: [0; 32], created_at_ms: 0 };
    let answers = [
        store.accept(arrived(2)).await.err(),
        store.pending(0, 1).await.err(),
        store.next_delivery(session).await.err(),
        store.append(session, vec![event(1)], None).await.err(),
        store.step(session, crate::Step::default()).await.err(),
        store.settle(1, crate::Settlement::Unreadable).await.err(),
        store.dead_letters(DeadLetterFilter::default(), 0, 1).await.err(),
        store.dead_letter(1).await.err(),
        store.newest_dead_letter().await.err(),
        store.dead_letter_counts().await.err(),
        store.replay_dead_letter(1).await.err(),
        store.discard_dead_letter(1).await.err(),
        store.forget_of_nobody(1, 1).await.err(),
        store.delivery_standing("id").await.err(),
        store.known_deliveries(Vec::new()).await.err(),
        store.unsettled_of_session(session).await.err(),
        store.delivery(1).await.err(),
        store.create_session(crate::testing::new_session(2), events([1])).await.err(),
        store.session(session).await.err(),
        store.revoke_context_links(session).await.err(),
        store.end_session(session, events([2])).await.err(),
        store.event(session, "event-1").await.err(),
        store.events_after(session, 0, 1, 1).await.err(),
        store.last_sequence(session).await.err(),
        store.next_outgoing(session).await.err(),
        store.outgoing_of_message(session, "theirs").await.err(),
        store.handoff(session).await.err(),
        store.sessions_with_work(None, 1).await.err(),
        store.work_counts().await.err(),
        store.work_of_tenants().await.err(),
        store.tenants_with_sessions().await.err(),
        store.give_up_work(&arrived(1).tenant, Counterpart::Genesys, "nobody", 1, 1).await.err(),
        store.shown(session, 1).await.err(),
        store.fail_receipt(failed("lost")).await.err(),
        store.receipts(0, 1).await.err(),
        store.receipt_done(1).await.err(),
        store.remember_channel("client", "channel").await.err(),
        store.forget_channel("client", "channel").await.err(),
        store.channels("client").await.err(),
        store.next_turn(session).await.err(),
        store.session_of_external_id(&arrived(1).tenant, "external").await.err(),
        store.idle_sessions(1, None, 1).await.err(),
        store.forget_sessions(1, 1).await.err(),
        store.recent_events(session, &["kind"], 1, 1).await.err(),
        store.handoff_context(&arrived(1).tenant, ContextBy::Id(session.clone())).await.err(),
        store.session_to_notify("endpoint", 0, BTreeSet::new()).await.err(),
        store.next_notification("endpoint", 1).await.err(),
        store.notified(1).await.err(),
        store.notification_given_up(1, "gone", 7).await.err(),
        store.signing_keys("token").await.err(),
        store.add_signing_key("token", signing_key).await.err(),
        store.forget_signing_keys("token", 1).await.err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(StoreError::Closed)), "{answer:?}");
    }
}
