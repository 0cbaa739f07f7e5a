//! The history (Messaging API, 5.1, 5.2 and 11).

use baton_sidecar::Limits;
use serde_json::{Value, json};

use crate::harness::{Running, text_of};

#[tokio::test]
async fn invariant_14_a_long_history_comes_in_batches_of_at_most_50_in_order_and_without_gap() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut watching = sidecar.live_socket(&chat).await;
    for number in 0..119 {
        sidecar.say(&chat, &number.to_string()).await;
    }
    let mut live = Vec::new();
    for _ in 0..119 {
        live.push(watching.frame().await);
    }

    let mut socket = sidecar.socket(&chat).await;
    let mut replayed = Vec::new();
    for _ in 0..3 {
        let batch = socket.batch().await;
        assert!(batch.len() <= 50, "{}", batch.len());
        replayed.extend(batch);
    }
    let sequences: Vec<u64> =
        replayed.iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=120).collect::<Vec<u64>>());
    assert_eq!(replayed[1..], live);

    // What comes now comes alone, and right after the history.
    sidecar.say(&chat, "live").await;
    assert_eq!(text_of(&socket.frame().await), "live");
}

#[tokio::test]
async fn invariant_5_nothing_falls_between_replay_and_live() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let saying = async {
        for number in 0..100 {
            sidecar.say(&chat, &number.to_string()).await;
        }
    };
    let listening = async {
        for _ in 0..10 {
            let mut socket = sidecar.socket(&chat).await;
            let mut seen: Vec<Value> = Vec::new();
            while seen.len() < 101 {
                let mut frame = socket.frame().await;
                if frame["type"] == "EVENT_TYPE_EVENT_BATCH" {
                    let batch = frame["payload"]["events"].take();
                    seen.extend(batch.as_array().unwrap().iter().cloned());
                } else {
                    seen.push(frame);
                }
            }
            for (event, sequence) in seen.iter().zip(1_u64..) {
                assert_eq!(event["sequence"], sequence);
            }
        }
    };
    tokio::join!(saying, listening);
}

#[tokio::test]
async fn invariant_14_the_batches_of_a_history_come_at_a_pace() {
    let usual = Limits::default();
    // So slow that the next batch does not come within this test, unless there is no pace.
    let limits = Limits { between_batches: usual.between_batches * 100_000, ..usual };
    let sidecar = Running::start_with(limits).await;
    let chat = sidecar.session().await;
    let mut watching = sidecar.live_socket(&chat).await;
    for number in 0..50 {
        sidecar.say(&chat, &number.to_string()).await;
        watching.frame().await;
    }
    let mut socket = sidecar.socket(&chat).await;
    assert_eq!(socket.batch().await.len(), 50);
    // The next batch would come before the echoes.
    for _ in 0..10 {
        socket.send(json!({"type": "EVENT_TYPE_HEARTBEAT", "payload": {}})).await;
        assert_eq!(socket.frame().await["type"], "EVENT_TYPE_HEARTBEAT");
    }
}

#[tokio::test]
async fn a_history_of_large_events_comes_in_smaller_batches() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut watching = sidecar.live_socket(&chat).await;
    for number in 0..5 {
        sidecar.say(&chat, &number.to_string().repeat(600_000)).await;
        watching.frame().await;
    }
    let mut socket = sidecar.socket(&chat).await;
    let mut sequence = 0;
    while sequence < 6 {
        let batch = socket.batch().await;
        let bytes: usize = batch.iter().map(|event| event.to_string().len()).sum();
        assert!(bytes < 1_100_000, "{bytes}");
        for event in batch {
            sequence += 1;
            assert_eq!(event["sequence"], sequence);
        }
    }
}

#[tokio::test]
async fn a_cursor_beyond_the_log_hides_nothing_that_comes() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.socket_after(&chat, &u64::MAX.to_string()).await;
    assert_eq!(socket.batch().await.len(), 0);
    sidecar.say(&chat, "Hi!").await;
    assert_eq!(text_of(&socket.frame().await), "Hi!");
}
