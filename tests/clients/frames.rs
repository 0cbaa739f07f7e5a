//! Each sample of a server's frame is sent in some scene, or says why it is not; each ladder is
//! played; and each sample of a client's frame is answered.
//!
//! `corpus/messaging-api` has the samples, which were re-typed from PolyAI's own documentation,
//! tests and decoders, and beside each what becomes of it here.

use std::{collections::HashMap, fs, path::Path, sync::LazyLock};

use baton_tests::{
    chat::{Session, Socket},
    sdk::{Screen, decode::decode},
    wait::until,
};
use futures_util::future::join_all;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use crate::{
    likeness::{Sample, at, without},
    scenes::{SCENES, play},
    stage::{Stage, Way},
};

/// A sample of a client's frame, and the types with which it is answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSample {
    file: String,
    frame: Value,
    answers: Vec<String>,
}

/// The order of a handoff's frames.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ladder {
    ladder: String,
    /// The samples of the frames.
    frames: Vec<String>,
    /// The samples by which it shows who has the chat after it, if somebody has.
    speaks_next: Vec<String>,
    /// Whether an app shows the chat as ended after it.
    has_ended: bool,
    /// The scene in which it is played.
    played_in: String,
    /// Types that come between as well, and why.
    #[serde(default)]
    further: Map<String, Value>,
}

fn samples<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/messaging-api");
    let text = fs::read_to_string(folder.join(file)).expect("the samples");
    serde_json::from_str(&text).expect("samples")
}

/// What the clients of all scenes have seen: they are played once.
async fn scenes() -> &'static HashMap<&'static str, Screen> {
    static PLAYED: LazyLock<OnceCell<HashMap<&str, Screen>>> = LazyLock::new(OnceCell::new);
    let play_all = async || {
        let played = SCENES.map(async |scene| (scene, play(scene).await));
        join_all(played).await.into_iter().collect()
    };
    PLAYED.get_or_init(play_all).await
}

#[test]
fn the_scripted_client_reads_each_sample_as_polyais_own_does() {
    for sample in samples::<Sample>("frames.json") {
        let Sample { file, frame, read_as, .. } = &sample;
        let decoded = decode(&frame.to_string());
        assert_eq!(read_as["n"], decoded.len(), "{file}");
        let names: Vec<&str> = decoded.iter().map(|event| event.name).collect();
        if let Some(order) = read_as.get("order") {
            assert_eq!(*order, Value::from(names), "{file}");
        }
        for (path, expected) in sample.readings() {
            let reading = decoded[0].reading();
            assert_eq!(at(&reading, path).unwrap_or(&Value::Null), expected, "{file}: {path}");
        }
    }
}

#[test]
fn a_frame_that_lacks_anything_of_its_sample_is_not_like_it() {
    for sample in samples::<Sample>("frames.json").iter().filter(|one| one.sent_in.is_some()) {
        let ours = without(&sample.frame, &sample.leaves_out);
        assert_eq!(sample.difference(&ours), None, "{}", sample.file);
        for worse in worsened(&ours) {
            assert_ne!(sample.difference(&worse), None, "{}: {worse}", sample.file);
        }
    }
}

/// The same in all ways in which one thing of it is missing, or is empty.
fn worsened(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| {
                let with = |member: Option<Value>| {
                    let mut members = members.clone();
                    members.shift_remove(name);
                    members.extend(member.map(|member| (name.clone(), member)));
                    Value::Object(members)
                };
                // A null means the same as nothing.
                let gone = (!member.is_null()).then(|| with(None));
                gone.into_iter().chain(worsened(member).into_iter().map(move |one| with(Some(one))))
            })
            .collect(),
        Value::Array(list) if !list.is_empty() => {
            let worse_at = |place: usize| {
                let put = move |worse: Value| {
                    let mut list = list.clone();
                    list[place] = worse;
                    Value::Array(list)
                };
                worsened(&list[place]).into_iter().map(put)
            };
            (0..list.len()).flat_map(worse_at).chain([Value::Array(Vec::new())]).collect()
        }
        Value::String(text) if !text.is_empty() => vec!["".into(), Value::Null],
        Value::Number(_) | Value::Bool(_) => vec![Value::Null],
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_frame_that_a_server_can_send_is_sent_in_the_shape_that_the_sdks_read() {
    let scenes = scenes().await;
    for sample in samples::<Sample>("frames.json") {
        let Sample { file, frame, sent_in, never_sent, .. } = &sample;
        let scene = match (sent_in, never_sent) {
            (Some(scene), None) => scene,
            (None, Some(_)) => continue,
            _ => panic!("{file}: it is either sent or not, and one has to be said"),
        };
        let seen = &scenes.get(&**scene).unwrap_or_else(|| panic!("{file}: no {scene}")).frames;
        let of_its_type = seen.iter().filter(|one| one["type"] == frame["type"]);
        let differences: Vec<_> = of_its_type.map(|ours| sample.difference(ours)).collect();
        assert!(differences.contains(&None), "{file}: {differences:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ladder_of_a_handoff_is_played_in_its_order() {
    let scenes = scenes().await;
    let samples: HashMap<String, Sample> =
        samples("frames.json").into_iter().map(|one: Sample| (one.file.clone(), one)).collect();
    for one in self::samples("ladders.json") {
        let Ladder { ladder, frames, speaks_next, has_ended, played_in, further } = one;
        let rungs: Vec<&Sample> =
            frames.iter().chain(&speaks_next).map(|file| &samples[file]).collect();
        let words: Vec<&str> = rungs.iter().map(|rung| word(&rung.frame)).collect();
        let screen = &scenes[&*played_in];
        let told = screen.frames.iter().filter(|frame| words.contains(&word(frame)));
        let told: Vec<&Value> = told.collect();
        // What comes before the first rung is the chat with the bot.
        let handoff = |kinds: &[&str]| kinds.iter().position(|kind| *kind == TRIGGERED);
        let seen: Vec<&str> = told.iter().map(|frame| word(frame)).collect();
        let begin = handoff(&seen).expect("a handoff") - handoff(&words).expect("a handoff");
        assert_eq!(seen[begin..], words, "{ladder}");
        for (rung, ours) in rungs.iter().zip(&told[begin..]) {
            assert_eq!(rung.difference(ours), None, "{ladder}: {}", rung.file);
        }
        assert_eq!(screen.has_ended, has_ended, "{ladder}");
        assert_ne!(has_ended, !speaks_next.is_empty(), "{ladder}: who speaks next");
        assert_eq!(screen.joins, 1, "{ladder}: the bot is asked for once");
        for kind in further.keys() {
            let comes = screen.frames.iter().any(|frame| word(frame) == kind);
            assert!(comes, "{ladder}: {kind} does not come");
        }
    }
}

const TRIGGERED: &str = "POLY_AGENT_TRIGGERED_HANDOFF";

/// The type without what all types begin with.
fn word(frame: &Value) -> &str {
    frame["type"].as_str().expect("a type").strip_prefix("EVENT_TYPE_").expect("a type")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_frame_of_a_client_is_answered_as_it_is_documented() {
    let stage = Stage::set(Way::Direct).await;
    for ClientSample { file, frame, answers } in samples("client-frames.json") {
        let session = Session::make(stage.address()).await;
        let mut socket = Socket::open(stage.address(), &session).await;
        assert_eq!(word(&socket.event().await), "SESSION_START");
        let (payload, metadata) = (frame["payload"].clone(), frame.get("metadata").cloned());
        socket.send(frame["type"].as_str().expect("a type"), payload, metadata.clone()).await;
        let mut answered = Vec::new();
        while answered.len() < answers.len() {
            answered.push(socket.event().await);
        }
        // What passes has no place among what is kept.
        answered.sort_by_key(|event| word(event) == "POLY_AGENT_THINKING");
        let mut expected = answers;
        expected.sort_by_key(|word| word == "POLY_AGENT_THINKING");
        assert_eq!(answered.iter().map(word).collect::<Vec<_>>(), expected, "{file}");
        if let Some(first) = answered.first() {
            assert_eq!(first.get("metadata"), metadata.as_ref(), "{file}");
        }
        if word(&frame) != "USER_END_SESSION" {
            socket.send_heartbeat().await;
            assert_eq!(word(&socket.event().await), "HEARTBEAT", "{file}: nothing more");
        }
    }
    until("the bot", async || (stage.said_to_bot().len() == 3).then_some(())).await;
}
