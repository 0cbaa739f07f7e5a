//! The control routes that drive the org, on a running simulator.

#[cfg(test)]
mod receiver;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use baton_simulator::{
        Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, serve, signature,
    };
    use reqwest::{Client, RequestBuilder};
    use serde_json::{Value, json};

    use crate::receiver::Receiver;
    use crate::receiver::Reply::{self, Silence, Status};

    const SECRET: &str = "at-least-16-chars-long";
    const CUSTOMER: &str = "end-user-1";

    /// A simulator that stops with the runtime of its test, and a client of its Platform API.
    struct Running {
        receiver: Receiver,
        client: Client,
        url: String,
        token: String,
        integration: String,
    }

    impl Running {
        async fn start() -> Self {
            Self::against(&[Status(200)]).await
        }

        async fn against(script: &[Reply]) -> Self {
            let receiver = Receiver::answering(script).await;
            let mut configuration = Configuration::new(&receiver.url, SECRET);
            configuration.time_scale = 0.01;
            let integration = configuration.integration_id.clone();
            let listener = configuration.bind().await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(serve(listener, configuration, std::future::pending()));
            let client = Client::new();
            let order = client
                .post(format!("{url}/oauth/token"))
                .basic_auth(DEFAULT_CLIENT_ID, Some(DEFAULT_CLIENT_SECRET))
                .header("content-type", "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials");
            let (_, granted) = answer(order).await;
            let token = granted["access_token"].as_str().unwrap().to_owned();
            Self { receiver, client, url, token, integration }
        }

        async fn control(&self, path: &str) -> (u16, Value) {
            answer(self.client.get(format!("{}/control/v1/{path}", self.url))).await
        }

        async fn order(&self, path: &str, order: Value) -> (u16, Value) {
            let request = self.client.post(format!("{}/control/v1/{path}", self.url));
            answer(request.json(&order)).await
        }

        async fn switch(&self, switches: Value) -> (u16, Value) {
            let request = self.client.put(format!("{}/control/v1/org", self.url));
            answer(request.json(&switches)).await
        }

        /// The customer writes on an integration. Answers the conversation's id.
        async fn write(&self, integration: &str, text: &str) -> String {
            let path = format!(
                "api/v2/conversations/messages/{integration}/inbound/open/message\
                 ?prefetchConversationId=true"
            );
            let body = json!({
                "channel": {
                    "from": { "id": CUSTOMER, "idType": "Opaque" },
                    "time": "2026-05-04T09:15:00Z",
                },
                "text": text,
            });
            let request = self.client.post(format!("{}/{path}", self.url));
            let (status, taken) = answer(request.bearer_auth(&self.token).json(&body)).await;
            assert!((200..300).contains(&status), "{taken}");
            taken["conversationId"].as_str().unwrap().to_owned()
        }

        /// The texts of the webhooks, once there are this many webhooks with one.
        async fn texts(&self, count: usize) -> Vec<String> {
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let bodies = self.receiver.received().into_iter().map(|received| received.body);
                let texts: Vec<String> = bodies
                    .filter_map(|body| serde_json::from_slice::<Value>(&body).ok())
                    .filter_map(|body| Some(body["text"].as_str()?.to_owned()))
                    .collect();
                if texts.len() >= count {
                    return texts;
                }
                assert!(Instant::now() < deadline, "{texts:?}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    async fn answer(request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    #[tokio::test]
    async fn an_agent_is_driven_through_a_conversation() {
        let simulator = Running::start().await;
        let id = simulator.write(&simulator.integration, "hello").await;
        let (_, list) = simulator.control(&format!("conversations?end_user={CUSTOMER}")).await;
        assert_eq!((&list[0]["id"], &list[0]["state"]), (&json!(id), &json!("queued")));

        let actions = format!("conversations/{id}/actions");
        let accepted =
            simulator.order(&actions, json!({ "action": "accept", "user": "Dana" })).await;
        assert_eq!((accepted.0, &accepted.1["conversation"]["state"]), (200, &json!("connected")));
        let said = simulator.order(&actions, json!({ "action": "answer", "text": "Hi" })).await.1;
        assert_eq!(simulator.texts(1).await, ["Hi"]);
        simulator.order(&actions, json!({ "action": "end" })).await;

        let (_, truth) = simulator.control(&format!("conversations/{id}")).await;
        assert_eq!(truth["state"], "ended");
        assert_eq!(truth["messages"][1]["id"], said["message_id"]);
        let why: Vec<&Value> = truth["disconnects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|disconnect| &disconnect["disconnect_type"])
            .collect();
        assert!(why.contains(&&json!("CLIENT")) && why.contains(&&json!("PEER")), "{why:?}");
    }

    #[tokio::test]
    async fn what_became_of_a_webhook_stands_on_its_message() {
        for (script, expected) in
            [(Status(200), "sent"), (Status(404), "delivery-failed"), (Silence, "queued")]
        {
            let simulator = Running::against(&[script]).await;
            simulator.switch(json!({ "receipts_for_inbound": false })).await;
            let id = simulator.write(&simulator.integration, "hello").await;
            let actions = format!("conversations/{id}/actions");
            simulator.order(&actions, json!({ "action": "accept", "user": "Dana" })).await;
            simulator.order(&actions, json!({ "action": "answer", "text": "Hi" })).await;
            simulator.texts(1).await;
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let (_, truth) = simulator.control(&format!("conversations/{id}")).await;
                if truth["messages"][1]["status"] == expected {
                    break;
                }
                assert!(Instant::now() < deadline, "{truth}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    #[tokio::test]
    async fn agents_on_autopilot_act_by_themselves() {
        let simulator = Running::start().await;
        let autopilot = json!({ "accept_after_milliseconds": 10, "greeting": "Hello" });
        let (status, switches) = simulator.switch(json!({ "autopilot": autopilot })).await;
        assert_eq!((status, &switches["autopilot"]["echo"]), (200, &json!(true)));
        simulator.write(&simulator.integration, "hello").await;
        assert_eq!(simulator.texts(1).await, ["Hello"]);
        simulator.write(&simulator.integration, "one").await;
        assert_eq!(simulator.texts(2).await, ["Hello", "one"]);
    }

    #[tokio::test]
    async fn another_integration_has_a_webhook_url_and_a_secret_of_its_own() {
        let simulator = Running::start().await;
        let second = Receiver::answering(&[Status(200)]).await;
        let secret = "another-16-chars-long";
        let order = json!({
            "name": "Second", "webhook_url": second.url, "signature_secret": secret,
        });
        let (status, added) = simulator.order("integrations", order).await;
        assert_eq!(status, 201);
        assert!(!added.to_string().contains(secret));
        let id = simulator.write(added["id"].as_str().unwrap(), "hello").await;
        let actions = format!("conversations/{id}/actions");
        simulator.order(&actions, json!({ "action": "accept", "user": "Dana" })).await;
        let deadline = Instant::now() + Duration::from_secs(10);
        while second.received().is_empty() {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = &second.received()[0];
        let expected = signature::base64(secret, &received.body);
        assert_eq!(received.header(signature::HEADER), Some(expected.as_str()));
        assert_eq!(simulator.receiver.received().len(), 0);
    }

    #[tokio::test]
    async fn a_bad_order_is_refused_with_what_to_do() {
        let simulator = Running::start().await;
        let id = simulator.write(&simulator.integration, "hello").await;
        let actions = format!("conversations/{id}/actions");
        let cases = [
            (actions.as_str(), json!({ "action": "dance" }), 400, "\"accept\""),
            (&actions, json!({ "action": "accept", "user": "Nobody" }), 404, "Nobody"),
            (&actions, json!({ "action": "answer", "text": "hi" }), 400, "name one"),
            ("conversations/nothing/actions", json!({ "action": "end" }), 404, "nothing"),
            (
                "integrations",
                json!({
                    "name": "Second", "webhook_url": "http://127.0.0.1:1/",
                    "signature_secret": "short",
                }),
                400,
                "below 16",
            ),
            ("integrations", json!({ "name": "Second" }), 400, "webhook_url"),
        ];
        for (path, order, expected, hint) in cases {
            let (status, answer) = simulator.order(path, order).await;
            let error = answer["error"].as_str().unwrap();
            assert_eq!(status, expected, "{error}");
            assert!(error.contains(hint), "{error}");
        }
        assert_eq!(simulator.switch(json!({ "autopliot": null })).await.0, 400);
        assert_eq!(simulator.switch(json!({ "flow_queue": "Nowhere" })).await.0, 404);
        assert_eq!(simulator.control("conversations/nothing").await.0, 404);
        assert_eq!(simulator.control("conversations?enduser=x").await.0, 400);
        assert_eq!(simulator.control("receipts").await, (200, json!([])));
    }
}
