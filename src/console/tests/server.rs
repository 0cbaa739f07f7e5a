//! The console's listener: who is let in, and what they get.

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, time::Duration};

    use axum::{Json, Router, extract::Request, routing::any};
    use baton_chat::Passing;
    use baton_console::{Console, ConsoleError, Control, Demonstration, EdgeKind, Feeds, Token};
    use baton_core::tenant::TenantKey;
    use baton_process::{ShutdownTrigger, shutdown};
    use baton_simulator::feed::Feed;
    use baton_store::{NewEvent, NewSession, Store};
    use reqwest::{Client, Method, RequestBuilder, Response};
    use serde_json::{Value, json};
    use tempfile::TempDir;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        task::JoinHandle,
        time::timeout,
    };

    const TOKEN: &str = "the-token-of-this-run";
    const PATIENCE: Duration = Duration::from_secs(20);

    struct Running {
        address: SocketAddr,
        store: Store,
        passing: Passing,
        client: Client,
        stop: ShutdownTrigger,
        serving: JoinHandle<Result<(), ConsoleError>>,
        _feed: Feed,
        _directory: TempDir,
    }

    impl Running {
        async fn start() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let store = Store::open(&directory.path().join("baton.db")).unwrap();
            let demonstration = Demonstration {
                chat_url: "http://127.0.0.1:8080".to_owned(),
                connector_token: "connector".to_owned(),
                host: "example.com".to_owned(),
                tenant: "acme/support/live".to_owned(),
                edge: EdgeKind::InProcess,
                webhook_url: "http://127.0.0.1:8083/webhooks".to_owned(),
                webhook_secret: "hush".to_owned(),
            };
            let control = Control::new(genesys().await, "control-token".to_owned()).unwrap();
            let console = Console::new(demonstration, control, Token::new(TOKEN.to_owned()));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let feed = Feed::new();
            let (stop, stopped) = shutdown();
            let passing = Passing::new();
            let feeds = Feeds::new(&feed, store.clone(), &passing);
            let serving = tokio::spawn(console.serve(listener, feeds, stopped));
            let client = Client::builder().no_proxy().build().unwrap();
            Self {
                address,
                store,
                passing,
                client,
                stop,
                serving,
                _feed: feed,
                _directory: directory,
            }
        }

        fn request(&self, method: Method, path: &str) -> RequestBuilder {
            self.client.request(method, format!("http://{}{path}", self.address))
        }

        fn get(&self, path: &str) -> RequestBuilder {
            self.request(Method::GET, path)
        }

        /// With the token.
        async fn ask(&self, path: &str) -> Response {
            self.get(path).bearer_auth(TOKEN).send().await.unwrap()
        }

        /// A session begins, with these texts as messages of the bot.
        async fn chat(&self, session_id: &str, texts: &[&str]) {
            let session = NewSession {
                session_id: session_id.to_owned(),
                tenant: TenantKey::new("acme", "support", "live"),
                integration_id: "integration".to_owned(),
                end_user_id: format!("user of {session_id}"),
                external_id: None,
                token_digest: [7; 32],
                created_at_ms: 0,
                platform: None,
                custom: None,
            };
            let event = |text: &&str| NewEvent {
                id: text.to_string(),
                timestamp: "2026-11-21T20:15:00Z".to_owned(),
                kind: "EVENT_TYPE_POLY_AGENT_MESSAGE".to_owned(),
                payload: json!({ "text": text }).to_string(),
                metadata: None,
                message_id: None,
            };
            let events: Vec<NewEvent> = texts.iter().map(event).collect();
            self.store.create_session(session, events).await.unwrap();
        }
    }

    /// What stands in for the simulator: it answers what it was asked.
    async fn genesys() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(any(async |request: Request| {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            Json(json!({
                "method": head.method.as_str(),
                "target": head.uri.to_string(),
                "authorization": head.headers["authorization"].to_str().unwrap(),
                "body": String::from_utf8(body.to_vec()).unwrap(),
            }))
        }));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        origin
    }

    async fn status(request: RequestBuilder) -> u16 {
        request.send().await.unwrap().status().as_u16()
    }

    /// The ids and the data of the next events of a stream.
    async fn events(response: &mut Response, count: usize) -> Vec<(u64, Value)> {
        let mut text = String::new();
        let read = async {
            while text.matches("data:").count() < count || !text.ends_with("\n\n") {
                let piece = response.chunk().await.unwrap().expect("the stream goes on");
                text += std::str::from_utf8(&piece).unwrap();
            }
        };
        timeout(PATIENCE, read).await.expect("the events come");
        let field = |event: &str, name: &str| {
            let line = event.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().to_owned()
        };
        let whole = text.split("\n\n").filter(|event| event.contains("data:"));
        whole
            .map(|event| {
                let id = field(event, "id:").parse().unwrap();
                (id, serde_json::from_str(&field(event, "data:")).unwrap())
            })
            .collect()
    }

    fn summaries(events: &[(u64, Value)]) -> Vec<&str> {
        events.iter().map(|(_, entry)| entry["summary"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn the_api_wants_the_token_and_the_pages_do_not() {
        let console = Running::start().await;
        for path in ["/api/demo", "/api/timeline", "/api/timeline/1", "/api/genesys/org", "/api/x"]
        {
            assert_eq!(status(console.get(path)).await, 401, "{path}");
            assert_eq!(status(console.get(path).bearer_auth("guess")).await, 401, "{path}");
        }
        let known = if baton_web::asset("index.html").is_some() { 200 } else { 503 };
        for path in ["/", "/inspector", "/baton-chat.js"] {
            assert_eq!(status(console.get(path)).await, known, "{path}");
        }
        assert_eq!(status(console.get("/nothing")).await, 404);
        let answer = console.ask("/api/x").await;
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }

    #[tokio::test]
    async fn another_host_and_a_page_of_another_origin_are_turned_away() {
        let console = Running::start().await;
        let port = console.address.port();
        let host = |host: String| console.get("/api/demo").bearer_auth(TOKEN).header("host", host);
        assert_eq!(status(host(format!("localhost:{port}"))).await, 200);
        assert_eq!(status(host(format!("[::1]:{port}"))).await, 200);
        for other in [format!("evil.example:{port}"), "127.0.0.1".to_owned(), "127.0.0.1:1".into()]
        {
            assert_eq!(status(host(other.clone())).await, 421, "{other}");
        }
        let origin =
            |origin: String| console.get("/api/demo").bearer_auth(TOKEN).header("origin", origin);
        assert_eq!(status(origin(format!("http://127.0.0.1:{port}"))).await, 200);
        for other in ["https://evil.example".to_owned(), "null".into(), "http://127.0.0.1".into()] {
            assert_eq!(status(origin(other.clone())).await, 403, "{other}");
        }
        assert_eq!(status(console.get("/").header("origin", "https://evil.example")).await, 403);
    }

    /// The status that these bytes are answered with.
    async fn exchange(address: SocketAddr, request: &str) -> String {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, socket.read_to_string(&mut answer)).await.expect("an answer").unwrap();
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn a_host_that_is_missing_written_otherwise_or_named_twice_opens_nothing() {
        let console = Running::start().await;
        let (address, port) = (console.address, console.address.port());
        let ask = async |line: &str, hosts: &[String]| {
            let hosts: String = hosts.iter().map(|host| format!("host: {host}\r\n")).collect();
            let rest = format!("authorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n");
            exchange(address, &format!("GET /api/demo {line}\r\n{hosts}{rest}")).await
        };
        let own = format!("127.0.0.1:{port}");
        assert_eq!(ask("HTTP/1.1", std::slice::from_ref(&own)).await, "200");
        assert_eq!(ask("HTTP/1.0", &[]).await, "421");
        for other in ["", "127.1", "[::ffff:127.0.0.1]", "localhost.", "0.0.0.0", "127.0.0.1.evil"]
        {
            assert_eq!(ask("HTTP/1.1", &[format!("{other}:{port}")]).await, "421", "{other}");
        }
        let two = ask("HTTP/1.1", &[own, format!("evil.example:{port}")]).await;
        assert_eq!(two, "421", "whoever reads the other one reads a foreign one");
    }

    #[tokio::test]
    async fn a_path_that_leaves_the_control_api_leads_nowhere() {
        let console = Running::start().await;
        for path in
            ["../oauth/token", "%2e%2e/%2e%2e/oauth/token", "a/../../../oauth", "..\\..\\oauth"]
        {
            let request = format!(
                "GET /api/genesys/{path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\
                 connection: close\r\n\r\n",
                console.address
            );
            let status = exchange(console.address, &request).await;
            assert!(["400", "404"].contains(&status.as_str()), "{path}: {status}");
        }
    }

    #[tokio::test]
    async fn every_answer_keeps_to_itself() {
        let console = Running::start().await;
        let elsewhere = console.get("/").header("host", "evil.example");
        let foreign = console.get("/api/demo").header("origin", "https://evil.example");
        let paths =
            ["/", "/inspector", "/assets/console.js", "/baton-chat.js", "/nothing", "/api/demo"];
        let asked = paths.map(|path| console.get(path));
        let known = ["/api/demo", "/api/timeline", "/api/timeline/1", "/api/genesys/org", "/api/x"]
            .map(|path| console.get(path).bearer_auth(TOKEN));
        for request in asked.into_iter().chain(known).chain([elsewhere, foreign]) {
            let answer = request.send().await.unwrap();
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert!(header("content-security-policy").starts_with("default-src 'none'; "));
            assert!(header("content-security-policy").ends_with("frame-ancestors 'none'"));
            assert!(!header("content-security-policy").contains("'unsafe-"));
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert_eq!(header("cache-control"), "no-store");
        }
    }

    #[tokio::test]
    async fn the_demonstration_is_described() {
        let console = Running::start().await;
        let demonstration: Value = console.ask("/api/demo").await.json().await.unwrap();
        assert_eq!(
            demonstration,
            json!({
                "chat_url": "http://127.0.0.1:8080", "connector_token": "connector",
                "host": "example.com", "tenant": "acme/support/live", "edge": "in_process",
                "webhook_url": "http://127.0.0.1:8083/webhooks", "webhook_secret": "hush",
            })
        );
    }

    #[tokio::test]
    async fn the_timeline_is_a_stream_that_goes_on_where_it_was_left() {
        let console = Running::start().await;
        console.chat("one", &["first", "second"]).await;
        let mut stream = console.ask("/api/timeline").await;
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let so_far = events(&mut stream, 2).await;
        assert_eq!(summaries(&so_far), ["first", "second"]);
        assert_eq!(so_far[0].1["number"], 1);
        assert_eq!(so_far[0].1["session_id"], "one");
        assert!(so_far[0].1.get("payload").is_none());
        console.chat("two", &["third"]).await;
        assert_eq!(summaries(&events(&mut stream, 1).await), ["third"]);

        let again = console.get("/api/timeline").bearer_auth(TOKEN);
        let again = again.header("last-event-id", so_far[0].0.to_string());
        let mut again = again.send().await.unwrap();
        assert_eq!(summaries(&events(&mut again, 2).await), ["second", "third"]);
        let other_run = console.get("/api/timeline").bearer_auth(TOKEN);
        let mut other_run = other_run.header("last-event-id", "999").send().await.unwrap();
        assert_eq!(events(&mut other_run, 3).await.len(), 3, "all of it comes");

        let mut of_one = console.ask("/api/timeline?session=two").await;
        assert_eq!(summaries(&events(&mut of_one, 1).await), ["third"]);
    }

    #[tokio::test]
    async fn who_types_is_in_the_stream_too() {
        let console = Running::start().await;
        let kind = "EVENT_TYPE_USER_TYPING";
        console.passing.tell("one", kind, json!({ "type": kind }).to_string().into());
        let mut stream = console.ask("/api/timeline").await;
        let (_, entry) = events(&mut stream, 1).await.remove(0);
        assert_eq!((&entry["lane"], &entry["title"]), (&json!("chat"), &json!("USER_TYPING")));
        assert_eq!(entry["session_id"], "one");
    }

    #[tokio::test]
    async fn an_entry_has_its_payload_when_it_is_asked_for_alone() {
        let console = Running::start().await;
        console.chat("one", &["first"]).await;
        let mut stream = console.ask("/api/timeline").await;
        events(&mut stream, 1).await;
        let entry: Value = console.ask("/api/timeline/1").await.json().await.unwrap();
        assert_eq!(entry["payload"]["type"], "EVENT_TYPE_POLY_AGENT_MESSAGE");
        assert_eq!(entry["payload"]["payload"]["text"], "first");
        for path in ["/api/timeline/2", "/api/timeline/0", "/api/timeline/x"] {
            assert_eq!(console.ask(path).await.status(), 404, "{path}");
        }
    }

    #[tokio::test]
    async fn orders_are_passed_on_to_the_simulator_with_its_token() {
        let console = Running::start().await;
        let order = console.request(Method::PUT, "/api/genesys/org?a=b").bearer_auth(TOKEN);
        let seen: Value =
            order.json(&json!({"autopilot": {}})).send().await.unwrap().json().await.unwrap();
        assert_eq!(
            seen,
            json!({
                "method": "PUT", "target": "/control/v1/org?a=b",
                "authorization": "Bearer control-token", "body": r#"{"autopilot":{}}"#,
            })
        );
        assert_eq!(console.ask("/api/genesys/%2e%2e/%2e%2e/oauth/token").await.status(), 404);
    }

    #[tokio::test]
    async fn it_stops_while_somebody_watches() {
        let console = Running::start().await;
        let mut stream = console.ask("/api/timeline").await;
        console.stop.begin();
        let ended = timeout(PATIENCE, console.serving).await.expect("it stops in time");
        ended.unwrap().unwrap();
        assert!(timeout(PATIENCE, stream.chunk()).await.expect("it ends").is_ok());
    }
}
