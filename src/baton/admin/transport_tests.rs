//! What the transport does with servers that do not do what they should.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that says this to each request and hangs up, or says nothing and stays.
async fn server(says: Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            assert_ne!(stream.read(&mut head).await.unwrap(), 0);
            match says {
                Some(says) => stream.write_all(says.as_bytes()).await.unwrap(),
                None => silent.push(stream),
            }
        }
    });
    address
}

async fn ask(says: Option<&'static str>, patience: Duration) -> Result<Answer, TransportError> {
    let address = server(says).await;
    let peer = Peer { host: Host::Ipv4(Ipv4Addr::LOCALHOST), port: address.port() };
    let request = Request::builder().uri("/").header("host", "sidecar");
    Transport::Cleartext(peer).send(request.body(Full::default()).unwrap(), patience).await
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let says = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\n\
                content-length: 0\r\n\r\n";
    let answer = ask(Some(says), PATIENCE).await.unwrap();
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert!(answer.whole(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_is_read_whole_or_piece_by_piece() {
    let says = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                3\r\nyes\r\n1\r\n!\r\n0\r\n\r\n";
    let answer = ask(Some(says), PATIENCE).await.unwrap();
    assert_eq!(&*answer.whole(4).await.unwrap(), b"yes!");
    let mut answer = ask(Some(says), PATIENCE).await.unwrap();
    let mut read = Vec::new();
    while let Some(piece) = answer.next().await.unwrap() {
        read.extend_from_slice(&piece);
    }
    assert_eq!(read, b"yes!");
}

#[tokio::test]
async fn invariant_11_an_answer_that_is_too_long_is_not_read_to_its_end() {
    let says = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nyes!!";
    let answer = ask(Some(says), PATIENCE).await.unwrap();
    let error = answer.whole(4).await.unwrap_err();
    assert!(matches!(error, TransportError::TooLong(4)), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_a_whole_one() {
    let says = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nyes";
    let answer = ask(Some(says), PATIENCE).await.unwrap();
    let error = answer.whole(10).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost(_)), "{error:?}");
    let mut answer = ask(Some(says), PATIENCE).await.unwrap();
    let ended = loop {
        match answer.next().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert!(matches!(ended, Err(TransportError::Lost(_))), "{ended:?}");
}

#[tokio::test]
async fn invariant_11_who_says_nothing_is_waited_for_no_longer_than_asked() {
    let error = ask(None, Duration::from_millis(20)).await.map(drop).unwrap_err();
    assert!(matches!(error, TransportError::Silent(_)), "{error:?}");
}

#[tokio::test]
async fn what_is_no_http_is_told_from_a_connection_that_is_lost() {
    let error = ask(Some("220 mail.example.com ESMTP\r\n"), PATIENCE).await.map(drop).unwrap_err();
    assert!(matches!(error, TransportError::NotHttp(_)), "{error:?}");
    let error = ask(Some(""), PATIENCE).await.map(drop).unwrap_err();
    assert!(matches!(error, TransportError::Lost(_)), "{error:?}");
}
