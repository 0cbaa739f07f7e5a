//! What is tried again, what is not, and what is said of it.

use std::time::Duration;

use baton_bot::{AnswerProblem, BotError, OutboundError, Pace, Reach, Trouble, Turn};
use serde_json::json;
use tokio::net::TcpListener;

use crate::scripted::{CREDENTIAL, Reply, Scripted, TEXT, bot, pace, turn};

fn well() -> Reply {
    Reply::new(200, json!({ "utterance": "Well." }))
}

/// No message and no Debug form shows what must not be seen.
fn assert_discreet(error: &BotError) {
    let shown = format!("{error} {error:?}");
    for secret in [CREDENTIAL, TEXT, "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_bot_that_cannot_now_is_asked_again_with_the_same_id() {
    for status in [429, 500, 502, 503, 504] {
        let scripted = Scripted::start(move |before| match before {
            0..3 => Reply::new(status, "hunter2"),
            _ => well(),
        })
        .await;
        let answer = scripted.bot(pace()).answer(&turn()).await.unwrap();
        assert_eq!(answer.utterance.as_deref(), Some("Well."));
        let asked = scripted.asked();
        assert_eq!(asked.len(), 4);
        for again in &asked {
            assert_eq!(again.header("idempotency-key"), Some("t-1"));
            assert_eq!(again.body, asked[0].body);
        }
    }
}

#[tokio::test]
async fn a_bot_that_does_not_answer_is_asked_again() {
    let scripted = Scripted::start(|before| match before {
        0 => Reply::Silence,
        _ => well(),
    })
    .await;
    let pace = Pace { per_try: Duration::from_millis(300), ..pace() };
    let answer = scripted.bot(pace).answer(&turn()).await.unwrap();
    assert_eq!(answer.utterance.as_deref(), Some("Well."));
    assert!(scripted.asked().len() > 1);
}

#[tokio::test]
async fn a_bot_that_never_answers_is_given_up() {
    let scripted = Scripted::start(|_| Reply::Silence).await;
    let within = Duration::from_millis(200);
    let pace = Pace { per_try: Duration::from_millis(20), overall: within, ..pace() };
    let error = scripted.bot(pace).answer(&turn()).await.unwrap_err();
    let BotError::Unavailable { host, last, .. } = &error else { panic!("{error:?}") };
    assert_eq!(host, "127.0.0.1");
    assert!(matches!(last, Trouble::Network(OutboundError::TimedOut { .. })), "{last:?}");
    assert_discreet(&error);
}

#[tokio::test]
async fn a_bot_that_is_not_there_is_asked_until_there_is_no_more_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hunter2", listener.local_addr().unwrap());
    drop(listener);
    let pace = Pace { overall: Duration::from_secs(1), ..pace() };
    let error = bot(&url, Reach::PrivateToo, pace).answer(&turn()).await.unwrap_err();
    let BotError::Unavailable { tries, last, .. } = &error else { panic!("{error:?}") };
    assert!(*tries > 1);
    assert!(matches!(last, Trouble::Network(OutboundError::Unreachable { .. })), "{last:?}");
    assert_discreet(&error);
}

#[tokio::test]
async fn a_bot_that_asks_for_a_moment_is_asked_again_after_it() {
    let scripted = Scripted::start(|before| match before {
        0 => Reply::new(503, "").with("retry-after", 2),
        _ => well(),
    })
    .await;
    assert!(scripted.bot(Pace::scaled(0.01)).answer(&turn()).await.is_ok());
    assert_eq!(scripted.asked().len(), 2);
}

#[tokio::test]
async fn a_bot_that_asks_for_more_time_than_there_is_is_given_up_at_once() {
    for status in [429, 503] {
        let scripted =
            Scripted::start(move |_| Reply::new(status, "").with("retry-after", 3600)).await;
        let pace = Pace { second: Duration::from_secs(1), ..pace() };
        let error = scripted.bot(pace.clone()).answer(&turn()).await.unwrap_err();
        let (host, within) = ("127.0.0.1".to_owned(), pace.overall);
        let last = Trouble::Status(status);
        assert_eq!(error, BotError::Unavailable { host, tries: 1, within, last });
        assert_eq!(scripted.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_retry_after_that_cannot_be_read_leaves_the_pause_to_us() {
    for text in ["Wed, 21 Oct 2099 07:28:00 GMT", "-1", "soon", "99999999999999999999"] {
        let scripted = Scripted::start(move |before| match before {
            0 => Reply::new(429, "").with("retry-after", text),
            _ => well(),
        })
        .await;
        assert!(scripted.bot(pace()).answer(&turn()).await.is_ok(), "{text}");
    }
}

#[tokio::test]
async fn a_bot_that_will_not_is_not_asked_again() {
    for status in [400, 401, 403, 404, 408, 409, 410, 413, 422] {
        let scripted = Scripted::start(move |_| Reply::new(status, "hunter2")).await;
        let error = scripted.bot(pace()).answer(&turn()).await.unwrap_err();
        assert_eq!(error, BotError::Refused { host: "127.0.0.1".to_owned(), status });
        assert_eq!(scripted.asked().len(), 1);
        assert_discreet(&error);
    }
}

#[tokio::test]
async fn a_redirect_is_an_error_and_is_not_followed() {
    for status in [301, 302, 303, 304, 307, 308] {
        let scripted =
            Scripted::start(move |_| Reply::new(status, "").with("location", "/hunter2")).await;
        let error = scripted.bot(pace()).answer(&turn()).await.unwrap_err();
        assert_eq!(error, BotError::Redirected { host: "127.0.0.1".to_owned(), status });
        assert!(error.to_string().contains("redirects are not followed"));
        assert_eq!(scripted.asked().len(), 1);
        assert_discreet(&error);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_an_error_that_quotes_nothing() {
    for (body, problem) in [
        ("{\"utterance\": \"hunter2\"", AnswerProblem::NotJson { line: 1, column: 23 }),
        ("\"hunter2\"", AnswerProblem::NotAnObject),
        ("{\"handoff\": {\"text_chat\": {}}}", AnswerProblem::NoTarget),
    ] {
        let scripted = Scripted::start(move |_| Reply::new(200, body)).await;
        let error = scripted.bot(pace()).answer(&turn()).await.unwrap_err();
        assert_eq!(error, BotError::Answer { host: "127.0.0.1".to_owned(), problem });
        assert_eq!(scripted.asked().len(), 1);
        assert_discreet(&error);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_an_error() {
    let scripted = Scripted::start(|_| Reply::new(200, " ".repeat(256 * 1024 + 1))).await;
    let error = scripted.bot(pace()).answer(&turn()).await.unwrap_err();
    assert!(matches!(error, BotError::Outbound(OutboundError::TooLong { .. })), "{error:?}");
    assert_eq!(scripted.asked().len(), 1);
}

#[tokio::test]
async fn a_bot_in_a_private_network_is_not_called_unless_that_is_allowed() {
    let scripted = Scripted::start(|_| well()).await;
    let error = scripted.guarded_bot(pace()).answer(&turn()).await.unwrap_err();
    assert!(matches!(error, BotError::Outbound(OutboundError::Guarded { .. })), "{error:?}");
    assert!(error.to_string().contains("allow_private"));
    assert!(scripted.asked().is_empty());
    assert!(scripted.bot(pace()).answer(&turn()).await.is_ok());
}

#[tokio::test]
async fn a_turn_whose_id_is_no_header_is_not_sent() {
    let scripted = Scripted::start(|_| well()).await;
    let turn = Turn { id: "t\n1".into(), ..turn() };
    let error = scripted.bot(pace()).answer(&turn).await.unwrap_err();
    assert!(matches!(error, BotError::Unsendable { .. }), "{error:?}");
    assert!(scripted.asked().is_empty());
}

#[tokio::test]
async fn a_bot_shows_nothing_but_its_host() {
    let bot = bot("http://127.0.0.1:1/hunter2?key=hunter2", Reach::PrivateToo, pace());
    assert_eq!(format!("{bot:?}"), r#"HttpBot { host: "127.0.0.1", .. }"#);
}
