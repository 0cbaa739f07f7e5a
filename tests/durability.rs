//! What was promised stands after the process is killed, and after the power is cut.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use baton_tests::{
    chance::Chance,
    chat::{Session, Socket, sequence_of, text_of},
    process::{Home, Process},
    sidecar::end_user_id,
};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    disk::{Disk, Survives, look},
    operations::{LOG, Operation, Recorder, operations},
    promises::{Ledger, Promises, check_order},
    stream::{Connection, Delivery, Post, Sent, Sizes, Stream, delivery, gate},
    watcher::Watcher,
};

#[path = "durability/disk.rs"]
mod disk;
#[path = "flaws/durability.rs"]
mod flaws;
#[path = "durability/operations.rs"]
mod operations;
#[path = "durability/promises.rs"]
mod promises;
#[path = "durability/stream.rs"]
mod stream;
#[path = "durability/watcher.rs"]
mod watcher;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the process is killed.
const KILLS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_3_and_4_a_kill_in_the_middle_of_a_stream_of_deliveries_loses_none_that_was_answered_200_and_doubles_none()
 {
    let mut chance = Chance::seeded_by("BATON_SEED");
    let mut home = Home::new();
    let mut process = home.start().await;
    let session = Session::make(process.place.chat).await;
    let end_user_id = end_user_id(process.place.internal, &session.id).await;
    let watcher = Watcher::begin(process.place, &session);
    let mut stream = Stream::begin(process.place, &end_user_id, Sizes::Small, &mut chance);

    for _ in 0..KILLS {
        stream.progress(chance.pick(0..60)).await;
        sleep(Duration::from_micros(chance.pick(0..10_000) as u64)).await;
        process.kill().await;
        process = home.start().await;
        watcher.move_to(process.place);
        stream.move_to(process.place);
    }
    stream.progress(20).await;
    let sent = stream.end().await;

    let log = log_with(process.place.chat, &session, &sent).await;
    process.kill().await;
    let seen = watcher.end().await;
    assert!(seen.len() > KILLS, "the client saw the stream");
    assert_eq!(seen, log[..seen.len()], "what was seen live stands as it was seen");
    assert_holds_each_once(&log, &sent);
}

/// The whole log of the session as a client reads it that knows nothing of it, once it holds
/// everything that was answered.
async fn log_with(chat: SocketAddr, session: &Session, sent: &[Sent]) -> Vec<Value> {
    let answered = sent.iter().map(|sent| sent.answered.len()).sum::<usize>();
    let last = u64::try_from(answered).expect("a number") + 1;
    let mut socket = Socket::open(chat, session).await;
    let mut log = socket.events_until(|event| sequence_of(event) == Some(last)).await;
    // What stands there too often would come now.
    while let Ok(Some(event)) =
        tokio::time::timeout(Duration::from_millis(500), socket.next()).await
    {
        log.push(event);
    }
    log
}

/// Each message that was answered 200 is there once, in the order of its sender, and nothing
/// else but the session's start.
fn assert_holds_each_once(log: &[Value], sent: &[Sent]) {
    let numbers: Vec<_> = log.iter().filter_map(sequence_of).collect();
    assert_eq!(numbers, (1..).take(log.len()).collect::<Vec<u64>>(), "no gap and no double");
    let places: HashMap<&str, usize> =
        log.iter().enumerate().map(|(place, event)| (text_of(event), place)).collect();
    let answered: usize = sent.iter().map(|sent| sent.answered.len()).sum();
    assert_eq!((places.len(), log.len()), (answered + 1, answered + 1));
    for sent in sent {
        let mut before = 0;
        for Delivery { text, event_id, .. } in &sent.answered {
            let place = *places.get(&**text).unwrap_or_else(|| panic!("{text} is lost"));
            assert!(place > before, "{text} stands before what was answered before it was sent");
            assert_eq!(log[place]["id"], **event_id, "{text}");
            before = place;
        }
    }
}

/// How often the process is killed just before it syncs, in one run.
const KILLS_BEFORE_A_SYNC: usize = 8;

/// At how many points the power is cut.
const CUTS: usize = 50;

/// What processes did that were killed again and again, and what clients were told meanwhile.
struct Run {
    records: Vec<Vec<u8>>,
    sent: Vec<Sent>,
    session: Session,
}

/// A stream of deliveries over processes that die before a sync, and one that stops in order.
async fn run(chance: &mut Chance) -> Run {
    let mut home = Home::new();
    let recorder = Recorder::build(&home);
    let environment = recorder.environment(&home);
    let process = home.try_start(&environment).await.expect("it starts");
    let session = Session::make(process.place.chat).await;
    let end_user_id = end_user_id(process.place.internal, &session.id).await;
    let watcher = Watcher::begin(process.place, &session);
    let mut stream = Stream::begin(process.place, &end_user_id, Sizes::Mixed, chance);
    stream.progress(50).await;
    process.stop().await;

    let mut deaths = 0;
    while deaths < KILLS_BEFORE_A_SYNC {
        let sync = ("DISK_DIE_BEFORE_SYNC", chance.pick(1..40).to_string());
        let environment = [&recorder.environment(&home)[..], &[sync]].concat();
        // The first sync is part of the start.
        if let Some(process) = home.try_start(&environment).await {
            watcher.move_to(process.place);
            stream.move_to(process.place);
            process.ended().await;
        }
        deaths += 1;
    }

    let environment = recorder.environment(&home);
    let process = home.try_start(&environment).await.expect("it starts");
    watcher.move_to(process.place);
    stream.move_to(process.place);
    // Enough to fill SQLite's log until it goes into the main file.
    stream.progress(500).await;
    let sent = stream.end().await;
    process.stop().await;
    watcher.end().await;
    let records = recorder.records(&home);
    let mut disk = Disk::new();
    operations(&records).iter().for_each(|operation| disk.run(operation));
    assert!(disk.now() == look(&home.disk()), "the records tell all that became of the files");
    Run { records, sent, session }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(target_os = "linux"), ignore = "what a process does is recorded on Linux only")]
async fn invariant_3_and_5_what_was_answered_or_shown_survives_a_power_cut_at_any_moment() {
    let mut chance = Chance::seeded_by("BATON_SEED");
    let Run { records, sent, session } = run(&mut chance).await;
    let ledger = Ledger::new(&sent);
    let operations = operations(&records);
    assert_goes_into_the_main_file(&operations);

    check_order(&operations, &ledger).expect("an answer waits for its sync");
    for survives in [Survives::Nothing, Survives::TheFirst, Survives::Some] {
        let cuts = cut(&operations, &ledger, &session, survives, &mut chance).await;
        cuts.unwrap_or_else(|problem| panic!("{survives:?}: {problem}"));
    }

    // The checks find the flaw that they are made for.
    let never_synced: Vec<_> = operations
        .into_iter()
        .filter(|operation| !matches!(operation, Operation::Synced { file: LOG, .. }))
        .collect();
    check_order(&never_synced, &ledger).expect_err("no sync, no promise");
    let cuts = cut(&never_synced, &ledger, &session, Survives::Nothing, &mut chance).await;
    let problem = cuts.expect_err("what was not synced is lost");
    // What is missed first, an answer or an event, depends on where the power is cut.
    let kinds = ["was answered 200 and is lost", "was shown as"];
    assert!(kinds.iter().any(|kind| problem.contains(kind)), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(target_os = "linux"), ignore = "what a process does is recorded on Linux only")]
async fn invariant_3_what_a_killed_process_did_not_sync_is_synced_before_its_repetition_is_answered()
 {
    let mut scene = Scene::set().await;
    // The large one keeps the next process busy before it comes to the small one.
    let large = scene.delivery(&"more ".repeat(80_000));
    let small = scene.delivery("small");
    scene.start_to_die_holding(&small.id).await;
    assert_eq!(scene.post(&large).await, Some(200));
    assert_eq!(scene.post(&small).await, None, "it dies before it answers");

    scene.start().await;
    assert_eq!(scene.post(&small).await, Some(200));
    let sent = [Sent { answered: vec![large, small], posts: scene.posts.clone() }];
    let order = scene.end(&sent).await;
    order.expect("the repetition waits for a sync");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(target_os = "linux"), ignore = "what a process does is recorded on Linux only")]
async fn invariant_5_what_a_killed_process_did_not_sync_is_synced_before_it_is_shown() {
    let mut scene = Scene::set().await;
    let message = scene.delivery("hello");
    // The word that the store puts beside a delivery in the step that puts its event in the log.
    scene.start_to_die_holding("appended").await;
    // The death in that step may overtake the answer to the step before.
    scene.post(&message).await;

    scene.start().await;
    let mut socket = Socket::open(scene.chat(), &scene.session).await;
    socket.events_until(|event| text_of(event) == "hello").await;
    assert_eq!(scene.post(&message).await, Some(200));
    let sent = [Sent { answered: vec![message], posts: scene.posts.clone() }];
    let order = scene.end(&sent).await;
    order.expect("the client waits for a sync");
}

/// A session, and one process after the other. What one wrote and did not sync is there for the
/// next as long as the power stays; that must not rely on it.
struct Scene {
    home: Home,
    recorder: Recorder,
    process: Option<Process>,
    session: Session,
    end_user_id: String,
    posts: Vec<Post>,
}

impl Scene {
    async fn set() -> Self {
        let mut home = Home::new();
        let recorder = Recorder::build(&home);
        let process = home.try_start(&recorder.environment(&home)).await.expect("it starts");
        let session = Session::make(process.place.chat).await;
        let end_user_id = end_user_id(process.place.internal, &session.id).await;
        process.stop().await;
        Self { home, recorder, process: None, session, end_user_id, posts: Vec::new() }
    }

    fn delivery(&self, text: &str) -> Delivery {
        delivery(&gate(), &self.end_user_id, text)
    }

    /// Starts a process that is killed before the first sync after it has written this text.
    async fn start_to_die_holding(&mut self, text: &str) {
        let deadly = ("DISK_DIE_HOLDING", text.to_owned());
        let environment = [&self.recorder.environment(&self.home)[..], &[deadly]].concat();
        self.process = self.home.try_start(&environment).await;
    }

    /// Starts a process, once the one before has died.
    async fn start(&mut self) {
        self.process.take().expect("a process").ended().await;
        self.process = self.home.try_start(&self.recorder.environment(&self.home)).await;
    }

    fn chat(&self) -> SocketAddr {
        self.process.as_ref().expect("a process").place.chat
    }

    /// The status with which the process answers, if it does.
    async fn post(&mut self, delivery: &Delivery) -> Option<u16> {
        let place = self.process.as_ref().expect("a process").place;
        let mut connection = Connection::open(place).await.expect("it listens");
        connection.post(delivery, &mut self.posts).await.ok()
    }

    /// Stops the process, and says whether clients were told anything too early.
    async fn end(self, sent: &[Sent]) -> Result<(), String> {
        self.process.expect("a process").stop().await;
        let records = self.recorder.records(&self.home);
        check_order(&operations(&records), &Ledger::new(sent))
    }
}

/// Cuts the power at many points of a run, and says what is not as it was promised.
async fn cut(
    operations: &[Operation<'_>],
    ledger: &Ledger<'_>,
    session: &Session,
    survives: Survives,
    chance: &mut Chance,
) -> Result<(), String> {
    let mut disk = Disk::new();
    let mut promises = Promises::default();
    let one_in = operations.len().div_ceil(CUTS);
    for (place, operation) in operations.iter().enumerate() {
        disk.run(operation);
        promises.note(operation, ledger);
        if chance.once_in(one_in) {
            let image = disk.after_a_cut(survives, chance);
            let stands = promises.stand_in(&image, session, ledger).await;
            stands.map_err(|problem| format!("after call {place}: {problem}"))?;
        }
    }
    Ok(())
}

/// The run is long enough to show what it is to show.
fn assert_goes_into_the_main_file(operations: &[Operation<'_>]) {
    let writes = |name: &str| {
        let to = |operation: &&Operation<'_>| matches!(operation, Operation::Write { file, .. } if *file == name);
        operations.iter().filter(to).count()
    };
    let (log, main_file) = (writes(LOG), writes("baton.db"));
    assert!(log > 4096 && main_file > 1000, "{log} writes to the log, {main_file} to the file");
}
