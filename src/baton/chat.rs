//! `baton chat`: a chat client for the terminal.

use std::{
    io::{self, BufRead, Read},
    thread,
};

use clap::{ArgGroup, Args};
use reqwest::Url;
use tokio::sync::mpsc;

use crate::{
    Outcome, block_on,
    chat_api::ChatApi,
    connection::{Conversation, MOST_FRAME_BYTES, Watched},
    failure::Failure,
    output, secret,
    stop::StopSignals,
};

/// How many typed lines wait for the connection.
const WAITING_LINES: usize = 16;

/// Chat in the terminal, as a customer would: see what the agent writes, and answer.
///
/// Begins a session, or watches one that exists, and shows its events in words. A line on
/// standard input is sent as the user's message, and is shown once the server has taken it. The
/// line /end ends the session; Ctrl-C leaves it as it is; the end of the input (Ctrl-D) ends
/// only the typing. A lost connection is made anew and misses nothing.
///
/// It speaks http and ws only: TLS is not built in, so use it beside the sidecar or in front of
/// its proxy, not over the open network.
#[derive(Args)]
#[command(
    group(ArgGroup::new("entry").required(true).args(["token", "token_env", "session"])),
    after_help = "\
Examples:
  Begin a session:
    export CONNECTOR_TOKEN='...'
    baton chat --token-env CONNECTOR_TOKEN --host www.example.com

  Say two things, and end the session after them:
    printf '%s\\n' 'Hello' 'I need help' /end | baton chat --token-env CONNECTOR_TOKEN

  Watch the raw frames of the Messaging API:
    baton chat --token-env CONNECTOR_TOKEN --json | jq -c .

  Watch a session in a second window; --show-session in the first one prints this line:
    baton chat --session ID --access-token TOKEN"
)]
pub(crate) struct Arguments {
    /// Where the chat API is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,

    /// Where the WebSocket is [default: /ws under --url]
    #[arg(long, value_name = "URL")]
    ws_url: Option<String>,

    /// The tenant's connector token; other users of this machine can see it there
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    token: Option<String>,

    /// The environment variable that holds the connector token
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,

    /// The host to come from, one of the tenant's hosts
    #[arg(long, value_name = "HOST", default_value = "example.com")]
    host: String,

    /// A session that exists already, to watch it
    #[arg(long, value_name = "ID", requires = "access")]
    session: Option<String>,

    /// The access token with which the session was begun
    #[arg(long, value_name = "TOKEN", requires = "session", conflicts_with_all = ["token", "token_env"], group = "access")]
    access_token: Option<String>,

    /// The environment variable that holds the access token
    #[arg(long, value_name = "NAME", requires = "session", conflicts_with_all = ["token", "token_env"], group = "access")]
    access_token_env: Option<String>,

    /// Show only what came after the event of this sequence number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    cursor: u64,

    /// Print the raw frames, one a line, and the session's id on standard error
    #[arg(long)]
    json: bool,

    /// Also print the command that watches this session; it holds the access token
    #[arg(long)]
    show_session: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let url = address("--url", &arguments.url, "http")?;
    let ws_url = match &arguments.ws_url {
        Some(text) => address("--ws-url", text, "ws")?,
        None => {
            let text =
                format!("ws{}/ws", url.as_str().trim_end_matches('/').trim_start_matches("http"));
            address("--url", &text, "ws")?
        }
    };
    block_on(chat(arguments, &url, ws_url))
}

async fn chat(arguments: &Arguments, url: &Url, ws_url: Url) -> Result<Outcome, Failure> {
    let watched = arguments.session(url).await?;
    let say = if arguments.json {
        |line: &str| {
            output::note(line);
            Ok(())
        }
    } else {
        output::line
    };
    say(&format!(
        "session {} (Ctrl-C leaves it, the line /end ends it)",
        output::harmless(&watched.session_id)
    ))?;
    if arguments.show_session {
        say(&format!(
            "baton chat --url {} --session {} --access-token {}",
            url.as_str().trim_end_matches('/'),
            output::harmless(&watched.session_id),
            output::harmless(&watched.access_token)
        ))?;
    }
    let lines = typed_lines();
    Conversation::new(ws_url, watched, arguments.cursor, arguments.json)
        .run(lines, StopSignals::new()?)
        .await?;
    Ok(Outcome::Done)
}

impl Arguments {
    async fn session(&self, url: &Url) -> Result<Watched, Failure> {
        let access_token = secret::either(
            ("--access-token", self.access_token.as_deref()),
            ("--access-token-env", self.access_token_env.as_deref()),
        )?;
        if let (Some(session_id), Some(access_token)) = (&self.session, access_token) {
            let session_id = session_id.clone();
            return Ok(Watched { session_id, access_token, is_ours: false });
        }
        let token = secret::either(
            ("--token", self.token.as_deref()),
            ("--token-env", self.token_env.as_deref()),
        )?;
        // One of the two is there: the command line is refused otherwise.
        let token = token.unwrap_or_default();
        let api = ChatApi::new(url)?;
        let access_token = api.access_token(&token, &self.host).await?;
        let session_id = api.create_session(&access_token).await?;
        Ok(Watched { session_id, access_token, is_ours: true })
    }
}

/// Reads a URL, which has to be of this scheme.
fn address(option: &'static str, text: &str, scheme: &str) -> Result<Url, Failure> {
    let problem = match Url::parse(text) {
        Ok(url) if url.scheme() == scheme && url.has_host() => return Ok(url),
        Ok(url) if url.scheme() == format!("{scheme}s") => {
            format!("TLS is not built in; give the {scheme} address behind the TLS proxy")
        }
        _ => format!("it is no address; give one such as {scheme}://127.0.0.1:8080"),
    };
    Err(Failure::Option { option, problem })
}

/// The lines of standard input. They are read on a thread of their own, which nothing waits
/// for: a terminal cannot be told to give up.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(WAITING_LINES);
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            // A line that is too long for a message comes in pieces, and is refused as such.
            let mut piece = (&mut input).take(MOST_FRAME_BYTES as u64);
            match piece.read_until(b'\n', &mut line) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            if !text.is_empty() && sender.blocking_send(text).is_err() {
                return;
            }
        }
    });
    receiver
}
