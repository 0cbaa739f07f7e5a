//! A turn goes out and an answer comes back.

use baton_bot::{Bot, BotAnswer, HandoffWish, SessionFacts, Turn, TurnKind};
use baton_core::tenant::TenantKey;
use serde_json::{Map, json};

use crate::scripted::{CREDENTIAL, Reply, Scripted, pace, turn};

#[tokio::test]
async fn a_turn_is_posted_with_its_id_and_the_credential() {
    let scripted = Scripted::start(|_| Reply::new(204, "")).await;
    let bot = Bot::Http(scripted.bot(pace()));
    assert_eq!(bot.answer(&turn()).await.unwrap(), BotAnswer::default());
    let asked = scripted.asked();
    let [asked] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/turns?key=hunter2"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {CREDENTIAL}")));
    assert_eq!(asked.header("idempotency-key"), Some("t-1"));
    assert_eq!(asked.body, serde_json::to_value(turn()).unwrap());
}

#[tokio::test]
async fn an_answer_is_read_whatever_success_it_came_with() {
    for status in [200, 201, 202] {
        let tool = json!({
            "utterance": "I'll transfer you now.",
            "handoff": { "text_chat": { "genesys_integration": { "queue": "Billing" } } },
        });
        let scripted = Scripted::start(move |_| Reply::new(status, &tool)).await;
        let answer = scripted.bot(pace()).answer(&turn()).await.unwrap();
        assert_eq!(answer.utterance.as_deref(), Some("I'll transfer you now."));
        let hints = json!({ "queue": "Billing" }).as_object().unwrap().clone();
        let name = "genesys".to_owned();
        assert_eq!(answer.handoff, Some(HandoffWish::Integration { name, hints }));
    }
}

#[tokio::test]
async fn an_empty_answer_says_nothing() {
    let scripted = Scripted::start(|_| Reply::new(200, "")).await;
    assert!(scripted.bot(pace()).answer(&turn()).await.unwrap().says_nothing());
}

#[tokio::test]
async fn one_bot_answers_many_turns() {
    let scripted =
        Scripted::start(|before| Reply::new(200, json!({ "utterance": before.to_string() }))).await;
    let bot = scripted.bot(pace());
    for count in 0..5 {
        let answer = bot.answer(&turn()).await.unwrap();
        assert_eq!(answer.utterance, Some(count.to_string()));
    }
}

#[tokio::test]
async fn the_built_in_bot_needs_nobody() {
    let session = SessionFacts {
        id: "s-1".into(),
        tenant: TenantKey::new("acme", "support", "live"),
        external_id: None,
        platform: None,
        custom: Map::new(),
    };
    let turn = Turn { id: "t-1".into(), kind: TurnKind::SessionStart, session };
    let answer = Bot::Builtin.answer(&turn).await.unwrap();
    assert!(answer.utterance.is_some() && !answer.suggestions.is_empty());
}
