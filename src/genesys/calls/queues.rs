//! Queues.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::look_up::{LookUpError, Named, choose};
use crate::{
    call::Call, client::Genesys, error::CallError, lenient::or_default, rate_limit::Class,
};

/// A queue, in which conversations wait for agents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Queue {
    /// Its id.
    pub id: String,
    /// What it is called in Genesys.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

impl Named for Queue {
    const KIND: &'static str = "queue";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// Genesys' `EstimatedWaitTimePredictions`.
#[derive(Deserialize)]
struct Predictions {
    #[serde(default)]
    results: Vec<Prediction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prediction {
    /// The medium that it holds for.
    intent: Option<String>,
    estimated_wait_time_seconds: Option<i64>,
}

impl Prediction {
    /// What it says of messages, if it does.
    fn of_messages(&self) -> Option<Duration> {
        let intent = self.intent.as_deref().unwrap_or("MESSAGE");
        let holds = ["MESSAGE", "ALL"].iter().any(|known| intent.eq_ignore_ascii_case(known));
        let seconds = u64::try_from(self.estimated_wait_time_seconds?).ok()?;
        holds.then(|| Duration::from_secs(seconds))
    }
}

impl Genesys {
    /// All queues that the OAuth client may see.
    pub async fn queues(&self) -> Result<Vec<Queue>, CallError> {
        self.pages(Call::get("listing the queues", Class::Name, &["routing", "queues"])).await
    }

    /// The queue of the name.
    pub async fn queue_named(&self, name: &str) -> Result<Queue, LookUpError> {
        let call = Call::get("looking for the queue", Class::Name, &["routing", "queues"])
            .with_query("name", name);
        choose(self.pages(call).await?, name)
    }

    /// Makes a queue of the name, in the home division and without members, which people add.
    pub async fn create_queue(&self, name: &str) -> Result<Queue, CallError> {
        let call = Call::post("making the queue", Class::Name, &["routing", "queues"]);
        self.read(call.with_body(&json!({ "name": name }))).await
    }

    /// How long a message conversation may wait in the queue; `None` where Genesys has no
    /// estimate, as for a queue in which nobody has waited lately.
    pub async fn estimated_wait(&self, queue_id: &str) -> Result<Option<Duration>, CallError> {
        let path = ["routing", "queues", queue_id, "mediatypes", "message", "estimatedwaittime"];
        let call = Call::get("reading the queue's estimated wait", Class::Name, &path);
        let predictions: Predictions = self.read(call).await?;
        Ok(predictions.results.iter().find_map(Prediction::of_messages))
    }
}
