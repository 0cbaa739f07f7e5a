//! Senders that deliver at once, each its own messages in order, and send each again until it is
//! answered 200, whatever becomes of the sidecar meanwhile.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use baton_core::{
    configuration::Configuration,
    gate::{Gate, Head, Verdict},
};
use baton_simulator::signature;
use baton_tests::{
    CREDENTIAL, SECRET, WEBHOOK_PATH, chance::Chance, configuration, environment, http1,
    process::Place, sidecar::INTEGRATION,
};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::PATIENCE;

/// How many senders there are.
const SENDERS: usize = 5;

/// A delivery as the edge makes it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: String,
    /// The id of its only event.
    pub(crate) event_id: String,
    /// What the agent says.
    pub(crate) text: String,
    body: Vec<u8>,
}

/// A request that was sent, whatever became of it.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// To which process.
    pub(crate) process: u32,
    /// From which port.
    pub(crate) port: u16,
    pub(crate) delivery_id: String,
}

/// What a sender has done, in order.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// What was answered 200, once each.
    pub(crate) answered: Vec<Delivery>,
    pub(crate) posts: Vec<Post>,
}

/// How large the messages are.
#[derive(Clone, Copy)]
pub(crate) enum Sizes {
    /// A line each.
    Small,
    /// Some fill many pages of the store.
    Mixed,
}

/// Senders at work.
pub(crate) struct Stream {
    place: watch::Sender<Place>,
    answered: watch::Receiver<usize>,
    enough: Arc<AtomicBool>,
    senders: Vec<JoinHandle<Sent>>,
}

impl Stream {
    /// Begins to send to this end user.
    pub(crate) fn begin(
        place: Place,
        end_user_id: &str,
        sizes: Sizes,
        chance: &mut Chance,
    ) -> Self {
        let (place, place_told) = watch::channel(place);
        let (progress, answered) = watch::channel(0);
        let enough = Arc::new(AtomicBool::new(false));
        let senders = (0..SENDERS).map(|number| {
            let mut sender = Sender {
                number,
                gate: gate(),
                end_user_id: end_user_id.to_owned(),
                sizes,
                chance: chance.fork(),
                place: place_told.clone(),
                connection: None,
                sent: Sent::default(),
            };
            let (enough, progress) = (Arc::clone(&enough), progress.clone());
            tokio::spawn(async move {
                while !enough.load(Ordering::Relaxed) {
                    sender.deliver_the_next().await;
                    progress.send_modify(|answered| *answered += 1);
                }
                sender.sent
            })
        });
        let senders = senders.collect();
        Self { place, answered, enough, senders }
    }

    /// Goes on with another process.
    pub(crate) fn move_to(&self, place: Place) {
        self.place.send_replace(place);
    }

    /// Waits until so many more deliveries have been answered.
    pub(crate) async fn progress(&mut self, more: usize) {
        let goal = *self.answered.borrow() + more;
        let reached = self.answered.wait_for(|answered| *answered >= goal);
        timeout(PATIENCE, reached).await.expect("the stream goes on").expect("nobody panicked");
    }

    /// Ends, once each sender has been answered.
    pub(crate) async fn end(self) -> Vec<Sent> {
        self.enough.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for sender in self.senders {
            let sent = timeout(PATIENCE, sender).await.expect("a sender ends in time");
            all.push(sent.expect("no sender panicked"));
        }
        all
    }
}

struct Sender {
    number: usize,
    gate: Gate,
    end_user_id: String,
    sizes: Sizes,
    chance: Chance,
    place: watch::Receiver<Place>,
    connection: Option<Connection>,
    sent: Sent,
}

/// A connection to the sidecar.
pub(crate) struct Connection {
    stream: TcpStream,
    process: u32,
    port: u16,
}

impl Sender {
    async fn deliver_the_next(&mut self) {
        let delivery = self.next_delivery();
        timeout(PATIENCE, self.deliver(&delivery)).await.expect("it is answered 200 in time");
        // Genesys and the edge repeat what was answered, too.
        if self.chance.once_in(4) {
            timeout(PATIENCE, self.deliver(&delivery)).await.expect("it is answered 200 in time");
        }
        self.sent.answered.push(delivery);
    }

    fn next_delivery(&mut self) -> Delivery {
        let mut text = format!("sender {}, message {}", self.number, self.sent.answered.len());
        match self.sizes {
            Sizes::Small => {}
            Sizes::Mixed => {
                if self.chance.once_in(3) {
                    text += &" and much more".repeat(self.chance.pick(1_000..8_000));
                }
            }
        }
        delivery(&self.gate, &self.end_user_id, &text)
    }

    async fn deliver(&mut self, delivery: &Delivery) {
        loop {
            match self.post(delivery).await {
                Ok(200) => return,
                // On one connection, the answers 200 are those to the requests in their order.
                Ok(_) | Err(_) => self.connection = None,
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn post(&mut self, delivery: &Delivery) -> io::Result<u16> {
        let place = *self.place.borrow();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(place).await?),
        };
        connection.post(delivery, &mut self.sent.posts).await
    }
}

impl Connection {
    pub(crate) async fn open(place: Place) -> io::Result<Self> {
        let stream = TcpStream::connect(place.internal).await?;
        stream.set_nodelay(true)?;
        let port = stream.local_addr()?.port();
        Ok(Self { stream, process: place.process, port })
    }

    /// Sends the delivery once, and returns the status of the answer.
    pub(crate) async fn post(
        &mut self,
        delivery: &Delivery,
        posts: &mut Vec<Post>,
    ) -> io::Result<u16> {
        let Self { process, port, .. } = *self;
        posts.push(Post { process, port, delivery_id: delivery.id.clone() });
        let headers = [
            ("authorization".to_owned(), format!("Bearer {CREDENTIAL}")),
            ("content-type".to_owned(), "application/cloudevents+json".to_owned()),
        ];
        let request = http1::request("POST", "/internal/v1/deliveries", &headers, &delivery.body);
        self.stream.write_all(&request).await?;
        let mut answer = Vec::new();
        loop {
            if let Some(status) = status_of(&answer) {
                return Ok(status);
            }
            if self.stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The status of an answer that is complete.
fn status_of(answer: &[u8]) -> Option<u16> {
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let complete = body.len() >= length.parse().ok()?;
    complete.then(|| head.get(9..12)?.parse().ok())?
}

/// The gate of the edge.
pub(crate) fn gate() -> Gate {
    let document = configuration(&Map::new());
    Gate::new(Configuration::parse(document.as_bytes(), &environment).expect("it is valid"))
}

/// What the edge makes of an agent's message.
pub(crate) fn delivery(gate: &Gate, end_user_id: &str, text: &str) -> Delivery {
    let webhook = json!({
        "id": text.get(..40).unwrap_or(text),
        "channel": {"id": INTEGRATION, "to": {"id": end_user_id}, "time": "2026-05-04T09:15:22Z"},
        "type": "Text",
        "text": text,
        "originatingEntity": "Human",
        "direction": "Outbound",
    })
    .to_string()
    .into_bytes();
    let signed = signature::base64(SECRET, &webhook);
    let headers = [(baton_core::signature::HEADER, signed.as_bytes())].into_iter();
    let Head::NeedBody(signature, tenant) = gate.head(b"POST", WEBHOOK_PATH.as_bytes(), headers)
    else {
        panic!("the gate takes the head");
    };
    let Verdict::Forward(forward) = gate.body(&webhook, &signature, tenant.as_deref()) else {
        panic!("the gate forwards the body");
    };
    let body = forward.delivery;
    let read: Value = serde_json::from_slice(&body).expect("JSON");
    let string = |value: &Value| value.as_str().expect("a string").to_owned();
    Delivery {
        id: string(&read["id"]),
        event_id: string(&read["data"]["events"][0]["id"]),
        text: text.to_owned(),
        body,
    }
}
