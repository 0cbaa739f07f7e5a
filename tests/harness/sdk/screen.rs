//! What somebody at a scripted client sees, and what the client has to bear.

use std::collections::HashSet;

use serde_json::Value;

use super::decode::Decoded;

/// Who speaks in a bubble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The user.
    User,
    /// The bot.
    Bot,
    /// A human at the contact centre.
    Agent,
}

/// What became of a bubble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was said, and no echo has come.
    Sending,
    /// It has its place in the session.
    Done,
    /// The client has given it up, and says so. A late echo mends that.
    Failed,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bubble {
    /// Who speaks.
    pub speaker: Speaker,
    /// What was said.
    pub text: String,
    /// The client's own id of what its user said.
    pub local_id: Option<String>,
    /// The server's id.
    pub message_id: Option<String>,
    /// What became of it.
    pub delivery: Delivery,
}

/// How the connection stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is none, and there will be one.
    Connecting,
    /// There is one.
    Open,
    /// The server has closed it for good, with 1000.
    Closed,
    /// The conversation is lost, and why: no server may bring a live session to this.
    Lost(String),
}

/// Everything that a client has seen.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The messages as they stand on the screen.
    pub bubbles: Vec<Bubble>,
    /// The events of the log, in the order in which they were processed, each once.
    pub log: Vec<Decoded>,
    /// The events that are shown and forgotten.
    pub passing: Vec<Decoded>,
    /// Each event as it came, whatever became of it.
    pub frames: Vec<Value>,
    /// The sizes of the batches.
    pub batches: Vec<usize>,
    /// How the connection stands.
    pub status: Status,
    /// With what each socket ended: a close code, or `None` for a connection that broke.
    pub closes: Vec<Option<u16>>,
    /// How often a socket was opened.
    pub opened: u32,
    /// How often the bot was asked to join.
    pub joins: u32,
    /// How often a frame was sent again.
    pub resent: u32,
    /// How often an event came again that was known.
    pub repeated: u32,
    /// How many events the client's own buffer lost.
    pub overflowed: u64,
    /// Whether the chat is shown as ended.
    pub has_ended: bool,
    ids: HashSet<String>,
    bot_joined: bool,
}

/// What a client has to do after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    Nothing,
    Join,
    /// The session has begun: heartbeats follow, so many seconds apart.
    Begin {
        heartbeat: u64,
        join: bool,
    },
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            bubbles: Vec::new(),
            log: Vec::new(),
            passing: Vec::new(),
            frames: Vec::new(),
            batches: Vec::new(),
            status: Status::Connecting,
            closes: Vec::new(),
            opened: 0,
            joins: 0,
            resent: 0,
            repeated: 0,
            overflowed: 0,
            has_ended: false,
            ids: HashSet::new(),
            bot_joined: false,
        }
    }

    /// The bubble of what the user said under this id.
    pub fn said(&self, local_id: &str) -> &Bubble {
        let mut bubbles = self.bubbles.iter();
        let bubble = bubbles.find(|bubble| bubble.local_id.as_deref() == Some(local_id));
        bubble.expect("something that was said")
    }

    /// The texts of this speaker that have their place in the session.
    pub fn texts(&self, speaker: Speaker) -> Vec<&str> {
        let done =
            |bubble: &&Bubble| bubble.speaker == speaker && bubble.delivery == Delivery::Done;
        self.bubbles.iter().filter(done).map(|bubble| bubble.text.as_str()).collect()
    }

    /// The types of the log as the SDKs call them.
    pub fn names(&self) -> Vec<&'static str> {
        self.log.iter().map(|event| event.name).collect()
    }

    /// Whether an event of this name is in the log.
    pub fn has(&self, name: &str) -> bool {
        self.log.iter().any(|event| event.name == name)
    }

    /// Nothing was lost on the way, nothing came twice, and all came in order.
    pub fn assert_whole(&self) {
        assert!(!matches!(self.status, Status::Lost(_)), "the chat is lost: {:?}", self.status);
        assert_eq!(self.overflowed, 0, "the client's buffer lost events");
        let numbers: Vec<u64> = self.log.iter().filter_map(|event| event.sequence).collect();
        let all: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, all, "{:?}", self.names());
        let mut message_ids = HashSet::new();
        for bubble in &self.bubbles {
            if let Some(id) = &bubble.message_id {
                assert!(message_ids.insert(id), "twice on the screen: {bubble:?}");
            }
        }
    }

    /// Notes a frame, and what its batch consists of.
    pub(super) fn note_frame(&mut self, text: &str) {
        let frame: Value = serde_json::from_str(text).expect("every frame is JSON");
        if let Some(batch) = frame["payload"]["events"].as_array() {
            self.batches.push(batch.len());
            self.frames.extend(batch.iter().cloned());
        }
        self.frames.push(frame);
    }

    /// Notes what became of what the user said, unless it has its place already.
    pub(super) fn settle(&mut self, local_id: &str, delivery: Delivery) {
        let own = |bubble: &&mut Bubble| bubble.local_id.as_deref() == Some(local_id);
        let sending = |bubble: &&mut Bubble| bubble.delivery == Delivery::Sending;
        if let Some(bubble) = self.bubbles.iter_mut().find(own).filter(sending) {
            bubble.delivery = delivery;
        }
    }

    /// Processes an event. `joined` says whether its batch shows that the bot has joined.
    pub(super) fn process(&mut self, event: Decoded, joined: bool) -> Reaction {
        if event.sequence.is_none() {
            let reaction = reaction_to_transient(&event);
            self.passing.push(event);
            return reaction;
        }
        if !event.id.is_empty() && !self.ids.insert(event.id.clone()) {
            self.repeated += 1;
            return Reaction::Nothing;
        }
        let reaction = match event.name {
            "SessionStart" => {
                self.has_ended = false;
                let capabilities = &event.payload["capabilities"];
                let heartbeat = capabilities["heartbeat_interval_seconds"].as_u64().unwrap_or(30);
                Reaction::Begin { heartbeat, join: !(joined || self.bot_joined) }
            }
            "SystemMessage" => reaction_to_transient(&event),
            _ => Reaction::Nothing,
        };
        match event.name {
            "AgentJoined" => self.bot_joined = true,
            "SessionEnd" | "LiveAgentLeft" => self.has_ended = true,
            "AgentMessage" => self.bubble(Speaker::Bot, &event),
            "LiveAgentMessage" => self.bubble(Speaker::Agent, &event),
            "UserMessage" => self.echo(&event),
            _ => {}
        }
        self.log.push(event);
        reaction
    }

    /// The echo of what the user said is known by its id, else it is one more bubble.
    fn echo(&mut self, event: &Decoded) {
        let own = |bubble: &&mut Bubble| {
            bubble.local_id.is_some() && bubble.local_id.as_deref() == event.local_id()
        };
        match self.bubbles.iter_mut().find(own) {
            Some(bubble) => {
                assert_eq!(bubble.message_id, None, "a second echo: {event:?}");
                assert_eq!(bubble.text, event.text());
                bubble.delivery = Delivery::Done;
                bubble.message_id = message_id(event);
            }
            None => self.bubble(Speaker::User, event),
        }
    }

    fn bubble(&mut self, speaker: Speaker, event: &Decoded) {
        self.bubbles.push(Bubble {
            speaker,
            text: event.text().to_owned(),
            local_id: None,
            message_id: message_id(event),
            delivery: Delivery::Done,
        });
    }
}

fn message_id(event: &Decoded) -> Option<String> {
    Some(event.payload["message_id"].as_str()?.to_owned())
}

/// Some errors make a client ask for the bot by itself (Messaging API, 8.4).
fn reaction_to_transient(event: &Decoded) -> Reaction {
    let text = event.payload["message"].as_str().unwrap_or_default().to_lowercase();
    let asks =
        ["conversation not found", "conversation id not found", "unable to start a conversation"];
    let is_error = event.payload["level"] == "SYSTEM_MESSAGE_LEVEL_ERROR";
    let joins =
        event.name == "SystemMessage" && is_error && asks.iter().any(|ask| text.contains(ask));
    if joins { Reaction::Join } else { Reaction::Nothing }
}
