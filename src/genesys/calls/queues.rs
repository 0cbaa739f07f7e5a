//! Queues.

use serde::Deserialize;

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

/// How a queue is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueRef {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
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
}
