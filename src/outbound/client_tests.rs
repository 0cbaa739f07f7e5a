//! What the client does with a server on loopback, and what it does not.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, response::Response};
use tokio::net::TcpListener;

use super::*;
use crate::reserved::Reserved;

const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(10), most_bytes: 1024 };

/// A server on loopback that gives one answer, and counts how often it was asked.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
        let router = Router::new().fallback(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answer();
            async move { answer }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked }
    }

    fn url(&self) -> OutboundUrl {
        OutboundUrl::parse(&format!("http://{}/", self.address), Reach::PrivateToo).unwrap()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn response(status: u16, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header("location", "/elsewhere").body(body.into()).unwrap()
}

fn client(reach: Reach) -> GuardedClient {
    GuardedClient::new(reach, Duration::from_secs(5)).unwrap()
}

/// A client for which every name has these addresses.
fn resolving(addresses: &[&str], reach: Reach) -> GuardedClient {
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect();
    let patience = Duration::from_secs(5);
    let resolver = Resolver::new(reach, patience, move |_| Ok(addresses.clone()));
    GuardedClient::resolving(resolver, reach, patience).unwrap()
}

async fn post(client: &GuardedClient, url: &OutboundUrl) -> Result<Answer, OutboundError> {
    client.post(url, HeaderMap::new(), Bytes::from_static(b"{}"), BOUNDS).await
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let server = Server::start(|| response(200, "well")).await;
    let answer = post(&client(Reach::PrivateToo), &server.url()).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"well"[..]));
    assert!(!format!("{answer:?}").contains("well"));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::start(|| response(307, "")).await;
    let answer = post(&client(Reach::PrivateToo), &server.url()).await.unwrap();
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn the_body_of_an_answer_that_is_no_success_is_not_read() {
    let server = Server::start(|| response(500, "x".repeat(100_000))).await;
    let answer = post(&client(Reach::PrivateToo), &server.url()).await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_an_error() {
    let server = Server::start(|| response(200, "x".repeat(1025))).await;
    let error = post(&client(Reach::PrivateToo), &server.url()).await.unwrap_err();
    assert_eq!(
        error,
        OutboundError::TooLong { host: "127.0.0.1".to_owned(), most_bytes: BOUNDS.most_bytes }
    );
    assert!(!error.may_pass());
}

#[tokio::test]
async fn a_host_that_is_a_reserved_address_is_not_called() {
    let server = Server::start(|| response(200, "")).await;
    let error = post(&client(Reach::Public), &server.url()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Guarded { .. }), "{error}");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_name_that_leads_to_a_reserved_address_is_not_called() {
    let server = Server::start(|| response(200, "")).await;
    for scheme in ["http", "https"] {
        let text = format!("{scheme}://bot.example.org:{}/", server.address.port());
        let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
        for addresses in [&["127.0.0.1"][..], &["8.8.8.8", "127.0.0.1"], &["::ffff:127.0.0.1"]] {
            let error = post(&resolving(addresses, Reach::Public), &url).await.unwrap_err();
            let OutboundError::Guarded { host, reserved } = &error else { panic!("{error:?}") };
            assert_eq!(host, "bot.example.org");
            assert_eq!(Some(*reserved), Reserved::of(addresses.last().unwrap().parse().unwrap()));
            assert!(!error.may_pass());
        }
    }
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn the_name_of_this_host_is_resolved_and_refused() {
    let server = Server::start(|| response(200, "")).await;
    let text = format!("http://localhost:{}/", server.address.port());
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let error = post(&client(Reach::Public), &url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Guarded { .. }), "{error}");
    assert_eq!(post(&client(Reach::PrivateToo), &url).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn the_addresses_that_were_checked_are_those_that_are_connected_to() {
    let server = Server::start(|| response(200, "well")).await;
    let text = format!("http://bot.example.org:{}/", server.address.port());
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let client = resolving(&["127.0.0.1"], Reach::PrivateToo);
    assert_eq!(&*post(&client, &url).await.unwrap().body, b"well");
}

#[tokio::test]
async fn a_host_where_nobody_listens_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let error = post(&client(Reach::PrivateToo), &url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");
    assert!(error.may_pass());
}

#[tokio::test]
async fn a_host_that_does_not_speak_tls_cannot_be_reached_by_https() {
    let server = Server::start(|| response(200, "")).await;
    let text = format!("https://{}/", server.address);
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let error = post(&client(Reach::PrivateToo), &url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_server_that_hangs_up_interrupts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let mut head = [0; 16];
            connection.readable().await.unwrap();
            let _ = connection.try_read(&mut head);
        }
    });
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let error = post(&client(Reach::PrivateToo), &url).await.unwrap_err();
    assert!(matches!(error, OutboundError::Interrupted { .. }), "{error}");
    assert!(error.may_pass());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_waited_for_no_longer_than_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = format!("http://{}/", listener.local_addr().unwrap());
    let url = OutboundUrl::parse(&text, Reach::PrivateToo).unwrap();
    let bounds = Bounds { timeout: Duration::from_millis(50), ..BOUNDS };
    let error = client(Reach::PrivateToo)
        .post(&url, HeaderMap::new(), Bytes::new(), bounds)
        .await
        .unwrap_err();
    let host = "127.0.0.1".to_owned();
    assert_eq!(error, OutboundError::TimedOut { host, after: bounds.timeout });
}
