//! The contact centre, as the tests see and drive it: a refused order is an answer like another.

use std::net::SocketAddr;

use baton_tests::http1;
use jiff::Timestamp;
use serde_json::Value;

/// The control API of the simulated Genesys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Org(pub(crate) SocketAddr);

impl Org {
    /// What the control API shows.
    pub(crate) async fn get(self, path: &str) -> Value {
        self.ask("GET", path, &Value::Null).await.expect("it is there")
    }

    /// All conversations of an end user, each with the whole truth, the oldest first.
    pub(crate) async fn conversations(self, end_user_id: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for id in self.ids(end_user_id).await {
            found.push(self.get(&format!("/control/v1/conversations/{id}")).await);
        }
        found
    }

    /// The newest conversation of an end user, in short.
    pub(crate) async fn newest(self, end_user_id: &str) -> Option<Value> {
        let path = format!("/control/v1/conversations?end_user={end_user_id}");
        self.get(&path).await.as_array().expect("a list").last().cloned()
    }

    /// Has somebody act in a conversation; the refusal, if that cannot be.
    pub(crate) async fn act(self, id: &str, action: &Value) -> Result<Value, Value> {
        self.ask("POST", &format!("/control/v1/conversations/{id}/actions"), action).await
    }

    async fn ids(self, end_user_id: &str) -> Vec<String> {
        let path = format!("/control/v1/conversations?end_user={end_user_id}");
        let found = self.get(&path).await;
        let ids = found.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str());
        ids.map(str::to_owned).collect()
    }

    async fn ask(self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = http1::request(method, path, &headers, body.as_bytes());
        let answer = http1::exchange(self.0, &request).await;
        let body = serde_json::from_slice(&answer.body).expect("JSON");
        if (200..300).contains(&answer.status) { Ok(body) } else { Err(body) }
    }
}

/// A time as Genesys and the log write it, in milliseconds since 1970.
pub(crate) fn milliseconds(time: &Value) -> Option<i64> {
    Some(time.as_str()?.parse::<Timestamp>().ok()?.as_millisecond())
}
