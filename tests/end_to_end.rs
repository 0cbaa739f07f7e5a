//! The whole way: a simulated Genesys, a real Envoy in both hold modes, a sidecar, a chat client.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is not as it has to be"
)]

use std::time::Duration;

use baton_simulator::webhook::{Shape, shapes};
use baton_tests::{
    SANDBOX_SECRET, SECRET,
    chat::{Session, Socket, sequence_of, text_of},
    envoy::{Envoy, Hold},
    http1::PATIENCE,
    sidecar::{
        INTEGRATION, SANDBOX_CONNECTOR_TOKEN, SANDBOX_INTEGRATION, Sidecar, end_user_id, is_healthy,
    },
    simulator::{Simulator, configuration, statuses},
};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

/// Where the webhooks of `acme/support/sandbox` go.
const SANDBOX_PATH: &str = "/webhooks/genesys/acme/support/sandbox/events";

/// A session of `acme/support/live` with everything that stands between it and its agent.
struct Stage {
    simulator: Simulator,
    envoy: Envoy,
    sidecar: Sidecar,
    session: Session,
    end_user_id: String,
    client: Socket,
}

impl Stage {
    async fn set(hold: Hold) -> Self {
        Self::set_with(hold, Map::new(), |yaml| yaml).await
    }

    /// With these changes of the edge's configuration and of Envoy's.
    async fn set_with(
        hold: Hold,
        edge: Map<String, Value>,
        change: impl FnOnce(String) -> String,
    ) -> Self {
        let sidecar = Sidecar::start().await;
        let chat_port = format!("port_value: {} ", sidecar.chat.port());
        let change = |yaml| change(replace(yaml, "port_value: 8080 ", &chat_port));
        let envoy = Envoy::start_with(hold, sidecar.internal, &edge, change).await;
        let simulator = Simulator::start(envoy.address).await;
        let session = Session::make(envoy.address).await;
        let end_user_id = end_user_id(sidecar.internal, &session.id).await;
        let mut client = Socket::open(envoy.address, &session).await;
        let start = client.event().await;
        assert_eq!(start["type"], "EVENT_TYPE_SESSION_START");
        assert_eq!(sequence_of(&start), Some(1));
        Self { simulator, envoy, sidecar, session, end_user_id, client }
    }

    /// Sends a shape to the session's end user, and returns its record once it is settled.
    async fn send(&self, shape: &str) -> Value {
        self.simulator.send(json!({"shape": shape, "to": self.end_user_id})).await
    }

    /// Sends an agent's message, which has to be taken.
    async fn say(&self, text: &str) {
        let order = json!({"shape": "text-agent", "to": self.end_user_id, "text": text});
        assert_eq!(statuses(&self.simulator.send(order).await), [200], "{text}");
    }

    /// The whole log as a client gets it that connects now: up to the message with this text.
    async fn replay_until(&self, text: &str) -> Vec<Value> {
        let mut socket = Socket::open(self.envoy.address, &self.session).await;
        socket.events_until(|event| text_of(event) == text).await
    }
}

/// Replaces a text that stands once in the configuration.
fn replace(yaml: String, from: &str, to: &str) -> String {
    assert_eq!(yaml.matches(from).count(), 1, "{from}");
    yaml.replace(from, to)
}

fn forwarding_bots() -> Map<String, Value> {
    Map::from_iter([("bot_messages".to_owned(), "forward".into())])
}

fn numbers(events: &[Value]) -> Vec<u64> {
    events.iter().filter_map(sequence_of).collect()
}

#[tokio::test]
async fn invariant_5_what_an_agent_and_a_bot_send_arrives_in_order_and_the_replay_is_the_same() {
    for hold in Hold::BOTH {
        let mut stage = Stage::set_with(hold, forwarding_bots(), |yaml| yaml).await;
        let mut live = Vec::new();

        assert_eq!(statuses(&stage.send("text-agent").await), [200]);
        let message = stage.client.event().await;
        assert_eq!(message["type"], "EVENT_TYPE_LIVE_AGENT_MESSAGE");
        assert_eq!(text_of(&message), "Hello, this is Dana. How can I help?");
        live.push(message);

        assert_eq!(statuses(&stage.send("event-typing").await), [200]);
        let typing = stage.client.event().await;
        assert_eq!(typing["type"], "EVENT_TYPE_LIVE_AGENT_TYPING");
        assert_eq!(typing["payload"]["state"], "TYPING_STATE_STARTED");
        assert_eq!(sequence_of(&typing), None);

        assert_eq!(statuses(&stage.send("attachment-image-with-text").await), [200]);
        // The message ends the typing; which of the two is shown first does not matter.
        let (stopped, attachment): (Vec<_>, Vec<_>) =
            [stage.client.event().await, stage.client.event().await]
                .into_iter()
                .partition(|event| event["type"] == "EVENT_TYPE_LIVE_AGENT_TYPING");
        assert_eq!(stopped[0]["payload"]["state"], "TYPING_STATE_STOPPED");
        assert_eq!(text_of(&attachment[0]), "Here is the picture\nA view of hills");
        assert_eq!(
            attachment[0]["payload"]["attachments"],
            json!([{
                "title": "photo 1.jpg",
                "content_url":
                    "https://api-downloads.mypurecloud.de/api/v2/downloads/pce00aa11bb22cc33",
                "content_type": "ATTACHMENT_CONTENT_TYPE_IMAGE",
            }])
        );
        live.extend(attachment);

        assert_eq!(statuses(&stage.send("structured-quickreply").await), [200]);
        let replies = stage.client.event().await;
        assert_eq!(replies["type"], "EVENT_TYPE_POLY_AGENT_MESSAGE");
        assert_eq!(text_of(&replies), "Which team?");
        assert_eq!(
            replies["payload"]["response_suggestions"],
            json!([
                {"message_text": "Sales", "payload": "sales"},
                {"message_text": "Support", "payload": "support"},
            ])
        );
        live.push(replies);

        assert_eq!(numbers(&live), [2, 3, 4]);
        let replay = stage.replay_until("Which team?").await;
        assert_eq!(replay[1..], live, "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_3_and_4_what_genesys_sends_while_the_sidecar_is_down_arrives_once_it_is_up() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let mut settings = configuration(stage.envoy.address);
        // Half of Genesys' pace: time enough for a sidecar to start between two attempts.
        settings.time_scale = 0.5;
        let simulator = Simulator::start_with(settings).await;
        let stopped = stage.sidecar.stop().await;

        let order = json!({"shape": "text-agent", "to": stage.end_user_id, "text": "patience"});
        let sending = simulator.begin_to_send(order).await;
        let deadline = Instant::now() + PATIENCE;
        while statuses(&simulator.record(&sending["id"]).await).is_empty() {
            assert!(Instant::now() < deadline, "{hold:?}: no attempt");
            sleep(Duration::from_millis(10)).await;
        }
        let sidecar = stopped.start_again().await;
        let stage = Stage { sidecar, simulator, ..stage };
        let record = loop {
            let record = stage.simulator.record(&sending["id"]).await;
            if record["state"] != "pending" {
                break record;
            }
            assert!(Instant::now() < deadline, "{hold:?}: {record}");
            sleep(Duration::from_millis(10)).await;
        };
        assert_eq!(record["state"], "delivered", "{hold:?}: {record}");
        let statuses = statuses(&record);
        let (last, before) = statuses.split_last().expect("attempts");
        assert_eq!(*last, 200, "{hold:?}");
        assert!(!before.is_empty() && before.iter().all(|status| *status == 503), "{before:?}");

        stage.say("afterwards").await;
        let events = stage.replay_until("afterwards").await;
        let texts: Vec<&str> = events.iter().map(text_of).collect();
        assert_eq!(texts, ["", "patience", "afterwards"], "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_4_a_webhook_that_is_sent_20_times_at_once_is_in_the_log_once() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        let order = json!({"shape": "text-agent", "to": stage.end_user_id, "repeat": 20});
        let first = stage.simulator.send(order).await;
        let copies = first["copies"].as_array().expect("copies");
        assert_eq!(copies.len(), 19);
        for copy in copies.iter().chain([&first]) {
            assert_eq!(statuses(copy), [200], "{hold:?}");
        }
        stage.say("afterwards").await;
        let events = stage.replay_until("afterwards").await;
        assert_eq!(numbers(&events), [1, 2, 3], "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_1_a_forged_webhook_is_refused_for_good_and_reaches_nobody() {
    for hold in Hold::BOTH {
        let mut stage = Stage::set(hold).await;
        for signature in ["forged", "missing"] {
            let order =
                json!({"shape": "text-agent", "to": stage.end_user_id, "signature": signature});
            let record = stage.simulator.send(order).await;
            assert_eq!(record["state"], "failed", "{hold:?}: {signature}");
            assert_eq!(statuses(&record), [401], "{hold:?}: {signature}");
        }
        stage.say("genuine").await;
        let event = stage.client.event().await;
        assert_eq!((text_of(&event), sequence_of(&event)), ("genuine", Some(2)), "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_12_webhooks_of_another_tenant_never_reach_the_session() {
    for hold in Hold::BOTH {
        let mut stage = Stage::set(hold).await;
        let address = stage.envoy.address;
        let sandbox = Session::make_with(address, SANDBOX_CONNECTOR_TOKEN).await;
        let sandbox_user = end_user_id(stage.sidecar.internal, &sandbox.id).await;
        let mut sandbox_client = Socket::open(address, &sandbox).await;
        sandbox_client.event().await;

        let foreign = |path: Option<&str>, secret: &str, integration: &str| {
            let mut settings = configuration(address);
            if let Some(path) = path {
                settings.webhook_url = format!("http://{address}{path}");
            }
            settings.signature_secret = secret.to_owned();
            settings.integration_id = integration.to_owned();
            Simulator::start_with(settings)
        };
        let there = foreign(Some(SANDBOX_PATH), SANDBOX_SECRET, SANDBOX_INTEGRATION).await;
        for (case, simulator, status) in [
            ("by its own path", &there, 200),
            (
                "by its own path, as the integration of the session's tenant",
                &foreign(Some(SANDBOX_PATH), SANDBOX_SECRET, INTEGRATION).await,
                200,
            ),
            (
                "by the path of the session's tenant",
                &foreign(None, SANDBOX_SECRET, INTEGRATION).await,
                401,
            ),
            (
                "by its own path, signed as the session's tenant",
                &foreign(Some(SANDBOX_PATH), SECRET, SANDBOX_INTEGRATION).await,
                401,
            ),
            (
                "by the path of the session's tenant, as another integration",
                &foreign(None, SECRET, SANDBOX_INTEGRATION).await,
                200,
            ),
        ] {
            for shape in ["text-agent", "event-typing"] {
                let order = json!({"shape": shape, "to": stage.end_user_id});
                let record = simulator.send(order).await;
                assert_eq!(statuses(&record), [status], "{hold:?}: {case}");
            }
        }

        let order = json!({"shape": "text-agent", "to": sandbox_user, "text": "for sandbox"});
        assert_eq!(statuses(&there.send(order).await), [200]);
        let event = sandbox_client.event().await;
        assert_eq!((text_of(&event), sequence_of(&event)), ("for sandbox", Some(2)), "{hold:?}");
        stage.say("for live").await;
        let event = stage.client.event().await;
        assert_eq!((text_of(&event), sequence_of(&event)), ("for live", Some(2)), "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_11_every_shape_of_a_webhook_is_answered_as_it_has_to_be_and_does_no_harm() {
    for hold in Hold::BOTH {
        let stage = Stage::set_with(hold, forwarding_bots(), |yaml| yaml).await;
        assert!(shapes().count() > 40, "the simulator knows its shapes");
        for shape in shapes().map(Shape::name) {
            let record = stage.send(shape).await;
            assert_eq!(statuses(&record), [200], "{hold:?}: {shape}");
        }
        for (body, status) in [
            ("{}", 200),
            ("null", 200),
            (r#"{"channel":{"to":7},"type":[],"text":{}}"#, 200),
            ("", 400),
            ("hello", 400),
            (r#"{"id":"#, 400),
        ] {
            let record = stage.simulator.send_raw(body).await;
            assert_eq!(statuses(&record), [status], "{hold:?}: {body}");
        }
        assert!(is_healthy(stage.sidecar.internal).await, "{hold:?}");
        stage.say("afterwards").await;
        let events = stage.replay_until("afterwards").await;
        // The end of typing may come in between, and has no number.
        let numbers = numbers(&events);
        let last = u64::try_from(numbers.len()).expect("a number");
        assert!(last > 20, "{hold:?}: the messages are in the log");
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>(), "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_14_a_silent_socket_outlives_what_envoy_gives_to_webhooks() {
    for hold in Hold::BOTH {
        let shorter = |yaml| {
            let yaml = replace(yaml, "stream_idle_timeout: 30s", "stream_idle_timeout: 1s");
            replace(yaml, "max_stream_duration: 20s", "max_stream_duration: 1s")
        };
        let mut stage = Stage::set_with(hold, Map::new(), shorter).await;
        sleep(Duration::from_secs(3)).await;
        stage.say("still there?").await;
        assert_eq!(text_of(&stage.client.event().await), "still there?", "{hold:?}");

        // What the client sends is not held until it is complete, which it never is.
        stage.client.send_heartbeat().await;
        assert_eq!(stage.client.event().await["type"], "EVENT_TYPE_HEARTBEAT", "{hold:?}");
    }
}
