//! What is written: by the customer, the bot, the agent and the application, each in words of their
//! own.

use serde_json::{Value, json};

use crate::stage::BOT_CREDENTIAL;

pub(crate) const OF_CUSTOMER: &str = "my invoice says zanzibar marmalade";
pub(crate) const FOR_AGENT: &str = "let an agent read about quixotic walnuts";
pub(crate) const TO_AGENT: &str = "here is a secretive cucumber for you";
pub(crate) const OF_BOT: &str = "the bot believes in velvet teapots";
pub(crate) const OF_AGENT: &str = "the agent offers crimson umbrellas";
pub(crate) const OF_APPLICATION: &str = "the application forwards lunar pancakes";
pub(crate) const NAME: &str = "Philomena Featherstonehaugh";
pub(crate) const BREAKS_THE_BOT: &str = "break with obsidian trombones";
pub(crate) const CONFUSES_THE_BOT: &str = "confuse with feathered anvils";
pub(crate) const REFUSED: &str = "nobody takes these invisible lanterns";
pub(crate) const FORGED: &str = "a forger writes of paper submarines";
pub(crate) const MALFORMED: &str = "a malformed flock of saxophones";
pub(crate) const HANDED_OVER: &str = "handed over as glacial mandolins";

/// All of them, by whose they are.
pub(crate) const ALL: [(&str, &str); 13] = [
    ("what the customer wrote to the bot", OF_CUSTOMER),
    ("what the customer wrote last to the bot", FOR_AGENT),
    ("what the customer wrote to the agent", TO_AGENT),
    ("what the bot wrote", OF_BOT),
    ("what the agent wrote", OF_AGENT),
    ("what the user of an application wrote", OF_APPLICATION),
    ("the name of the customer", NAME),
    ("what a bot fails at", BREAKS_THE_BOT),
    ("what confuses a bot", CONFUSES_THE_BOT),
    ("what Genesys refuses", REFUSED),
    ("what a forger wrote", FORGED),
    ("what stands in something malformed", MALFORMED),
    ("what was handed over", HANDED_OVER),
];

/// What the bot answers: it fails at some words, with all that it knows in its answer.
pub(crate) fn answer_of_the_bot(turn: &Value) -> (u16, Value) {
    let text = turn["message"]["text"].as_str().unwrap_or_default();
    let echo = || json!({"error": format!("authorization: Bearer {BOT_CREDENTIAL}"), "of": turn});
    match turn["type"].as_str() {
        Some("session_start") => (200, json!({ "utterance": OF_BOT })),
        Some("user_message") if text == BREAKS_THE_BOT => (500, echo()),
        Some("user_message") if text == CONFUSES_THE_BOT => {
            (200, json!({"utterance": {"not a text": text}, "handoff": [BOT_CREDENTIAL]}))
        }
        Some("user_message") if text == FOR_AGENT => {
            let hints = json!({"queue": "Sales", "data": {"note": HANDED_OVER}});
            (
                200,
                json!({"utterance": OF_BOT, "handoff": {"text_chat": {"genesys_integration": hints}}}),
            )
        }
        Some("user_message") => (200, json!({ "utterance": OF_BOT })),
        _ => (204, Value::Null),
    }
}
