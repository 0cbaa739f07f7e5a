//! Chats through the front proxy, with a sidecar behind it.

use baton_tests::{
    WEBHOOK_PATH,
    chat::{Session, Socket},
    http1::{self, PATIENCE},
    sidecar::Sidecar,
};
use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use h2::{Reason, client, ext::Protocol};
use http::{Request, Version};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::{
    bootstrap::{self, Behind},
    certificate::Certificate,
    process::Envoy,
    tunnel::Tunnel,
    webhooks::{BODY, signed},
};

/// A sidecar behind the front proxy.
struct Stage {
    envoy: Envoy,
    certificate: Certificate,
    _sidecar: Sidecar,
}

impl Stage {
    async fn set() -> Self {
        let certificate = Certificate::make();
        let sidecar = Sidecar::start().await;
        // Nobody listens for applications here.
        let (deliveries, chat, application) = (sidecar.internal, sidecar.chat, sidecar.chat);
        let behind = Behind { deliveries, chat, application };
        let envoy = Envoy::start(&bootstrap::front_proxy(&certificate, behind)).await;
        Self { envoy, certificate, _sidecar: sidecar }
    }

    async fn tunnel(&self, protocol: &'static str) -> Tunnel {
        Tunnel::to(self.envoy.listener("public"), &self.certificate, protocol).await
    }

    /// The token of the session is nowhere in what Envoy wrote, and the socket is.
    async fn assert_logged_without(&self, session: &Session) {
        let log = self.envoy.access_log(3).await;
        assert!(log.iter().any(|line| line["path"] == "/ws"), "{log:?}");
        assert!(!self.envoy.written().contains(session.access_token()), "{log:?}");
    }
}

#[tokio::test]
async fn invariant_10_a_chat_by_tls_works_and_its_token_is_in_no_log() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    let session = Session::make(tunnel.address).await;
    let mut socket = Socket::open(tunnel.address, &session).await;
    socket.event().await;
    socket.say("hello", "m1").await;
    socket.events_until(|event| event["metadata"]["custom"]["local_id"] == "m1").await;
    socket.close().await;
    stage.assert_logged_without(&session).await;
}

#[tokio::test]
async fn sockets_open_over_one_connection_of_http_2() {
    let stage = Stage::set().await;
    let session = Session::make(stage.tunnel("http/1.1").await.address).await;
    let tunnel = stage.tunnel("h2").await;
    let stream = TcpStream::connect(tunnel.address).await.expect("the tunnel listens");
    let (sender, connection) = client::handshake(stream).await.expect("HTTP/2");
    let _driver = Running(tokio::spawn(connection));
    let mut sender = sender.ready().await.expect("a stream");
    // The server says in its settings that it takes this.
    while !sender.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
    }
    let mut sockets = Vec::new();
    for number in 0..3 {
        let mut socket = open(&mut sender, &session).await;
        let said = json!({
            "type": "EVENT_TYPE_USER_MESSAGE",
            "payload": {"text": format!("hello {number}")},
            "metadata": {"custom": {"local_id": format!("m{number}")}},
        });
        socket.send(Message::text(said.to_string())).await.expect("it takes it");
        let answer = format!(r#""local_id":"m{number}""#);
        loop {
            let message = timeout(PATIENCE, socket.next()).await.expect("in time");
            let message = message.expect("an open socket").expect("an open socket");
            if message.into_text().expect("text").contains(&answer) {
                break;
            }
        }
        // It stays open while the next one comes.
        sockets.push(socket);
    }
    drop(sockets);
    stage.assert_logged_without(&session).await;
}

/// Opens a socket on a stream of its own (RFC 8441, 4).
async fn open(
    sender: &mut client::SendRequest<Bytes>,
    session: &Session,
) -> WebSocketStream<DuplexStream> {
    let (id, token) = (&session.id, session.access_token());
    let place = format!("https://edge.example/ws?access_token={token}&session_id={id}");
    let request = Request::connect(place)
        .version(Version::HTTP_2)
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    let (answer, mut up) = sender.send_request(request.body(()).unwrap(), false).expect("sent");
    let answer = timeout(PATIENCE, answer).await.expect("in time").expect("an answer");
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("sec-websocket-accept"));
    let mut down = answer.into_body();
    let (near, far) = tokio::io::duplex(65536);
    let (mut from, mut to) = tokio::io::split(far);
    tokio::spawn(async move {
        while let Some(Ok(bytes)) = down.data().await {
            down.flow_control().release_capacity(bytes.len()).expect("a stream");
            to.write_all(&bytes).await.expect("the socket reads");
        }
    });
    tokio::spawn(async move {
        let mut bytes = BytesMut::new();
        while from.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
            up.send_data(bytes.split().freeze(), false).expect("a stream");
        }
        up.send_reset(Reason::CANCEL);
    });
    WebSocketStream::from_raw_socket(near, Role::Client, None).await
}

/// A task that ends with its handle.
struct Running<T>(JoinHandle<T>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[tokio::test]
async fn a_webhook_reaches_the_sidecar_itself() {
    let stage = Stage::set().await;
    let tunnel = stage.tunnel("http/1.1").await;
    let request = http1::request("POST", WEBHOOK_PATH, &signed(), BODY);
    assert_eq!(http1::exchange(tunnel.address, &request).await.status, 200);
}
