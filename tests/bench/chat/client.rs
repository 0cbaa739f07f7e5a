//! A chat client: access token, session, socket (Messaging API, 2 to 6).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{
    Home,
    tenant::{HOST, Tenant},
};
use crate::{
    Result,
    connection::{Connection, Received, connect_from},
};

/// From how many addresses of loopback the clients come.
const SOURCES: usize = 16;

/// How many clients come at a time.
pub(crate) const AT_ONCE: usize = 64;

/// The bytes that each client holds to read into.
const READ_BUFFER_BYTES: usize = 4096;

const HEARTBEAT: &str = r#"{"type":"EVENT_TYPE_HEARTBEAT","payload":{}}"#;

/// A session, with what opens it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) tenant: Tenant,
    access_token: String,
    source: IpAddr,
}

/// What a client is sent: an event, or a batch of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    /// What it is: `EVENT_TYPE_…`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its place in the session; absent for what is in no log.
    #[serde(default)]
    pub(crate) sequence: Option<u64>,
    /// What it holds.
    #[serde(default)]
    pub(crate) payload: Payload,
}

/// As much of a payload as is needed here.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Payload {
    /// The events of a batch.
    #[serde(default)]
    pub(crate) events: Vec<Frame>,
    /// The text of a message; empty for anything else.
    #[serde(default)]
    pub(crate) text: String,
}

impl Session {
    /// So many sessions, of the home's tenants in turn.
    pub(crate) async fn make(home: &Home, count: usize) -> Result<Vec<Self>> {
        let tenants = home.tenants.iter().cycle().take(count).enumerate();
        let made = tenants.map(|(number, tenant)| Self::make_one(home.chat, *tenant, number));
        stream::iter(made).buffered(AT_ONCE).try_collect().await
    }

    async fn make_one(chat: SocketAddr, tenant: Tenant, number: usize) -> Result<Self> {
        let source = source(number);
        let headers = format!("x-token: {}\r\nx-host: {HOST}\r\n", tenant.connector_token());
        let access_token =
            post(source, chat, "/api/v1/access-token", &headers, "access_token").await?;
        let headers = format!("authorization: Bearer {access_token}\r\n");
        let id = post(source, chat, "/api/v1/sessions", &headers, "session_id").await?;
        Ok(Self { id, tenant, access_token, source })
    }
}

/// The address from which the client of this number comes: none is that of the sidecar, so that
/// its ports stay free.
fn source(number: usize) -> IpAddr {
    let last = 2 + u8::try_from(number % SOURCES).unwrap_or_default();
    Ipv4Addr::new(127, 0, 0, last).into()
}

/// Posts an empty object, and returns one member of the answer.
async fn post(
    source: IpAddr,
    chat: SocketAddr,
    path: &str,
    headers: &str,
    member: &str,
) -> Result<String> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {chat}\r\n{headers}content-type: application/json\r\n\
         content-length: 2\r\n\r\n{{}}"
    );
    let mut connection = Connection::open_from(source, chat).await?;
    let Received { status, body, .. } = connection.exchange(request.as_bytes()).await?;
    if status != 200 {
        return Err(format!("{path} was answered {status}").into());
    }
    let body: Value = serde_json::from_slice(body)?;
    let value = body.get(member).and_then(Value::as_str);
    Ok(value.ok_or_else(|| format!("{path} was answered without {member}"))?.to_owned())
}

/// A socket on a session.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one that begins after this sequence.
    pub(crate) async fn open(chat: SocketAddr, session: &Session, cursor: u64) -> Result<Self> {
        let Session { id, access_token, source, .. } = session;
        let stream = connect_from(*source, chat).await?;
        let url =
            format!("ws://{chat}/ws?access_token={access_token}&session_id={id}&cursor={cursor}");
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
        let (stream, _) = client_async_with_config(url, stream, Some(config)).await?;
        Ok(Self(stream))
    }

    /// The next frame.
    ///
    /// # Errors
    ///
    /// The socket is closed, or broken.
    pub(crate) async fn next(&mut self) -> Result<Frame> {
        loop {
            match self.0.next().await.ok_or("a socket has broken")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(Some(frame)) => {
                    return Err(format!("a socket was closed with {}", frame.code).into());
                }
                Message::Close(None) => return Err("a socket was closed without a code".into()),
                _ => {}
            }
        }
    }

    /// Sends a sign of life, which is answered.
    pub(crate) async fn send_heartbeat(&mut self) -> Result<()> {
        Ok(self.0.send(Message::text(HEARTBEAT)).await?)
    }
}
