//! HTTP/2 with prior knowledge, frame by frame.

use std::net::SocketAddr;

use bytes::Bytes;
use h2::client;
use http::{HeaderMap, Request};
use tokio::{net::TcpStream, time::timeout};

use crate::http1::PATIENCE;

/// Sends one request: its headers, the parts of its body in a frame each, and trailers if there
/// are any. Returns the status.
pub async fn exchange(
    address: SocketAddr,
    path: &str,
    headers: &[(String, String)],
    parts: &[&[u8]],
    trailers: Option<HeaderMap>,
) -> u16 {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (sender, connection) = client::handshake(stream).await.expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let mut request = Request::post(format!("http://edge.example{path}"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut sender = sender.ready().await.expect("a stream");
    let ends_with_headers = parts.is_empty() && trailers.is_none();
    let request = request.body(()).expect("a request");
    let (response, mut body) = sender.send_request(request, ends_with_headers).expect("sent");
    // The server may answer, and reset the stream, before it has everything.
    for (position, part) in parts.iter().enumerate() {
        let last = position + 1 == parts.len() && trailers.is_none();
        let _ = body.send_data(Bytes::copy_from_slice(part), last);
    }
    if let Some(trailers) = trailers {
        let _ = body.send_trailers(trailers);
    }
    let response = timeout(PATIENCE, response).await.expect("an answer in time").expect("answer");
    driver.abort();
    response.status().as_u16()
}
