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
    scenes::{SCENES, play},
    stage::{Stage, Way},
};

/// A sample of a server's frame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    file: String,
    frame: Value,
    /// What PolyAI's decoder makes of it.
    read_as: Map<String, Value>,
    /// The scene that brings one like it.
    sent_in: Option<String>,
    /// Members that ours has not, and why.
    #[serde(default)]
    leaves_out: Map<String, Value>,
    /// Why there is none like it.
    never_sent: Option<String>,
}

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
    for Sample { file, frame, read_as, .. } in samples("frames.json") {
        let decoded = decode(&frame.to_string());
        assert_eq!(read_as["n"], decoded.len(), "{file}");
        let names: Vec<&str> = decoded.iter().map(|event| event.name).collect();
        if let Some(order) = read_as.get("order") {
            assert_eq!(*order, Value::from(names), "{file}");
        }
        for (path, expected) in
            read_as.iter().filter(|(path, _)| !["n", "order"].contains(&&***path))
        {
            let reading = decoded[0].reading();
            let found = reading.pointer(&format!("/{}", path.replace('.', "/")));
            assert_eq!(found.unwrap_or(&Value::Null), expected, "{file}: {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_frame_that_a_server_can_send_is_sent_in_the_shape_that_the_sdks_read() {
    let scenes = scenes().await;
    for sample in samples::<Sample>("frames.json") {
        let Sample { file, frame, read_as, sent_in, leaves_out, never_sent } = sample;
        let scene = match (sent_in, never_sent) {
            (Some(scene), None) => scene,
            (None, Some(_)) => continue,
            _ => panic!("{file}: it is either sent or not, and one has to be said"),
        };
        let seen = &scenes.get(&*scene).unwrap_or_else(|| panic!("{file}: no {scene}")).frames;
        let of_its_type: Vec<&Value> =
            seen.iter().filter(|one| one["type"] == frame["type"]).collect();
        let compared = of_its_type.iter().map(|one| difference(&frame, one, &leaves_out));
        let differences: Vec<Option<String>> = compared.collect();
        let place = differences.iter().position(Option::is_none);
        let like_it = of_its_type[place.unwrap_or_else(|| panic!("{file}: {differences:?}"))];
        let decoded = decode(&like_it.to_string());
        assert!(Value::from(decoded.len()).as_u64() >= read_as["n"].as_u64(), "{file}: {like_it}");
        if let Some(name) = read_as.get("ev") {
            assert_eq!(*name, decoded[0].name, "{file}");
        }
        for left_out in leaves_out.keys().filter(|key| *key != "sequence") {
            let key = format!("\"{left_out}\":");
            assert!(!like_it.to_string().contains(&key), "{file}: {left_out} is there");
        }
    }
}

/// What a frame of ours has not, or has of another kind than the sample. What it has beside is of
/// no interest to a client.
fn difference(sample: &Value, ours: &Value, left_out: &Map<String, Value>) -> Option<String> {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            // No sequence and a null one are the same.
            let is_numbered =
                |frame: &Map<String, Value>| frame.get("sequence").is_some_and(Value::is_u64);
            let expected = is_numbered(sample) && !left_out.contains_key("sequence");
            if sample.contains_key("timestamp") && expected != is_numbered(ours) {
                return Some("the sequence".to_owned());
            }
            let there =
                |(key, _): &(&String, &Value)| *key != "sequence" && !left_out.contains_key(*key);
            sample.iter().filter(there).find_map(|(key, sample)| match ours.get(key) {
                None => Some(format!("{key} is missing")),
                Some(ours) if is_word(key) && sample != ours => Some(format!("{key} is {ours}")),
                Some(ours) => difference(sample, ours, left_out),
            })
        }
        (Value::Array(sample), Value::Array(ours)) => sample.iter().find_map(|sample| {
            let fits = |ours: &&Value| difference(sample, ours, left_out).is_none();
            ours.iter().find(fits).is_none().then(|| format!("nothing is like {sample}"))
        }),
        _ => {
            let kind = std::mem::discriminant::<Value>;
            (kind(sample) != kind(ours)).then(|| format!("{ours} stands for {sample}"))
        }
    }
}

/// Whether it is a word of the protocol, which has to be the same.
fn is_word(key: &str) -> bool {
    ["type", "level", "state", "content_type"].contains(&key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ladder_of_a_handoff_is_played_in_its_order() {
    let scenes = scenes().await;
    let samples: HashMap<String, Value> =
        samples::<Sample>("frames.json").into_iter().map(|one| (one.file, one.frame)).collect();
    for Ladder { ladder, frames, has_ended, played_in, further } in self::samples("ladders.json") {
        let rungs: Vec<&str> = frames.iter().map(|file| word(&samples[file])).collect();
        let screen = &scenes[&*played_in];
        let is_told = |kind: &&str| rungs.contains(kind) || further.contains_key(*kind);
        let seen: Vec<&str> = screen.frames.iter().map(word).filter(is_told).collect();
        // What comes before the first rung is the chat with the bot.
        let handoff = |kinds: &[&str]| kinds.iter().position(|kind| *kind == TRIGGERED);
        let begin = handoff(&seen).expect("a handoff") - handoff(&rungs).expect("a handoff");
        let is_rung = |kind: &&str| !further.contains_key(*kind);
        let played: Vec<&str> = seen[begin..].iter().copied().filter(is_rung).collect();
        assert_eq!(played, rungs, "{ladder}: {seen:?}");
        assert_eq!(screen.has_ended, has_ended, "{ladder}");
        for kind in further.keys() {
            assert!(seen.contains(&kind.as_str()), "{ladder}: {kind} does not come");
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
