//! `baton demo` and `baton tail`, as processes.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::{
    net::{SocketAddr, TcpListener},
    process::{Output, Stdio},
    time::Duration,
};

use baton_tests::{
    chat::Session,
    http1::{self, Answer},
    process::binary,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Given to the demonstration from outside, so that it is known what must not be shown.
const SECRETS: [(&str, &str); 3] = [
    ("GENESYS_WEBHOOK_SECRET", "webhook-secret-0123456789abcdef"),
    ("BATON_DELIVERY_CREDENTIAL", "delivery-credential-0123456789abcdef"),
    ("BATON_ADMIN_CREDENTIAL", "admin-credential-0123456789abcdef"),
];

#[tokio::test]
async fn invariant_1_the_script_plays_a_whole_handoff_and_shows_the_forgery_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = baton(&["demo", "--script", "--ports", "any"]);
    let ended = ended(command.env("TMPDIR", folder.path())).await;
    let output = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{output}{}", text(&ended.stderr));
    let line = |text: &str| {
        let found = output.lines().find(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("no line with {text:?} in {output}"))
    };
    let forged = line("Tell me your password.");
    assert!(forged.contains("webhook") && forged.contains("refused  401"), "{forged}");
    assert_eq!(output.matches("Tell me your password.").count(), 1, "{output}");
    for title in
        ["HANDOFF_ACCEPTED", "LIVE_AGENT_JOINED", "user.start", "QuickReply", "SESSION_END"]
    {
        line(title);
    }
    assert!(line("Hello, this is Dana.").contains(" ms"), "{output}");
    assert!(is_empty(&folder), "the store is gone");
}

#[tokio::test]
async fn invariant_10_neither_output_nor_log_of_a_demonstration_shows_a_secret() {
    let mut command = baton(&["demo", "--script", "--ports", "any"]);
    let ended = ended(command.env("BATON_LOG", "debug")).await;
    let (output, log) = (text(&ended.stdout), text(&ended.stderr));
    assert!(log.contains("the simulator is ready"), "{log}");
    for (_, secret) in SECRETS {
        assert!(!output.contains(secret) && !log.contains(secret), "{secret}");
    }
    assert!(!log.contains("#token="), "{log}");
}

#[tokio::test]
async fn invariant_10_what_was_made_at_random_is_not_shown_either() {
    let demo = Demo::start_logging("debug").await;
    let facts = demo.facts().await;
    let token = facts["connector_token"].as_str().unwrap();
    let address = facts["chat_url"].as_str().unwrap().trim_start_matches("http://");
    let session = Session::make_with(address.parse().unwrap(), token).await;
    let console_token = demo.token();
    let log = demo.stopped().await;
    assert!(log.contains("the simulator is ready"), "{log}");
    for secret in [token, session.access_token(), &console_token] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn tail_prints_json_lines_and_ends_with_the_demonstration() {
    let demo = Demo::start().await;
    let chat = demo.facts().await;
    let mut tail = baton(&["tail", "--json"])
        .env("BATON_CONSOLE", &demo.url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let address = chat["chat_url"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
    let session = Session::make_with(address, chat["connector_token"].as_str().unwrap()).await;
    let entry = loop {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("a line comes").unwrap();
        let entry: Value = serde_json::from_str(&line.expect("the tail goes on")).expect("JSON");
        if entry["lane"] == "chat" {
            break entry;
        }
    };
    assert_eq!(entry["title"], "SESSION_START");
    assert_eq!(entry["session_id"], *session.id);
    demo.stop().await;
    let ended = timeout(PATIENCE, tail.wait()).await.expect("the tail ends").unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn tail_comes_back_after_a_break_where_it_was_and_says_when_it_has_ended() {
    let console = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/#token=a-token", console.local_addr().unwrap());
    let mut tail = baton(&["tail", "--json", "--session", "s"]);
    let tail = tokio::spawn(async move { ended(tail.env("BATON_CONSOLE", url)).await });

    let first =
        told(&console, "id: 6\ndata: {entry 1}\n\nid: 7\ndata: {entry 2}\n\nid: 8\nda").await;
    assert!(first.starts_with("GET /api/timeline?session=s "), "{first}");
    assert!(!first.contains("last-event-id"), "{first}");
    let second = told(&console, "id: 8\ndata: {entry 3}\n\n").await;
    assert!(second.contains("last-event-id: 7\r\n"), "{second}");
    drop(console);

    let ended = tail.await.unwrap();
    let (output, said) = (text(&ended.stdout), text(&ended.stderr));
    let titles: Vec<String> = output.lines().map(title).collect();
    assert_eq!(titles, ["entry 1", "entry 2", "entry 3"]);
    assert_eq!(said, "baton: the demonstration has ended\n");
    assert!(ended.status.success());
}

/// Answers the next request with these events, in which `{…}` stands for an entry of that title,
/// and breaks off: the head of the request.
async fn told(console: &tokio::net::TcpListener, events: &str) -> String {
    let (mut socket, _) = timeout(PATIENCE, console.accept()).await.expect("it asks").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    let entry = r#"{"number": 1, "at": "2026-11-21T20:15:00.123Z", "lane": "chat",
        "direction": "to_client", "outcome": "ok", "title": ""#;
    let entry = entry.replace('\n', "");
    let events = events.replace('{', &entry).replace('}', "\"}");
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{events}");
    socket.write_all(answer.as_bytes()).await.unwrap();
    text(&head)
}

/// The title of an entry.
fn title(line: &str) -> String {
    let entry: Value = serde_json::from_str(line).expect("JSON");
    entry["title"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_console_refuses_a_wrong_host_a_foreign_origin_and_whoever_has_no_token() {
    let demo = Demo::start().await;
    let bearer = format!("Bearer {}", demo.token());
    let ask = async |headers: &[(&str, &str)]| demo.get("/api/demo", headers).await.status;
    assert_eq!(ask(&[("authorization", &bearer)]).await, 200);
    assert_eq!(ask(&[]).await, 401);
    assert_eq!(ask(&[("authorization", "Bearer guess")]).await, 401);
    let foreign = [("authorization", &*bearer), ("origin", "https://evil.example")];
    assert_eq!(ask(&foreign).await, 403);
    assert_eq!(demo.get("/api/genesys/org", &[]).await.status, 401);
    let request = "GET /api/demo HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(http1::exchange(demo.address, request.as_bytes()).await.status, 421);
    demo.stop().await;
}

#[tokio::test]
async fn a_console_with_another_token_is_no_address_to_tail() {
    let demo = Demo::start().await;
    let wrong = demo.url.replace(&demo.token(), "guess");
    let refused = ended(baton(&["tail"]).env("BATON_CONSOLE", wrong)).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("401"), "{}", text(&refused.stderr));
    demo.stop().await;
    let nothing = ended(&mut baton(&["tail", "--console", "http://127.0.0.1:8070/"])).await;
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("--console"), "{}", text(&nothing.stderr));
}

#[tokio::test]
async fn a_taken_port_is_named_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = ended(&mut baton(&["demo", "--listen", &address])).await;
    let said = text(&ended.stderr);
    assert_eq!((ended.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains(&address) && said.contains("--ports any"), "{said}");
    assert!(ended.stdout.is_empty());
}

/// A demonstration that runs. It is killed when it is dropped.
struct Demo {
    child: Child,
    /// What it logs, read as it comes: a full pipe would hold it up.
    log: JoinHandle<String>,
    _output: Lines<BufReader<ChildStdout>>,
    /// The console's, with the token in its fragment.
    url: String,
    address: SocketAddr,
    folder: TempDir,
}

impl Demo {
    async fn start() -> Self {
        Self::start_logging("warn").await
    }

    async fn start_logging(level: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = baton(&["demo", "--ports", "any"]);
        let command = command.env("TMPDIR", folder.path()).env("BATON_LOG", level);
        let command = command.stdout(Stdio::piped());
        let mut child = command.spawn().expect("`baton demo` starts");
        let mut errors = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            errors.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(PATIENCE, output.next_line()).await.expect("it starts in time").unwrap();
        let line = line.expect("it goes on");
        let url = line.strip_prefix("The console: ").expect(&line).to_owned();
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        Self { address: address.parse().expect(&line), url, child, log, _output: output, folder }
    }

    fn token(&self) -> String {
        self.url.split_once("#token=").expect("a token").1.to_owned()
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut all = vec![("host".to_owned(), self.address.to_string())];
        all.extend(headers.iter().map(owned));
        let head: String = all.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!("GET {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n");
        http1::exchange(self.address, request.as_bytes()).await
    }

    /// What the console says of the demonstration.
    async fn facts(&self) -> Value {
        let bearer = format!("Bearer {}", self.token());
        let answer = self.get("/api/demo", &[("authorization", &bearer)]).await;
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// Lets it end well (SIGTERM), without a complaint.
    async fn stop(self) {
        assert_eq!(self.stopped().await, "", "it has nothing to complain of");
    }

    /// Lets it end well: what it has logged. Nothing is left of it.
    async fn stopped(mut self) -> String {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(sent.success(), "the process was there");
        let ended = timeout(PATIENCE, self.child.wait()).await.expect("it stops in time");
        assert!(ended.unwrap().success(), "it stops well");
        assert!(is_empty(&self.folder), "the store is gone");
        self.log.await.unwrap()
    }
}

/// The binary with the secrets of [`SECRETS`] in its environment.
fn baton(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .envs(SECRETS)
        .env_remove("BATON_LOG")
        .env_remove("BATON_CONSOLE")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it to its end.
async fn ended(command: &mut Command) -> Output {
    timeout(PATIENCE, command.output()).await.expect("it ends in time").expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn is_empty(folder: &TempDir) -> bool {
    folder.path().read_dir().unwrap().next().is_none()
}
