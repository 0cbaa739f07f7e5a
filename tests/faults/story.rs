//! One session from its first message to its end, as chance has it.

use std::{fmt, sync::Mutex, time::Duration};

use baton_tests::{
    chance::Chance,
    chat::{Session, sequence_of, text_of},
    sidecar::end_user_id,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    Scene,
    log::SAID,
    person::{Order, Person},
};

/// The agents of the org.
const AGENTS: [&str; 5] = ["Dana Reyes", "Milan Novak", "Aisha Okafor", "Søren Holm", "Jun Tanaka"];
const QUEUES: [&str; 3] = ["Support", "Sales", "Complaints"];

/// A session, and what was done in it.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) number: usize,
    pub(crate) person: Person,
    pub(crate) end_user_id: String,
    /// What the agents said: Genesys' id of each message, and its text.
    pub(crate) answers: Mutex<Vec<(String, String)>>,
    /// Everything that was done, for whoever reads of a failure.
    steps: Mutex<Vec<String>>,
}

impl Story {
    /// Begins one.
    pub(crate) async fn begin(number: usize, scene: &Scene) -> Self {
        // Nobody gets a session from a sidecar that is being restarted.
        let _open = scene.open.read().await;
        let session = Session::make(scene.chat).await;
        let end_user_id = end_user_id(scene.internal, &session.id).await;
        let person = Person::arrive(scene.chat, session);
        let (answers, steps) = (Mutex::default(), Mutex::default());
        Self { number, person, end_user_id, answers, steps }
    }

    /// Lives it. Some handoffs are left open at its end.
    pub(crate) async fn live(&self, scene: &Scene, mut chance: Chance) {
        let mut said = 0;
        self.say(&mut said);
        for _ in 0..chance.pick(5..16) {
            sleep(Duration::from_millis(chance.pick(0..400) as u64)).await;
            match chance.pick(0..12) {
                0..=3 => self.say(&mut said),
                4 => self.order(Order::Away(Duration::ZERO)),
                5 => self.order(Order::Away(Duration::from_millis(chance.pick(0..600) as u64))),
                _ => self.agent_acts(scene, &mut chance).await,
            }
        }
        match chance.pick(0..12) {
            0..=4 => self.act(scene, json!({ "action": "end" })).await,
            5..=6 => self.order(Order::End),
            7 => self.order(Order::Vanish),
            // The last word and the end may overtake each other.
            8..=9 => {
                self.say(&mut said);
                self.answer(scene).await;
                self.act(scene, json!({ "action": "end" })).await;
            }
            _ => {}
        }
    }

    /// Has an agent end what is still open.
    pub(crate) async fn end(&self, scene: &Scene) {
        let Some(newest) = scene.org.newest(&self.end_user_id).await else { return };
        match newest["state"].as_str().unwrap_or_default() {
            "queued" => {
                self.act(scene, json!({ "action": "accept", "user": AGENTS[0] })).await;
            }
            "alerting" => self.act(scene, json!({ "action": "accept" })).await,
            _ => {}
        }
        self.act(scene, json!({ "action": "end" })).await;
    }

    fn say(&self, said: &mut usize) {
        *said += 1;
        self.order(Order::Say(format!("person {} says {said}, {SAID}", self.number)));
    }

    fn order(&self, order: Order) {
        self.note(format!("the person: {order:?}"));
        self.person.order(order);
    }

    /// Somebody at the contact centre does what can be done as things stand.
    async fn agent_acts(&self, scene: &Scene, chance: &mut Chance) {
        let Some(newest) = scene.org.newest(&self.end_user_id).await else { return };
        let (agent, queue) = (*chance.one_of(&AGENTS), *chance.one_of(&QUEUES));
        let action = match (newest["state"].as_str().unwrap_or_default(), chance.pick(0..16)) {
            ("queued", 0..=3) => json!({ "action": "alert", "user": agent }),
            ("queued", _) => json!({ "action": "accept", "user": agent }),
            ("alerting", 0..=2) => json!({ "action": "decline" }),
            ("alerting", 3) => json!({ "action": "no_answer" }),
            ("alerting", _) => json!({ "action": "accept" }),
            ("parked", _) => json!({ "action": "resume" }),
            ("connected", 0) => json!({ "action": "transfer_to_queue", "queue": queue }),
            ("connected", 1) => json!({ "action": "transfer_to_user", "to": agent }),
            ("connected", 2) => json!({ "action": "consult", "with": agent }),
            ("connected", 3) => json!({ "action": "accept" }),
            ("connected", 4) => json!({ "action": "complete_consult" }),
            ("connected", 5) => json!({ "action": "end_consult" }),
            ("connected", 6) => json!({ "action": "park" }),
            ("connected", 7) => json!({ "action": "send_to_flow" }),
            ("connected", _) => return self.answer(scene).await,
            _ => return,
        };
        self.act(scene, action).await;
    }

    async fn answer(&self, scene: &Scene) {
        let number = self.answers.lock().expect("no panic").len() + 1;
        let text = format!("agent of {} answers {number}, {SAID}", self.number);
        self.act(scene, json!({ "action": "answer", "text": text })).await;
    }

    async fn act(&self, scene: &Scene, action: Value) {
        let Some(newest) = scene.org.newest(&self.end_user_id).await else { return };
        let done = scene.org.act(newest["id"].as_str().expect("an id"), &action).await;
        self.note(match &done {
            Ok(_) => format!("the contact centre: {action}"),
            Err(refusal) => format!("the contact centre: {action}, refused: {}", refusal["error"]),
        });
        if let Ok(done) = done
            && let (Some(id), Some(text)) = (done["message_id"].as_str(), action["text"].as_str())
        {
            self.answers.lock().expect("no panic").push((id.to_owned(), text.to_owned()));
        }
    }

    fn note(&self, step: String) {
        let now = jiff::Timestamp::now();
        self.steps.lock().expect("no panic").push(format!("{now:.3} {step}"));
    }

    /// The whole story, for whoever reads of a failure.
    pub(crate) async fn told(&self, scene: &Scene) -> String {
        let steps = self.steps.lock().expect("no panic").join("\n  ");
        let log: Vec<String> =
            self.person.replay(scene.chat).await.log.values().map(in_short).collect();
        let conversations = scene.org.conversations(&self.end_user_id).await;
        format!(
            "Story {} of session {}, end user {}.\nSteps:\n  {steps}\nLog:\n  {}\nGenesys: \
             {conversations:#?}",
            self.number,
            self.person.session.id,
            self.end_user_id,
            log.join("\n  "),
        )
    }
}

impl fmt::Display for Story {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "story {}", self.number)
    }
}

fn in_short(event: &Value) -> String {
    let kind = event["type"].as_str().unwrap_or_default().trim_start_matches("EVENT_TYPE_");
    let time = event["timestamp"].as_str().unwrap_or_default();
    let payload = &event["payload"];
    let what = match text_of(event) {
        "" => payload.to_string(),
        text => text.to_owned(),
    };
    format!("{:>3} {time} {kind} {what}", sequence_of(event).unwrap_or(0))
}
