//! A scripted client that behaves as PolyAI's own SDKs do (Messaging API, 5 to 9): two profiles,
//! one for each of them.
//!
//! The client runs by itself, as an app does, and writes down what its user sees. Its durations
//! are those of the SDKs times its pace.

mod connection;
pub mod decode;
mod inbox;
mod request;
pub mod screen;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    task::JoinSet,
    time::{Instant, sleep},
};

use self::{connection::Connection, inbox::Inbox};
use crate::{chat::Session, http1::PATIENCE};

pub use self::screen::{Bubble, Delivery, Screen, Speaker, Status};

/// How an SDK behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// What it is called, as `POST /sessions` is told.
    pub platform: &'static str,
    /// How long it waits for the echo of a message.
    pub echo: Duration,
    /// How often it sends a message again whose echo does not come.
    pub resends: u32,
    /// How long a message waits for a socket; none that has to have one at once.
    pub socket: Option<Duration>,
    /// How many events its buffer holds before the oldest is lost.
    pub buffer: Option<usize>,
}

/// The iOS SDK 0.9.0.
pub const IOS: Profile = Profile {
    platform: "ios",
    echo: Duration::from_secs(3),
    resends: 3,
    socket: Some(Duration::from_secs(15)),
    buffer: None,
};

/// The Android SDK 0.9.0.
pub const ANDROID: Profile = Profile {
    platform: "android",
    echo: Duration::from_secs(10),
    resends: 0,
    socket: None,
    buffer: Some(256),
};

/// Both.
pub const PROFILES: [Profile; 2] = [IOS, ANDROID];

/// What lies between two looks at a screen.
const LOOK: Duration = Duration::from_millis(5);

/// What the user, or the phone, does.
#[derive(Clone, Debug)]
enum Order {
    Say { local_id: String, frame: String },
    Send(String),
    Join,
    Begin { heartbeat: u64, join: bool },
    LoseNetwork,
    End,
}

/// A client with a session. It is gone when it is dropped, without a word.
#[derive(Debug)]
pub struct Sdk {
    profile: Profile,
    chat: SocketAddr,
    pace: f64,
    session: Session,
    screen: Shared,
    orders: UnboundedSender<Order>,
    _running: JoinSet<()>,
}

/// The screen, as the client's tasks and the test share it.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Screen>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lose(&self, why: String) {
        self.lock().status = Status::Lost(why);
    }
}

impl Sdk {
    /// A new session of the tenant with this connector token. The client's durations are those
    /// of its profile times `pace`.
    pub async fn begin(profile: Profile, chat: SocketAddr, token: &str, pace: f64) -> Self {
        let session = request::session(profile, chat, token, pace).await;
        Self::resume(profile, chat, session, pace)
    }

    /// What an app does that was closed and is opened again: the session is known, and nothing
    /// of what was on the screen.
    pub fn reopened(&self) -> Self {
        Self::resume(self.profile, self.chat, self.session.clone(), self.pace)
    }

    /// A client of a session that is there already.
    pub fn resume(profile: Profile, chat: SocketAddr, session: Session, pace: f64) -> Self {
        let screen = Shared(Arc::new(Mutex::new(Screen::new())));
        let (orders, taken) = mpsc::unbounded_channel();
        let inbox = Inbox::new(profile.buffer);
        let connection = Connection {
            profile,
            chat,
            session: session.clone(),
            pace,
            screen: screen.clone(),
            inbox: inbox.clone(),
            orders: taken,
            cursor: 0,
            unanswered: Vec::new(),
            heartbeat: None,
            beats_at: None,
            active_at: Instant::now(),
        };
        let mut running = JoinSet::new();
        running.spawn(connection.run());
        running.spawn(inbox.process(screen.clone(), orders.clone()));
        Self { profile, chat, pace, session, screen, orders, _running: running }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What is seen now.
    pub fn screen(&self) -> Screen {
        self.screen.lock().clone()
    }

    /// Waits until the screen is as it is wanted.
    pub async fn sees(&self, what: &str, wanted: impl Fn(&Screen) -> bool) -> Screen {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            let platform = self.profile.platform;
            if wanted(&screen) {
                return screen;
            }
            let Screen { status, closes, bubbles, .. } = &screen;
            let lost = matches!(status, Status::Lost(_));
            assert!(
                !lost && Instant::now() < deadline,
                "{what}, {platform}: {status:?} after {closes:?}, {:?}, {bubbles:?}",
                screen.names()
            );
            sleep(LOOK).await;
        }
    }

    /// Waits until an event of this name is in the log so often.
    pub async fn sees_events(&self, name: &str, number: usize) -> Screen {
        let count = |screen: &Screen| screen.names().iter().filter(|one| **one == name).count();
        self.sees(name, |screen| count(screen) >= number).await
    }

    /// Waits until this speaker's text is on the screen.
    pub async fn hears(&self, speaker: Speaker, text: &str) -> Screen {
        self.sees(text, |screen| screen.texts(speaker).contains(&text)).await
    }

    /// Says something once; the id by which the client knows it. It may fail.
    pub fn say(&self, text: &str) -> String {
        let local_id = {
            let mut screen = self.screen.lock();
            let local_id = format!("{}-{}", self.session.id, screen.bubbles.len());
            screen.bubbles.push(Bubble {
                speaker: Speaker::User,
                text: text.to_owned(),
                local_id: Some(local_id.clone()),
                message_id: None,
                delivery: Delivery::Sending,
            });
            local_id
        };
        let mut frame = event_of("EVENT_TYPE_USER_MESSAGE", &json!({ "text": text }));
        frame["metadata"] = json!({"custom": {"local_id": local_id}});
        self.order(Order::Say { local_id: local_id.clone(), frame: frame.to_string() });
        local_id
    }

    /// Says something as a person does: whatever the client gives up is said again, in other
    /// words. Returns what arrived.
    pub async fn gets_across(&self, text: &str) -> String {
        for attempt in 1.. {
            let text = if attempt == 1 { text.to_owned() } else { format!("{text} ({attempt})") };
            let local_id = self.say(&text);
            let settled = self
                .sees(&text, |screen| screen.said(&local_id).delivery != Delivery::Sending)
                .await;
            if settled.said(&local_id).delivery == Delivery::Done {
                return text;
            }
            self.sees("a socket", |screen| screen.status == Status::Open).await;
        }
        unreachable!("a loop without an end")
    }

    /// Sends an event as it is.
    pub fn send(&self, kind: &str, payload: &Value) {
        self.send_text(&frame_of(kind, payload));
    }

    /// Sends a text frame as it is.
    pub fn send_text(&self, frame: &str) {
        self.order(Order::Send(frame.to_owned()));
    }

    /// The phone loses its network, and has it again: the client drops its socket and connects
    /// anew (4002).
    pub fn lose_network(&self) {
        self.order(Order::LoseNetwork);
    }

    /// Ends the session.
    pub fn end(&self) {
        self.order(Order::End);
    }

    fn order(&self, order: Order) {
        // A client that is closed drops it in silence.
        let _ = self.orders.send(order);
    }

    /// Nothing was lost, nothing came twice and all is in order; and an app that is opened anew
    /// shows the very same.
    pub async fn assert_whole(&self) -> Screen {
        let screen = self.screen();
        screen.assert_whole();
        let reopened = self.reopened();
        let again =
            reopened.sees("the same again", |again| again.log.len() >= screen.log.len()).await;
        again.assert_whole();
        assert!(again.log == screen.log, "{:?} is not {:?}", again.names(), screen.names());
        assert_eq!(again.has_ended, screen.has_ended, "{:?}", screen.names());
        assert!(
            !screen.has("AgentJoined") || again.joins == 0,
            "a bot that is there is asked again"
        );
        screen
    }
}

/// A client's event: always with a payload, and never with an id of its own.
fn event_of(kind: &str, payload: &Value) -> Value {
    let payload = if payload.is_null() { &json!({}) } else { payload };
    json!({ "type": kind, "payload": payload })
}

fn frame_of(kind: &str, payload: &Value) -> String {
    event_of(kind, payload).to_string()
}
