//! What goes wrong at one place stays there, or ends the process; nothing goes wrong unnoticed.

use std::sync::{
    Arc, Mutex,
    mpsc::{Receiver, channel},
};

use baton_core::id::Id;
use baton_sidecar::Random;
use serde_json::{Value, json};

use crate::harness::{Chat, Running, TOKEN, delivery, message, tamper, text_of, typing};

/// Makes every append to the session's log fail.
fn block_log(sidecar: &Running, chat: &Chat) {
    let session_id = &chat.session_id;
    sidecar.tamper(&format!(
        "CREATE TRIGGER blocked BEFORE INSERT ON event
         WHEN new.session = (SELECT number FROM session WHERE session_id = '{session_id}')
         BEGIN SELECT RAISE(ABORT, 'blocked by a test'); END"
    ));
}

/// The outcome that is kept beside the delivery, and whether its body is.
fn kept(directory: &tempfile::TempDir, delivery: &Value) -> (String, bool) {
    let path = crate::harness::store_path(directory);
    let query = "
        SELECT outcome, EXISTS (SELECT 1 FROM dead_letter WHERE about = delivery_id)
        FROM inbox WHERE delivery_id = ?1";
    let id = [delivery["id"].as_str().unwrap()];
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row(query, id, |row| row.try_into()).unwrap()
}

#[tokio::test]
async fn invariant_4_and_5_a_session_whose_log_fails_holds_up_no_other_and_gets_all_later() {
    let sidecar = Running::start().await;
    let (blocked, healthy) = (sidecar.session().await, sidecar.session().await);
    let mut blocked_socket = sidecar.live_socket(&blocked).await;
    let mut healthy_socket = sidecar.live_socket(&healthy).await;
    block_log(&sidecar, &blocked);
    for number in 0..100 {
        sidecar.say(&blocked, &format!("late {number}")).await;
        sidecar.say(&healthy, &format!("{number}")).await;
        assert_eq!(text_of(&healthy_socket.frame().await), number.to_string());
    }
    sidecar.tamper("DROP TRIGGER blocked");
    sidecar.say(&blocked, "late 100").await;
    for number in 0..=100 {
        let event = blocked_socket.frame().await;
        assert_eq!(text_of(&event), format!("late {number}"));
        assert_eq!(event["sequence"], number + 2);
    }
}

#[tokio::test]
async fn a_delivery_whose_id_is_damaged_holds_up_none_that_follows() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    block_log(&sidecar, &chat);
    sidecar.say(&chat, "damaged").await;
    let directory = sidecar.stop().await;
    tamper(&directory, "DROP TRIGGER blocked; UPDATE inbox SET delivery_id = 'damaged'");
    assert_eq!(socket.close_code().await, 1012);

    let sidecar = Running::start_as(directory, |sidecar| sidecar).await;
    sidecar.say(&chat, "next").await;
    let mut socket = sidecar.socket_after(&chat, "1").await;
    let mut events = socket.batch().await;
    while events.last().is_none_or(|event| text_of(event) != "next") {
        events.push(socket.frame().await);
    }
    assert_eq!(events.iter().map(text_of).collect::<Vec<_>>(), ["damaged", "next"]);
}

#[tokio::test]
async fn a_look_up_that_fails_holds_up_nobody_and_is_tried_again() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    sidecar.tamper("ALTER TABLE session RENAME TO hidden");
    sidecar.say(&chat, "one").await;
    sidecar.say(&chat, "two").await;
    sidecar.tamper("ALTER TABLE hidden RENAME TO session");
    assert_eq!(text_of(&socket.frame().await), "one");
    assert_eq!(text_of(&socket.frame().await), "two");
}

#[tokio::test]
async fn a_sidecar_whose_store_is_dead_ends_and_says_why() {
    let sidecar = Running::start().await;
    sidecar.session().await;
    sidecar.store.clone().close().await.unwrap();
    let error = sidecar.ended().await.unwrap_err();
    assert!(error.to_string().contains("dispatcher"), "{error}");
}

/// Chance that fails its caller on demand: it says that it was asked, waits to be let go, and
/// panics.
#[derive(Default)]
struct Trap(Mutex<Option<(tokio::sync::oneshot::Sender<()>, Receiver<()>)>>);

impl Trap {
    fn spring(&self) {
        let armed = self.0.lock().unwrap().take();
        if let Some((reached, go_on)) = armed {
            reached.send(()).unwrap();
            go_on.recv().unwrap();
            panic!("a defect, for this test");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invariant_4_what_waits_for_an_actor_that_dies_reaches_the_log_all_the_same() {
    let trap = Arc::new(Trap::default());
    let random = Random::new({
        let trap = Arc::clone(&trap);
        move |bytes| {
            trap.spring();
            Random::system().bytes::<32>().map(|random| {
                bytes.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
            })
        }
    });
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_random(random)).await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let (reached, is_reached) = tokio::sync::oneshot::channel();
    let (go_on, waits) = channel();
    *trap.0.lock().unwrap() = Some((reached, waits));
    sidecar.deliver(&typing(&chat.end_user_id, None, 60_000)).await;
    is_reached.await.unwrap();
    sidecar.say(&chat, "one").await;
    sidecar.say(&chat, "two").await;
    go_on.send(()).unwrap();
    // The socket goes with the actor, and its client comes again.
    socket.close_code().await;
    let mut socket = sidecar.socket_after(&chat, "1").await;
    let mut events = socket.batch().await;
    while events.len() < 2 {
        events.push(socket.frame().await);
    }
    assert_eq!(events.iter().map(text_of).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn events_of_an_unknown_type_pass_and_what_is_no_event_takes_no_other_with_it() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let known = message(&chat.end_user_id, "known")["data"]["events"][0].clone();
    let unknown = json!({
        "id": Id::of_parts(&[b"unknown"]),
        "type": "EVENT_TYPE_OF_A_LATER_VERSION",
        "payload": {"of": {"any": ["shape"]}},
        "more": 1,
    });
    let mut mixed = delivery(
        &chat.end_user_id,
        "mixed",
        json!([
            unknown,
            7,
            {"type": "EVENT_TYPE_X", "payload": {}},
            {"id": "a", "type": "X", "payload": {}},
            {"id": "b", "type": "EVENT_TYPE_X", "payload": []},
            {"id": "c", "type": "EVENT_TYPE_LIVE_AGENT_TYPING", "payload": {"state": "LATER"}},
            known,
        ]),
    );
    mixed["data"]["lifecycle"] = json!([{"of": "a later version"}]);
    mixed["data"]["of_a_later_version"] = json!({});
    assert_eq!(sidecar.deliver(&mixed).await, "stored");
    let event = socket.frame().await;
    assert_eq!(event["type"], "EVENT_TYPE_OF_A_LATER_VERSION");
    assert_eq!((&event["id"], &event["payload"]), (&unknown["id"], &unknown["payload"]));
    assert_eq!(text_of(&socket.frame().await), "known");
}

#[tokio::test]
async fn what_reached_nobody_is_kept_for_an_operator() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let unreadable = delivery(&chat.end_user_id, "unreadable", json!([7]));
    let stranger = message("baton-nobody", "stranger");
    let mut not_configured = message(&chat.end_user_id, "not configured");
    not_configured["data"]["tenant"]["account_id"] = "nobody".into();
    let mut of_another = message(&chat.end_user_id, "of another");
    of_another["data"]["genesys"]["integration_id"] = "integration-other".into();
    let nothing = delivery(&chat.end_user_id, "nothing", json!([]));
    let shown = message(&chat.end_user_id, "shown");
    // Those of no session come first: they are settled before the session's actor is woken.
    let all = [&stranger, &not_configured, &of_another, &unreadable, &nothing, &shown];
    for delivery in all {
        assert_eq!(sidecar.deliver(delivery).await, "stored");
    }
    assert_eq!(text_of(&socket.frame().await), "shown");
    let directory = sidecar.stop().await;
    let kept = all.map(|delivery| kept(&directory, delivery));
    let expected = [
        ("unknown_session", true),
        ("not_configured", true),
        ("not_configured", true),
        ("unreadable", true),
        ("nothing_to_show", false),
        ("appended", false),
    ];
    assert_eq!(kept, expected.map(|(outcome, body)| (outcome.to_owned(), body)));
}

#[tokio::test]
async fn a_session_that_cannot_be_created_is_refused_in_the_words_that_clients_know() {
    let sidecar = Running::start().await;
    let token = sidecar.access_token(TOKEN, "www.example.com").await;
    sidecar.tamper("ALTER TABLE session RENAME TO gone");
    let refused = sidecar.sessions_request().bearer_auth(&token).send().await.unwrap();
    assert_eq!(refused.status(), 500);
    let body: Value = refused.json().await.unwrap();
    // Clients read `message` first; the documentation has the other text.
    let expected =
        json!({"message": "Error creating session", "error": "Failed to create session"});
    assert_eq!(body, expected);
}
