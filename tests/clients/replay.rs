//! A long session, as an app gets it that is opened again.

use baton_tests::sdk::{ANDROID, Speaker};

use crate::stage::{Stage, Way, greeted};

/// More than Android's buffer holds, together with what the bot answers.
const MESSAGES: usize = 140;

/// The most events that Android takes at a time without a loss (Messaging API, 11).
const MOST: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_a_session_longer_than_androids_buffer_is_replayed_without_a_loss() {
    let stage = Stage::set(Way::Direct).await;
    let client = greeted(ANDROID, stage.address()).await;
    for number in 0..MESSAGES {
        client.gets_across(&number.to_string()).await;
    }
    client.sees("the last answer", |screen| screen.texts(Speaker::Bot).len() > MESSAGES).await;
    let screen = client.assert_whole().await;
    assert!(screen.log.len() > 256);
    let reopened = client.reopened();
    let again = reopened.sees("all", |again| again.log.len() == screen.log.len()).await;
    assert!(again.batches.iter().all(|size| *size <= MOST), "{:?}", again.batches);
    assert_eq!(again.overflowed, 0);
}
