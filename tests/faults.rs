//! Everything goes wrong at once, over and over: dropped sockets, evicted channels, revoked
//! tokens, bursts of 429 and 5xx, lost and slow answers, webhooks and events twice, late, out of
//! order or never, and a sidecar that is restarted. What was promised holds all the same.
//!
//! `BATON_FAULT_SEED` repeats a run: the scripts and the faults follow from it, though not how
//! they interleave. `BATON_FAULT_HANDOFFS` says how many sessions there are.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{env, net::SocketAddr, sync::Arc, time::Duration};

use baton_simulator::{EventTarget, EventTargetKind};
use baton_tests::{
    API_KEY,
    chance::Chance,
    world::{FIRST_MESSAGE, Setting, World},
};
use serde_json::{Value, json};
use tokio::{
    sync::{RwLock, Semaphore},
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    log::Leaks,
    org::Org,
    story::Story,
    verdict::{sendings, verdict},
    weather::{Weather, spell},
};

#[path = "faults/attendance.rs"]
mod attendance;
#[path = "faults/log.rs"]
mod log;
#[path = "faults/messages.rs"]
mod messages;
#[path = "faults/org.rs"]
mod org;
#[path = "faults/person.rs"]
mod person;
#[path = "faults/story.rs"]
mod story;
#[path = "faults/verdict.rs"]
mod verdict;
#[path = "faults/weather.rs"]
mod weather;

/// How many sessions there are, unless the environment says otherwise.
const SESSIONS: usize = 70;

/// How many of them go on at the same time.
const AT_ONCE: usize = 5;

/// How often the sidecar is restarted.
const RESTARTS: usize = 3;

/// How long it may take until all is settled, once nothing goes wrong any more.
const SETTLING: Duration = Duration::from_secs(25);

/// Where everything is.
pub(crate) struct Scene {
    pub(crate) chat: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) org: Org,
    /// Held while the sidecar is away.
    pub(crate) open: RwLock<()>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_4_and_5_and_6_and_7_and_8_and_9_and_10_and_13_hold_while_everything_goes_wrong()
{
    let leaks = Leaks::watch();
    let mut chance = Chance::seeded_by("BATON_FAULT_SEED");
    let mut world = world().await;
    let scene = Arc::new(Scene {
        chat: world.chat,
        internal: world.internal,
        org: Org(world.genesys.address()),
        open: RwLock::default(),
    });
    let mut weather = Weather::default();
    weather.begin(&world, &mut chance).await;
    let stories = live_through(&mut world, &scene, &mut weather, &mut chance).await;
    Weather::end(&world).await;

    settle(&world, &scene, &stories, &weather).await;
    for story in &stories {
        story.end(&scene).await;
    }
    settle(&world, &scene, &stories, &weather).await;
    check_counters(&scene).await;
    assert_eq!(leaks.lines(), Vec::<String>::new(), "invariant 10");
}

/// The usual world, in which EventBridge tells of events as well.
async fn world() -> World {
    let handoff = format!("{FIRST_MESSAGE}\nagent_name = 'full'\nabandon_after_seconds = 3");
    let setting = Setting { handoff, ..Setting::default() };
    World::start_with(setting, |org| {
        org.event_targets = vec![EventTarget {
            kind: EventTargetKind::EventBridge,
            url: org.webhook_url.replace("/events", "/eventbridge"),
            api_key_header: "x-api-key".to_owned(),
            api_key: API_KEY.to_owned(),
        }];
    })
    .await
}

/// All sessions, some at a time, in bad weather.
async fn live_through(
    world: &mut World,
    scene: &Arc<Scene>,
    weather: &mut Weather,
    chance: &mut Chance,
) -> Vec<Story> {
    let sessions = env::var("BATON_FAULT_HANDOFFS")
        .map_or(SESSIONS, |number| number.parse().expect("BATON_FAULT_HANDOFFS is a number"));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut living = JoinSet::new();
    for number in 1..=sessions {
        let (scene, places, chance) = (Arc::clone(scene), Arc::clone(&places), chance.fork());
        living.spawn(async move {
            let _place = places.acquire().await.expect("it stays open");
            let story = Story::begin(number, &scene).await;
            story.live(&scene, chance).await;
            story
        });
    }
    let mut stories = Vec::new();
    let mut restarts = 0;
    let mut change_at = Instant::now() + spell(chance);
    while stories.len() < sessions {
        tokio::select! {
            Some(story) = living.join_next() => stories.push(story.expect("no panic")),
            () = tokio::time::sleep_until(change_at) => {
                weather.strike(world, chance).await;
                world.switch(json!({ "customer_leg_outlives_agent": chance.once_in(2) })).await;
                change_at = Instant::now() + spell(chance);
            }
        }
        if stories.len() * (RESTARTS + 1) > sessions * (restarts + 1) && restarts < RESTARTS {
            restarts += 1;
            let _away = scene.open.write().await;
            weather.restart(world).await;
        }
    }
    stories.sort_by_key(|story| story.number);
    stories
}

/// Waits until everything is as it has to be, for a bounded time.
async fn settle(world: &World, scene: &Scene, stories: &[Story], weather: &Weather) {
    let deadline = Instant::now() + SETTLING;
    let mut open: Vec<&Story> = stories.iter().collect();
    loop {
        let sendings = sendings(scene).await;
        let mut problems = Vec::new();
        for story in open {
            if let Err(problem) = verdict(story, scene, &sendings, &weather.away).await {
                problems.push((story, problem));
            }
        }
        let Some((story, problem)) = problems.first() else { return };
        if Instant::now() >= deadline {
            let all: Vec<_> =
                problems.iter().map(|(story, problem)| format!("{story}: {problem}")).collect();
            let counters = scene.org.get("/control/v1/counters").await;
            println!("away: {:?}", weather.away);
            panic!("{}\n\n{}\n\n{counters:#}", story.told(scene).await, all.join("\n"));
        }
        println!("{} sessions are not settled, {story}: {problem}", problems.len());
        open = problems.into_iter().map(|(story, _)| story).collect();
        // What a lost webhook swallowed is looked for when a conversation is read.
        sleep(Duration::from_secs(3)).await;
        world.strike(json!({ "fault": "close_sockets", "code": 1012 })).await;
    }
}

/// Invariant 9, as Genesys counted.
async fn check_counters(scene: &Scene) {
    let counters = scene.org.get("/control/v1/counters").await;
    println!("{counters:#}");
    let client = baton_simulator::DEFAULT_CLIENT_ID;
    assert_eq!(counters["token_requests"][client]["most_in_flight"], 1, "{counters:#}");
    // All of them fit on one.
    assert_eq!(counters["channels"][client]["most"], 1, "{counters:#}");
    assert_eq!(counters["unknown_fields"], Value::Object(Default::default()));
}
