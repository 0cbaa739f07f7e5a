//! What survives the end of the process.

use std::{
    fs::{self, File},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use baton_core::{id::Id, tenant::TenantKey};
use baton_sidecar::{Limits, Random};
use baton_store::{Acceptance, Arrived};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

use crate::harness::{Chat, Running, message, text_of, within};

#[tokio::test]
async fn invariant_3_a_delivery_that_was_stored_and_not_appended_is_appended_after_a_restart() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let (store, directory) = sidecar.into_store().await;
    for text in ["one", "two"] {
        let delivery = message(&chat.end_user_id, text);
        let arrived = Arrived {
            delivery_id: Id::from_text(delivery["id"].as_str().unwrap()).unwrap(),
            tenant: TenantKey::new("acme", "support", "live"),
            end_user_id: Some(chat.end_user_id.clone()),
            integration_id: Some("integration-acme".to_owned()),
            received_at_ms: 0,
            body: delivery.to_string().into_bytes(),
            traceparent: None,
        };
        assert_eq!(store.accept(arrived).await.unwrap(), Acceptance::New);
    }
    store.close().await.unwrap();

    let sidecar = Running::start_in(directory, Limits::default()).await;
    let mut socket = sidecar.socket_after(&chat, "1").await;
    sidecar.say(&chat, "three").await;
    let repeated = message(&chat.end_user_id, "one");
    assert_eq!(sidecar.deliver(&repeated).await, "duplicate");
    let mut events = socket.batch().await;
    while events.len() < 3 {
        events.push(socket.frame().await);
    }
    let texts: Vec<&str> = events.iter().map(text_of).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    for (event, sequence) in events.iter().zip(2_u64..) {
        assert_eq!(event["sequence"], sequence);
    }
    let (store, _directory) = sidecar.into_store().await;
    assert_eq!(store.pending(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_stop_waits_neither_for_a_reader_that_stalls_nor_for_the_rest_of_a_head() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let log = directory.path().join("log");
    let subscriber = tracing_subscriber::fmt().with_writer(File::create(&log).unwrap()).finish();
    let _log = tracing::subscriber::set_default(subscriber);
    let limits = Limits { farewell: Duration::from_millis(50), ..Limits::default() };
    let sidecar = Running::start_in(directory, limits).await;
    let chat = sidecar.session().await;
    let mut reading = sidecar.live_socket(&chat).await;
    let _stalled = sidecar.live_socket(&chat).await;
    let mut half = TcpStream::connect(sidecar.chat).await.unwrap();
    half.write_all(b"GET /ws HTTP/1.1\r\nho").await.unwrap();
    // More than the stalled socket's buffers hold.
    for number in 0..20 {
        sidecar.say(&chat, &format!("{number} {}", "x".repeat(1_000_000))).await;
        reading.frame().await;
    }
    drop(reading);
    let _directory = sidecar.stop().await;
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains("cut off"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invariant_14_an_upgrade_that_a_stop_overtakes_is_no_refusal() {
    // Chance that halts whoever asks for it, once it is told to.
    let halt = Arc::new(Mutex::new(None::<(oneshot::Sender<()>, mpsc::Receiver<()>)>));
    let random = Random::new({
        let halt = Arc::clone(&halt);
        move |bytes| {
            if let Some((reached, go_on)) = halt.lock().unwrap().take() {
                reached.send(()).unwrap();
                go_on.recv().unwrap();
            }
            bytes.copy_from_slice(&Random::system().bytes::<64>()?[..bytes.len()]);
            Ok(())
        }
    });
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let sidecar = Running::start_as(directory, |sidecar| sidecar.with_random(random)).await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let ((reached, is_reached), (go_on, waits)) = (oneshot::channel(), mpsc::channel());
    *halt.lock().unwrap() = Some((reached, waits));

    let mut upgrading = TcpStream::connect(sidecar.chat).await.unwrap();
    let Chat { session_id, access_token, .. } = &chat;
    let request = format!(
        "GET /ws?session_id={session_id}&access_token={access_token} HTTP/1.1\r\nhost: x\r\n\
         connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    upgrading.write_all(request.as_bytes()).await.unwrap();
    is_reached.await.unwrap();
    let stopping = tokio::spawn(sidecar.stop());
    assert_eq!(socket.close_code().await, 1012);
    go_on.send(()).unwrap();
    let mut answer = Vec::new();
    within(upgrading.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    // A client refuses an upgrade that says `close` as well.
    assert!(answer.contains("\r\nconnection: upgrade\r\n"), "{answer}");
    drop(socket);
    stopping.await.unwrap();
}

#[tokio::test]
async fn invariant_14_a_stop_closes_sockets_with_1012_and_the_token_is_good_afterwards() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    sidecar.say(&chat, "before").await;
    let before = socket.frame().await;
    let stopping = tokio::spawn(sidecar.stop());
    assert_eq!(socket.close_code().await, 1012);
    drop(socket);
    let directory = stopping.await.unwrap();

    let sidecar = Running::start_in(directory, Limits::default()).await;
    let events = sidecar.socket(&chat).await.batch().await;
    assert_eq!(events.last(), Some(&before));
}
