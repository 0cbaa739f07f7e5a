//! An upstream that cuts the connection.

use super::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// An upstream that reads a request, or what there is of it at first, writes this, and cuts the
/// connection.
async fn cutting_after(written: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 65_536]).await;
            let _ = stream.write_all(written.as_bytes()).await;
        }
    });
    address
}

#[tokio::test]
async fn an_upstream_that_cuts_the_connection_before_it_has_answered_is_503() {
    for hold in Hold::BOTH {
        for written in ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\ncontent-le", "no HTTP\r\n\r\n"] {
            let case = format!("{hold:?}, {written:?}");
            let envoy = Envoy::start(hold, cutting_after(written).await, &Map::new()).await;
            for _ in 0..2 {
                assert_try_again(&send(envoy.address, &signed(BODY), BODY).await, &case);
                assert_eq!(send(envoy.address, &forged(), BODY).await.status, 401, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn an_upstream_that_cuts_its_error_off_is_503_and_its_words_are_withheld() {
    for hold in Hold::BOTH {
        let written = "HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\nthe upstream's own words";
        let envoy = Envoy::start(hold, cutting_after(written).await, &Map::new()).await;
        let answer = send(envoy.address, &signed(BODY), BODY).await;
        assert_try_again(&answer, &format!("{hold:?}"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("own words"), "{hold:?}");
    }
}

#[tokio::test]
async fn an_answer_of_the_upstream_that_breaks_off_is_not_made_whole() {
    for hold in Hold::BOTH {
        // It has stored the delivery; what else it says is of no use to Genesys.
        let written = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nthe first half";
        let envoy = Envoy::start(hold, cutting_after(written).await, &Map::new()).await;
        let mut stream = TcpStream::connect(envoy.address).await.unwrap();
        let request = http1::request("POST", WEBHOOK_PATH, &signed(BODY), BODY);
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        // Envoy cuts the connection too.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200 "), "{hold:?}: {answer}");
        assert!(!answer.contains("Service Unavailable"), "{hold:?}: {answer}");
        assert_eq!(send(envoy.address, &forged(), BODY).await.status, 401, "{hold:?}");
    }
}
