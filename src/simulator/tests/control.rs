//! The control API of a running simulator.

#[cfg(test)]
mod receiver;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use baton_simulator::{Configuration, SimulatorError, serve, signature};
    use serde_json::{Value, json};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use crate::receiver::Receiver;
    use crate::receiver::Reply::{self, Silence, Status};

    const SECRET: &str = "at-least-16-chars-long";

    struct Running {
        receiver: Receiver,
        url: String,
        stop: oneshot::Sender<()>,
        served: JoinHandle<Result<(), SimulatorError>>,
    }

    impl Running {
        async fn against(script: &[Reply]) -> Self {
            Self::at_pace(0.01, script).await
        }

        async fn at_pace(time_scale: f64, script: &[Reply]) -> Self {
            let receiver = Receiver::answering(script).await;
            let mut configuration = Configuration::new(&receiver.url, SECRET);
            configuration.time_scale = time_scale;
            let listener = configuration.bind().await.unwrap();
            let url = format!("http://{}/control/v1", listener.local_addr().unwrap());
            let (stop, stopped) = oneshot::channel();
            let shutdown = async { stopped.await.unwrap_or_default() };
            let served = tokio::spawn(serve(listener, configuration, shutdown));
            Self { receiver, url, stop, served }
        }

        async fn get(&self, path: &str) -> (u16, Value) {
            answer(reqwest::get(format!("{}/{path}", self.url)).await.unwrap()).await
        }

        async fn post(&self, path: &str, order: Value) -> (u16, Value) {
            post(format!("{}/{path}", self.url), order).await
        }

        /// The body of the only webhook that was received.
        fn received(&self) -> Value {
            let received = self.receiver.received();
            assert_eq!(received.len(), 1);
            serde_json::from_slice(&received[0].body).unwrap()
        }
    }

    async fn post(url: String, order: Value) -> (u16, Value) {
        answer(reqwest::Client::new().post(url).json(&order).send().await.unwrap()).await
    }

    async fn answer(response: reqwest::Response) -> (u16, Value) {
        (response.status().as_u16(), response.json().await.unwrap())
    }

    #[tokio::test]
    async fn a_running_simulator_is_healthy() {
        let simulator = Running::against(&[Status(200)]).await;
        assert_eq!(simulator.get("health").await, (200, json!({ "status": "ok" })));
    }

    #[tokio::test]
    async fn the_shapes_are_listed_with_their_descriptions() {
        let simulator = Running::against(&[Status(200)]).await;
        let (status, shapes) = simulator.get("shapes").await;
        assert_eq!(status, 200);
        assert_eq!(shapes.as_array().unwrap().len(), 45);
        assert_eq!(shapes[0]["name"], "text-agent");
        assert!(shapes[0]["description"].is_string());
    }

    #[tokio::test]
    async fn a_shape_is_signed_and_sent_and_its_record_answered() {
        let simulator = Running::against(&[Status(200)]).await;
        let order =
            json!({ "shape": "text-agent", "to": "end-user-1", "text": "jaźń", "wait": true });
        let (status, record) = simulator.post("webhooks", order).await;
        assert_eq!(status, 200);
        assert_eq!(record["state"], "delivered");
        assert_eq!(record["shape"], "text-agent");
        assert_eq!(record["attempts"][0]["status"], 200);

        let body = simulator.received();
        assert_eq!(body["id"], record["message_id"]);
        assert_eq!(body["channel"]["to"]["id"], "end-user-1");
        assert_eq!(body["text"], "jaźń");
        let received = &simulator.receiver.received()[0];
        let expected = signature::base64(SECRET, &received.body);
        assert_eq!(received.header("x-hub-signature-256"), Some(expected.as_str()));
    }

    #[tokio::test]
    async fn without_wait_the_record_is_pending_and_settles_later() {
        let simulator = Running::against(&[Status(503), Status(200)]).await;
        let order = json!({ "shape": "event-typing", "to": "end-user-1" });
        let (status, record) = simulator.post("webhooks", order).await;
        assert_eq!((status, &record["state"]), (202, &json!("pending")));
        let path = format!("sendings/{}", record["id"]);
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let (_, record) = simulator.get(&path).await;
            if record["state"] == "delivered" {
                assert_eq!(record["attempts"].as_array().unwrap().len(), 2);
                break;
            }
            assert!(Instant::now() < deadline, "{record}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_refused_webhook_is_recorded_as_delivery_failed() {
        let simulator = Running::against(&[Status(404)]).await;
        let order = json!({ "shape": "text-agent", "to": "end-user-1", "wait": true });
        let (status, record) = simulator.post("webhooks", order).await;
        assert_eq!((status, &record["state"]), (200, &json!("failed")));
        assert_eq!(
            record["error_info"],
            json!({
                "code": "DELIVERY_FAILED",
                "text": "GeneralError - Request failed with status code 404",
            })
        );
    }

    #[tokio::test]
    async fn the_ids_in_the_order_are_used() {
        let simulator = Running::against(&[Status(200)]).await;
        let order = json!({
            "shape": "text-agent", "to": "end-user-1", "wait": true,
            "message_id": "c4ca4238a0b923820dcc509a6f75849b", "conversation_id": "conversation-1",
        });
        simulator.post("webhooks", order).await;
        let body = simulator.received();
        assert_eq!(body["id"], "c4ca4238a0b923820dcc509a6f75849b");
        assert_eq!(body["conversationId"], "conversation-1");
    }

    #[tokio::test]
    async fn the_conversation_id_can_be_left_out() {
        let simulator = Running::against(&[Status(200)]).await;
        let order = json!({
            "shape": "text-agent", "to": "end-user-1", "wait": true, "omit_conversation_id": true,
        });
        simulator.post("webhooks", order).await;
        assert_eq!(simulator.received().get("conversationId"), None);
    }

    #[tokio::test]
    async fn a_repeat_sends_identical_bytes_with_a_record_for_each_copy() {
        let simulator = Running::against(&[Status(200)]).await;
        let order = json!({ "shape": "text-agent", "to": "end-user-1", "repeat": 3, "wait": true });
        let (status, record) = simulator.post("webhooks", order).await;
        assert_eq!(status, 200);
        assert_eq!(record["copies"].as_array().unwrap().len(), 2);
        let received = simulator.receiver.received();
        assert_eq!(received.len(), 3);
        assert!(received.iter().all(|copy| copy.body == received[0].body));
        assert!(received.iter().all(|copy| copy.headers == received[0].headers));

        let (_, sendings) = simulator.get("sendings").await;
        let ids: Vec<_> =
            sendings.as_array().unwrap().iter().map(|sending| sending["id"].clone()).collect();
        assert_eq!(ids, [1, 2, 3]);
    }

    #[tokio::test]
    async fn raw_bytes_are_signed_and_sent_as_they_are() {
        let simulator = Running::against(&[Status(200)]).await;
        let body = "{ not JSON \u{2028} zażółć\r\n";
        let (_, record) = simulator.post("raw", json!({ "body": body, "wait": true })).await;
        assert_eq!((&record["shape"], &record["state"]), (&json!("raw"), &json!("delivered")));
        let received = &simulator.receiver.received()[0];
        assert_eq!(received.body, body);
        let expected = signature::base64(SECRET, body.as_bytes());
        assert_eq!(received.header("x-hub-signature-256"), Some(expected.as_str()));
    }

    #[tokio::test]
    async fn the_signature_can_be_forged_hexadecimal_or_missing() {
        let simulator = Running::against(&[Status(200)]).await;
        for kind in ["forged", "hex", "missing"] {
            let order = json!({ "body": "{}", "signature": kind, "wait": true });
            assert_eq!(simulator.post("raw", order).await.0, 200);
        }
        let received = simulator.receiver.received();
        let right = signature::base64(SECRET, b"{}");
        let [forged, hex, missing] = [0, 1, 2].map(|at| received[at].header(signature::HEADER));
        assert!(forged.is_some_and(|value| value.starts_with("sha256=") && value != right));
        assert_eq!(hex, Some(signature::hex(SECRET, b"{}").as_str()));
        assert_eq!(missing, None);
    }

    #[tokio::test]
    async fn a_bad_order_is_refused_with_what_to_do() {
        let simulator = Running::against(&[Status(200)]).await;
        let cases = [
            (json!({ "shape": "text-agnet", "to": "a" }), "text-agent"),
            (json!({ "shape": "text-agent" }), "missing field `to`"),
            (json!({ "shape": "text-agent", "to": "a", "signature": "odd" }), "`forged`"),
            (json!({ "shape": "text-agent", "to": "a", "repaet": 2 }), "`repeat`"),
            (json!({ "shape": "text-agent", "to": "a", "repeat": 0 }), "from 1 to"),
            (json!({ "shape": "event-typing", "to": "a", "text": "b" }), "leave text out"),
            (
                json!({
                    "shape": "text-agent", "to": "a",
                    "conversation_id": "b", "omit_conversation_id": true,
                }),
                "either",
            ),
        ];
        for (order, hint) in cases {
            let (status, answer) = simulator.post("webhooks", order).await;
            let error = answer["error"].as_str().unwrap();
            assert_eq!(status, 400, "{error}");
            assert!(error.contains(hint), "{error}");
        }
        assert_eq!(simulator.get("sendings").await, (200, json!([])));
    }

    #[tokio::test]
    async fn an_unknown_sending_or_path_is_not_found() {
        let simulator = Running::against(&[Status(200)]).await;
        for path in ["sendings/7", "sendings/first", "nothing"] {
            let (status, answer) = simulator.get(path).await;
            assert_eq!(status, 404);
            assert!(answer["error"].as_str().unwrap().contains("/control/v1/sendings"));
        }
    }

    #[tokio::test]
    async fn shutdown_stops_the_retries_and_answers_who_waits() {
        let simulator = Running::at_pace(1.0, &[Status(503)]).await;
        let order = json!({ "shape": "text-agent", "to": "end-user-1", "wait": true });
        let waiting = tokio::spawn(post(format!("{}/webhooks", simulator.url), order));
        let deadline = Instant::now() + Duration::from_secs(10);
        while simulator.get("sendings/1").await.1["attempts"][0]["status"] != 503 {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        simulator.stop.send(()).unwrap();
        let served = tokio::time::timeout(Duration::from_secs(4), simulator.served).await;
        served.unwrap().unwrap().unwrap();
        let (status, record) = waiting.await.unwrap();
        assert_eq!((status, &record["state"]), (202, &json!("pending")));
        assert_eq!(simulator.receiver.received().len(), 1);
    }

    #[tokio::test]
    async fn shutdown_drops_an_attempt_that_hangs() {
        let simulator = Running::at_pace(1.0, &[Silence]).await;
        let order = json!({ "shape": "text-agent", "to": "end-user-1" });
        simulator.post("webhooks", order).await;
        simulator.stop.send(()).unwrap();
        let served = tokio::time::timeout(Duration::from_secs(4), simulator.served).await;
        served.unwrap().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_secret_that_genesys_would_refuse_is_refused() {
        let configuration = Configuration::new("http://127.0.0.1:1/events", "fifteen-letters");
        let listener = configuration.bind().await.unwrap();
        let error = serve(listener, configuration, std::future::pending()).await.unwrap_err();
        assert!(matches!(error, SimulatorError::SecretTooShort { length: 15 }), "{error}");
    }
}
