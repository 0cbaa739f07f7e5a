//! `baton chat`, against a server that does what a test tells it to.

#[cfg(test)]
mod command;

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        process::Stdio,
        sync::{Arc, Mutex},
    };

    use axum::{
        Json, Router,
        extract::{
            RawQuery, State, WebSocketUpgrade,
            ws::{CloseFrame, Message, WebSocket},
        },
        http::{HeaderMap, StatusCode},
        response::{IntoResponse, Response},
        routing::{get, post},
    };
    use serde_json::{Value, json};
    use tokio::{net::TcpListener, runtime::Runtime};

    use crate::command::{Running, baton, ended};

    /// What the server does on a connection.
    #[derive(Clone)]
    enum Step {
        /// Sends this frame.
        Send(Value),
        /// Waits for a client's event of this type.
        Expect(&'static str),
        /// Echoes the client's last event under this sequence number.
        Echo(u64),
        /// Closes with this code, or breaks the connection off with 0.
        Close(u16),
    }
    use Step::{Close, Echo, Expect, Send};

    type Script = Vec<Step>;

    /// What the server saw.
    #[derive(Default)]
    struct Seen {
        calls: Vec<(&'static str, String)>,
        queries: Vec<String>,
        frames: Vec<Value>,
        close_codes: Vec<u16>,
    }

    struct Server {
        url: String,
        seen: Arc<Mutex<Seen>>,
        _runtime: Runtime,
    }

    #[derive(Clone)]
    struct Part {
        scripts: Arc<Mutex<VecDeque<Script>>>,
        seen: Arc<Mutex<Seen>>,
    }

    impl Server {
        /// A connection gets the next script; when there is none left, it is refused with 404.
        fn with(scripts: impl IntoIterator<Item = Script>) -> Self {
            let runtime = Runtime::new().unwrap();
            let part = Part {
                scripts: Arc::new(Mutex::new(scripts.into_iter().collect())),
                seen: Arc::default(),
            };
            let seen = Arc::clone(&part.seen);
            let router = Router::new()
                .route("/api/v1/access-token", post(access_token))
                .route("/api/v1/sessions", post(create_session))
                .route("/ws", get(connect))
                .with_state(part);
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            runtime.spawn(async { axum::serve(listener, router).await });
            Self { url, seen, _runtime: runtime }
        }

        fn chat(&self, arguments: &[&str]) -> Running {
            let mut command = baton(&["chat", "--url", &self.url, "--host", "shop.example.com"]);
            Running::start(command.args(arguments).stdin(Stdio::piped()))
        }

        fn new_chat(&self, arguments: &[&str]) -> Running {
            self.chat(&[&["--token", "the-connector-token"], arguments].concat())
        }

        fn watch(&self, arguments: &[&str]) -> Running {
            self.chat(&[&["--session", "s 1", "--access-token", "a+b"], arguments].concat())
        }
    }

    async fn access_token(State(part): State<Part>, headers: HeaderMap) -> Json<Value> {
        let header = |name| headers[name].to_str().unwrap().to_owned();
        let shown = format!("{} {}", header("x-token"), header("x-host"));
        part.seen.lock().unwrap().calls.push(("access-token", shown));
        Json(json!({"access_token": "a+b", "expires_in": 86400, "token_type": "Bearer"}))
    }

    async fn create_session(State(part): State<Part>, headers: HeaderMap) -> Json<Value> {
        let shown = headers["authorization"].to_str().unwrap().to_owned();
        part.seen.lock().unwrap().calls.push(("sessions", shown));
        Json(json!({"session_id": "s 1"}))
    }

    async fn connect(
        State(part): State<Part>,
        RawQuery(query): RawQuery,
        upgrade: WebSocketUpgrade,
    ) -> Response {
        part.seen.lock().unwrap().queries.push(query.unwrap());
        let Some(script) = part.scripts.lock().unwrap().pop_front() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        upgrade.on_upgrade(|socket| play(socket, script, part.seen))
    }

    async fn play(mut socket: WebSocket, script: Script, seen: Arc<Mutex<Seen>>) {
        for step in script {
            match step {
                Send(frame) => socket.send(Message::text(frame.to_string())).await.unwrap(),
                Expect(kind) => {
                    let Some(Ok(Message::Text(text))) = socket.recv().await else {
                        return;
                    };
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(frame["type"], format!("EVENT_TYPE_{kind}"));
                    seen.lock().unwrap().frames.push(frame);
                }
                Echo(sequence) => {
                    let last = seen.lock().unwrap().frames.last().cloned().unwrap();
                    let echo = echo_of(&last, sequence).to_string();
                    socket.send(Message::text(echo)).await.unwrap();
                }
                Close(0) => return,
                Close(code) => {
                    let frame = CloseFrame { code, reason: "as told".into() };
                    socket.send(Message::Close(Some(frame))).await.unwrap();
                }
            }
        }
        while let Some(Ok(message)) = socket.recv().await {
            if let Message::Close(Some(frame)) = message {
                seen.lock().unwrap().close_codes.push(frame.code);
            }
        }
    }

    fn event(sequence: u64, kind: &str, payload: Value) -> Value {
        json!({
            "id": format!("event-{sequence}"), "sequence": sequence,
            "timestamp": format!("2026-05-07T12:00:0{sequence}.000Z"),
            "type": format!("EVENT_TYPE_{kind}"), "payload": payload,
        })
    }

    fn agent_says(sequence: u64, text: &str) -> Value {
        event(sequence, "LIVE_AGENT_MESSAGE", json!({"text": text}))
    }

    fn batch(events: &[Value]) -> Value {
        json!({"type": "EVENT_TYPE_EVENT_BATCH", "payload": {"events": events}})
    }

    fn start() -> Value {
        event(1, "SESSION_START", json!({}))
    }

    fn echo_of(frame: &Value, sequence: u64) -> Value {
        let mut echo = event(sequence, "USER_MESSAGE", frame["payload"].clone());
        echo["metadata"] = frame["metadata"].clone();
        echo
    }

    #[test]
    fn a_session_is_begun_and_shown_in_words() {
        let joined = event(2, "LIVE_AGENT_JOINED", json!({"agent": {"id": "7", "name": "Sarah"}}));
        let typing = json!({
            "id": "t", "sequence": null, "timestamp": "2026-05-07T12:00:03Z",
            "type": "EVENT_TYPE_LIVE_AGENT_TYPING", "payload": {"state": "TYPING_STATE_STARTED"},
        });
        let picture = json!({
            "text": "Look:",
            "attachments": [{
                "title": "map.png", "content_url": "https://example.com/map.png",
                "content_type": "ATTACHMENT_CONTENT_TYPE_IMAGE",
            }],
            "response_suggestions": [{"message_text": "Fine"}],
        });
        let server = Server::with([vec![
            Send(batch(&[start()])),
            Expect("REQUEST_POLY_AGENT_JOIN"),
            Send(joined),
            Send(typing),
            Send(agent_says(4, "Hello")),
            Send(event(5, "LIVE_AGENT_MESSAGE", picture)),
            Send(event(6, "SESSION_END", json!({"reason": "REASON_NATURAL_END"}))),
            Close(1000),
        ]]);
        let ended = server.new_chat(&[]).ended();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        let expected = "\
session s 1 (Ctrl-C leaves it, the line /end ends it)
12:00:01  The session begins.
12:00:02  Sarah has joined.
12:00:03  Sarah is typing …
12:00:04  Sarah: Hello
12:00:05  Sarah: Look:
            [picture] map.png  https://example.com/map.png
            choices: (Fine)
12:00:06  The session has ended (REASON_NATURAL_END).
";
        assert_eq!(ended.output, expected);
        let seen = server.seen.lock().unwrap();
        let calls = [
            ("access-token", "the-connector-token shop.example.com".to_owned()),
            ("sessions", "Bearer a+b".to_owned()),
        ];
        assert_eq!(seen.calls, calls);
        assert_eq!(seen.queries, ["access_token=a%2Bb&session_id=s+1"]);
    }

    #[test]
    fn who_watches_a_session_neither_begins_one_nor_asks_for_the_bot() {
        let server = Server::with([vec![Send(batch(&[start()])), Close(1000)]]);
        let ended = server.watch(&["--cursor", "0"]).ended();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        let seen = server.seen.lock().unwrap();
        assert!(seen.calls.is_empty() && seen.frames.is_empty());
    }

    #[test]
    fn a_lost_connection_is_made_anew_with_the_cursor_and_nothing_is_shown_twice() {
        let server = Server::with([
            vec![
                Send(batch(&[start(), agent_says(2, "one")])),
                Send(agent_says(3, "two")),
                Close(1012),
            ],
            vec![Send(batch(&[agent_says(3, "two"), agent_says(4, "three")])), Close(0)],
            vec![Send(batch(&[])), Close(1000)],
        ]);
        let chat = server.watch(&["--cursor", "1"]);
        for said in ["session", "The session begins.", "one", "two", "three"] {
            assert!(chat.line().contains(said), "{said}");
        }
        let ended = chat.ended();
        assert_eq!((ended.code, ended.output.as_str()), (Some(0), ""));
        assert!(ended.errors.contains("1012 as told"), "{}", ended.errors);
        let seen = server.seen.lock().unwrap();
        let cursor = |query: &String| query.split("cursor=").nth(1).map(str::to_owned);
        let cursors: Vec<_> = seen.queries.iter().filter_map(cursor).collect();
        assert_eq!(cursors, ["1", "3", "4"]);
    }

    #[test]
    fn a_typed_line_is_sent_again_until_it_is_echoed() {
        let server = Server::with([
            vec![Send(batch(&[start()])), Expect("USER_MESSAGE"), Close(1001)],
            vec![Send(batch(&[])), Expect("USER_MESSAGE"), Echo(2), Close(1012)],
            vec![Send(batch(&[agent_says(3, "Here.")])), Expect("USER_END_SESSION"), Close(1000)],
        ]);
        let mut chat = server.watch(&[]);
        chat.line_with("begins");
        chat.type_line("  Where is \"it\"?  ");
        assert_eq!(chat.line(), "12:00:02  You: Where is \"it\"?");
        chat.line_with("Here.");
        // Had the message been sent a third time, it would have come before this.
        chat.type_line("/end");
        assert_eq!(chat.ended().code, Some(0));
        let seen = server.seen.lock().unwrap();
        assert_eq!(seen.frames.len(), 3);
        assert_eq!(seen.frames[0], seen.frames[1]);
        assert_eq!(seen.frames[0]["payload"], json!({"text": "Where is \"it\"?"}));
        assert!(seen.frames[0]["metadata"]["custom"]["local_id"].is_string());
        assert_eq!(seen.frames[0].as_object().unwrap().len(), 3);
    }

    #[test]
    fn the_line_end_ends_the_session() {
        let server = Server::with([vec![
            Send(batch(&[start()])),
            Expect("USER_END_SESSION"),
            Send(event(2, "SESSION_END", json!({"reason": "REASON_USER_END"}))),
            Close(1000),
        ]]);
        let mut chat = server.watch(&[]);
        chat.line_with("begins");
        chat.type_line("/end");
        chat.line_with("The session has ended");
        assert_eq!(chat.ended().code, Some(0));
    }

    #[test]
    fn the_line_end_is_sent_again_until_the_session_has_ended_and_nothing_after_it() {
        let server = Server::with([
            vec![
                Send(batch(&[start()])),
                Expect("USER_MESSAGE"),
                Expect("USER_END_SESSION"),
                Close(1012),
            ],
            vec![
                Send(batch(&[])),
                Expect("USER_MESSAGE"),
                Echo(2),
                Expect("USER_END_SESSION"),
                Send(event(3, "SESSION_END", json!({"reason": "REASON_USER_END"}))),
                Close(1000),
            ],
        ]);
        let mut chat = server.watch(&[]);
        for line in ["Goodbye", "/end", "too late"] {
            chat.type_line(line);
        }
        let ended = chat.ended();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        assert!(ended.output.contains("You: Goodbye"), "{}", ended.output);
        assert_eq!(server.seen.lock().unwrap().frames.len(), 4);
    }

    #[test]
    fn the_end_of_the_input_ends_only_the_typing() {
        let server = Server::with([vec![
            Send(batch(&[start()])),
            Expect("USER_MESSAGE"),
            Echo(2),
            Send(agent_says(3, "Still here")),
            Close(1000),
        ]]);
        let mut chat = server.watch(&[]);
        chat.type_line("Hello");
        chat.close_input();
        chat.line_with("Agent: Still here");
        assert_eq!(chat.ended().code, Some(0));
    }

    #[test]
    fn ctrl_c_leaves_with_1000_and_does_not_end_the_session() {
        let server = Server::with([vec![Send(batch(&[start()]))]]);
        let chat = server.watch(&[]);
        chat.line_with("begins");
        chat.signal("INT");
        assert_eq!(chat.ended().code, Some(0));
        // The server has read the close before it answered, and the client waits for that.
        let seen = server.seen.lock().unwrap();
        assert_eq!(seen.close_codes, [1000]);
        assert!(seen.frames.is_empty());
    }

    #[test]
    fn raw_frames_are_printed_one_a_line_and_nothing_else() {
        let frames = [batch(&[start()]), agent_says(2, "a\nb")];
        let script = frames.iter().cloned().map(Send).chain([Close(1000)]).collect();
        let server = Server::with([script]);
        let ended = server.watch(&["--json", "--show-session"]).ended();
        let printed: Vec<Value> =
            ended.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(printed, frames);
        assert!(ended.errors.starts_with("session s 1 "), "{}", ended.errors);
        assert!(ended.errors.contains("--access-token a+b"), "{}", ended.errors);
    }

    #[test]
    fn a_session_that_is_gone_is_not_tried_again() {
        let server = Server::with([vec![Send(batch(&[])), Close(4001)]]);
        let gone = server.watch(&["--json"]).ended();
        assert_eq!(gone.code, Some(1));
        assert!(gone.errors.contains("the session is gone"), "{}", gone.errors);
        let refused = server.watch(&["--json"]).ended();
        assert_eq!(refused.code, Some(1));
        assert!(refused.errors.contains("404"), "{}", refused.errors);
    }

    #[test]
    fn invariant_10_the_access_token_is_shown_only_when_asked_for() {
        let server = Server::with([vec![Send(batch(&[start()])), Close(1012)]]);
        let ended = server.watch(&[]).ended();
        let all = ended.output + &ended.errors;
        assert!(!all.contains("a+b") && !all.contains("a%2Bb"), "{all}");
    }

    #[test]
    fn frames_of_any_shape_are_survived() {
        let odd = [
            json!(null),
            json!([]),
            json!("text"),
            json!({"type": 5}),
            batch(&[json!(1), json!(null)]),
            json!({"type": "EVENT_TYPE_EVENT_BATCH"}),
            json!({"type": "EVENT_TYPE_OF_LATER", "sequence": "7", "id": 5, "timestamp": "never"}),
        ];
        let script =
            odd.into_iter().map(Send).chain([Send(agent_says(9, "still here")), Close(1000)]);
        let server = Server::with([script.collect()]);
        let ended = server.watch(&[]).ended();
        assert_eq!(ended.code, Some(0), "{}", ended.errors);
        assert!(ended.output.contains("Agent: still here"), "{}", ended.output);
    }

    #[test]
    fn wrong_usage_says_what_to_do() {
        let chat = |arguments: &[&str]| ended(baton(&["chat"]).args(arguments));
        let tls = ["--url", "https://example.com", "--token", "x"];
        chat(&tls).assert_failed(2, "TLS is not built in");
        chat(&["--url", "nowhere", "--token", "x"]).assert_failed(2, "--url");
        chat(&["--token-env", "NOT_SET_ANYWHERE"]).assert_failed(2, "NOT_SET_ANYWHERE");
        for incomplete in [&[][..], &["--session", "s"], &["--token", "x", "--access-token", "y"]] {
            assert_eq!(chat(incomplete).code, Some(2), "{incomplete:?}");
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_named() {
        // The port is given back before it is used.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{address}");
        ended(&mut baton(&["chat", "--url", &url, "--token", "x"])).assert_failed(1, &url);
    }
}
