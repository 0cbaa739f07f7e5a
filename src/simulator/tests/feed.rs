//! What a running simulator tells whoever listens in its process.

#[cfg(test)]
mod receiver;

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use baton_simulator::{
        Configuration, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET,
        delivery::Answer,
        feed::{Feed, Happening, Occurrence},
        serve,
    };
    use futures_util::StreamExt;
    use reqwest::{Client, Method};
    use serde_json::{Value, json};
    use tokio::{sync::broadcast, time::timeout};

    use crate::receiver::{Receiver, Reply::Status};

    const SECRET: &str = "at-least-16-chars-long";
    const PATIENCE: Duration = Duration::from_secs(20);

    struct Running {
        receiver: Receiver,
        url: String,
        client: Client,
        /// Of an OAuth client with every permission.
        token: String,
        feed: Feed,
    }

    impl Running {
        async fn answering(script: &[crate::receiver::Reply]) -> Self {
            let receiver = Receiver::answering(script).await;
            let mut configuration = Configuration::new(&receiver.url, SECRET);
            configuration.time_scale = 0.01;
            let feed = configuration.feed.clone();
            let listener = configuration.bind().await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(serve(listener, configuration, std::future::pending()));
            let client = Client::new();
            let answer = client
                .post(format!("{url}/oauth/token"))
                .basic_auth(DEFAULT_CLIENT_ID, Some(DEFAULT_CLIENT_SECRET))
                .header("content-type", "application/x-www-form-urlencoded")
                .body("grant_type=client_credentials")
                .send()
                .await;
            let answer: Value = answer.unwrap().json().await.unwrap();
            let token = answer["access_token"].as_str().unwrap().to_owned();
            Self { receiver, url, client, token, feed }
        }

        async fn ask(&self, method: Method, path: &str, body: &Value) -> Value {
            let request = self.client.request(method, format!("{}{path}", self.url));
            let request = request.bearer_auth(&self.token).json(body);
            request.send().await.unwrap().json().await.unwrap_or_default()
        }

        async fn post(&self, path: &str, body: &Value) -> Value {
            self.ask(Method::POST, path, body).await
        }

        /// A customer writes in: the id of the conversation.
        async fn write_in(&self) -> String {
            let integration = "5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10";
            let path = format!(
                "/api/v2/conversations/messages/{integration}/inbound/open/message?prefetchConversationId=true"
            );
            let from = json!({ "id": "customer-1", "idType": "Opaque" });
            let channel = json!({ "from": from, "time": "2026-05-04T09:15:00Z" });
            let answer = self.post(&path, &json!({ "channel": channel, "text": "Hello" })).await;
            answer["conversationId"].as_str().unwrap().to_owned()
        }
    }

    type Listener = broadcast::Receiver<Arc<Happening>>;

    /// The next happening of which this makes something.
    async fn next<T>(listener: &mut Listener, pick: impl Fn(&Occurrence) -> Option<T>) -> T {
        let found = async {
            loop {
                let happening = listener.recv().await.unwrap();
                if let Some(found) = pick(&happening.what) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("it is told")
    }

    #[tokio::test]
    async fn each_attempt_is_told_when_it_begins_and_when_it_is_over() {
        let simulator = Running::answering(&[Status(503), Status(200)]).await;
        let mut listener = simulator.feed.listen();
        let order = json!({ "shape": "text-agent", "to": "u1", "text": "Hello!", "wait": true });
        let record = simulator.post("/control/v1/webhooks", &order).await;
        let received = simulator.receiver.received();
        for (number, status) in [(1, 503), (2, 200)] {
            let begun = next(&mut listener, |what| match what {
                Occurrence::AttemptBegun(begun) => Some(begun.clone()),
                _ => None,
            });
            let begun = begun.await;
            assert_eq!(json!(begun.attempt.sending), record["id"]);
            assert_eq!((begun.attempt.number, begun.shape), (number, "text-agent"));
            assert_eq!(begun.end_user_id.as_deref(), Some("u1"));
            assert_eq!(begun.conversation_id.is_some(), begun.message_id.is_some());
            assert_eq!(begun.body, received[0].body);
            assert_eq!(begun.signature.as_deref(), received[0].header("x-hub-signature-256"));
            let settled = next(&mut listener, |what| match what {
                Occurrence::AttemptSettled { attempt, answer, .. } => {
                    Some((*attempt, answer.clone()))
                }
                _ => None,
            });
            assert_eq!(settled.await, (begun.attempt, Answer::Status(status)));
        }
    }

    #[tokio::test]
    async fn a_request_is_told_with_its_bodies_and_no_token() {
        let simulator = Running::answering(&[Status(200)]).await;
        let mut listener = simulator.feed.listen();
        let conversation = simulator.write_in().await;
        let begun = next(&mut listener, |what| match what {
            Occurrence::RequestBegun(begun) => Some(begun.clone()),
            _ => None,
        });
        let begun = begun.await;
        assert_eq!(begun.method, "POST");
        assert!(begun.route.ends_with("/{integrationId}/inbound/open/message"), "{}", begun.route);
        let settled = next(&mut listener, |what| match what {
            Occurrence::RequestSettled(settled) => Some(settled.clone()),
            _ => None,
        });
        let settled = settled.await;
        assert_eq!((settled.number, settled.status), (begun.number, Some(202)));
        assert_eq!(settled.client_id.as_deref(), Some(DEFAULT_CLIENT_ID));
        assert_eq!(settled.request.unwrap()["text"], "Hello");
        assert_eq!(settled.answer.unwrap()["conversationId"], conversation);
    }

    #[tokio::test]
    async fn neither_a_token_nor_a_secret_nor_the_id_of_a_channel_is_told() {
        let simulator = Running::answering(&[Status(200)]).await;
        let mut listener = simulator.feed.listen();
        let token = simulator.client.post(format!("{}/oauth/token", simulator.url));
        let token = token.basic_auth(DEFAULT_CLIENT_ID, Some(DEFAULT_CLIENT_SECRET));
        let token = token.header("content-type", "application/x-www-form-urlencoded");
        let token = token.body("grant_type=client_credentials").send().await.unwrap();
        let token: Value = token.json().await.unwrap();
        let channel = simulator.post("/api/v2/notifications/channels", &json!({})).await;
        let id = channel["id"].as_str().unwrap();
        let conversation = simulator.write_in().await;
        let topics =
            json!([{ "id": format!("v2.detail.events.conversation.{conversation}.user.start") }]);
        let path = format!("/api/v2/notifications/channels/{id}/subscriptions");
        simulator.ask(Method::PUT, &path, &topics).await;
        let uri = channel["connectUri"].as_str().unwrap();
        // One that opens the channel a second time has the first told of it, by the channel's id.
        let (mut first, _) = tokio_tungstenite::connect_async(uri).await.unwrap();
        let action = json!({ "action": "accept", "user": "Dana" });
        let actions = format!("/control/v1/conversations/{conversation}/actions");
        simulator.post(&actions, &action).await;
        first.next().await.unwrap().unwrap();
        let (_second, _) = tokio_tungstenite::connect_async(uri).await.unwrap();

        let mut told = String::new();
        let mut last = false;
        while !last {
            let happening = timeout(PATIENCE, listener.recv()).await.expect("it is told").unwrap();
            match &happening.what {
                Occurrence::Notified(notified) => {
                    let topic = notified.topic.clone().unwrap_or_default();
                    last = topic.starts_with("v2.system.no_longer_subscribed");
                    told += &format!("{topic} {}\n", notified.frame);
                }
                Occurrence::RequestSettled(settled) => {
                    told += &format!("{settled:?} {:?} {:?}\n", settled.request, settled.answer);
                }
                other => told += &format!("{other:?}\n"),
            }
        }
        assert!(told.contains("user.start") && told.contains("/oauth/token"), "{told}");
        let value = token["access_token"].as_str().unwrap();
        for secret in [value, &simulator.token, DEFAULT_CLIENT_SECRET, SECRET, id] {
            assert!(!told.contains(secret), "{told}");
        }
    }

    #[tokio::test]
    async fn a_fault_that_strikes_is_told() {
        let simulator = Running::answering(&[Status(200)]).await;
        let plan = json!({ "requests": [{ "fault": { "lose_answer": {} }, "next": 1 }] });
        simulator.ask(Method::PUT, "/control/v1/faults", &plan).await;
        let mut listener = simulator.feed.listen();
        let request = simulator.client.get(format!("{}/api/v2/users", simulator.url));
        request.bearer_auth(&simulator.token).send().await.expect_err("the answer is lost");
        let struck = next(&mut listener, |what| match what {
            Occurrence::FaultStruck(struck) => Some(struck.clone()),
            _ => None,
        });
        let struck = struck.await;
        assert_eq!((struck.occasion, &*struck.name), ("request", "GET /api/v2/users"));
        assert_eq!(struck.fault, json!({ "lose_answer": { "status": null } }));
        let status = next(&mut listener, |what| match what {
            Occurrence::RequestSettled(settled) => Some(settled.status),
            _ => None,
        });
        assert_eq!(status.await, None);

        simulator.post("/control/v1/faults/now", &json!({ "fault": "close_sockets" })).await;
        let now = next(&mut listener, |what| match what {
            Occurrence::FaultStruck(struck) => Some((struck.occasion, struck.fault.clone())),
            _ => None,
        });
        assert_eq!(now.await, ("now", json!({ "fault": "close_sockets", "code": null })));
    }
}
