//! One line of the timeline.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The transport by which something travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Genesys posts to the edge.
    Webhook,
    /// Genesys tells the sidecar over a notification socket.
    Notification,
    /// The sidecar asks Genesys.
    Rest,
    /// The chat's log, as its clients see it.
    Chat,
}

/// Which way something travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From Genesys.
    ToBaton,
    /// To Genesys.
    ToGenesys,
    /// To the chat client.
    ToClient,
    /// From the chat client.
    FromClient,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is not answered yet.
    UnderWay,
    /// It went well.
    Ok,
    /// It was answered with 4xx.
    Refused,
    /// It was answered with anything else, or not at all; or it is a fault that struck.
    Failed,
}

/// Something that happened. It comes again under the same number when more of it is known.
///
/// The `Debug` form shows neither the summary nor the payload.
#[derive(Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the timeline: 1 for the first of this run, then one more for each.
    pub number: u64,
    /// When it began: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// By which transport.
    pub lane: Lane,
    /// Which way.
    pub direction: Direction,
    /// What it is, in a few standard words.
    pub title: String,
    /// The beginning of its text, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// The status of HTTP, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Until the answer; for a chat event since what caused it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_milliseconds: Option<f64>,
    /// Which attempt to deliver a webhook it is, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Whose chat it belongs to, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Genesys' conversation, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    /// All of it. Lists leave it out; it is got one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<RawValue>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("number", &self.number)
            .field("lane", &self.lane)
            .field("direction", &self.direction)
            .field("title", &self.title)
            .field("outcome", &self.outcome)
            .field("status", &self.status)
            .field("attempt", &self.attempt)
            .field("session_id", &self.session_id)
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}
