//! What comes again a moment after it was stored.

use std::time::Duration;

use baton_tests::{API_KEY, upstream::Behaviour};

use super::*;

fn answering() -> Value {
    json!({"envoy": {"duplicates": "answer"}})
}

#[tokio::test]
async fn a_repetition_of_what_is_stored_is_answered_and_does_not_go_up() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &answering()).await;
        let webhook = Webhook::default();
        assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        assert_eq!(stage.upstream.take().len(), 1, "{hold:?}");
        for _ in 0..3 {
            let answer = stage.send(&webhook).await;
            assert_eq!((answer.status, answer.body), (200, Vec::new()), "{hold:?}");
        }
        stage.assert_untouched(&format!("{hold:?}: a repetition"));
        let another = Webhook { body: br#"{"id":"m2","type":"Text","text":"hello"}"#, ..webhook };
        assert_eq!(stage.status(&another).await, 200, "{hold:?}");
        assert_eq!(stage.upstream.take().len(), 1, "{hold:?}: another goes up");
        let samples = stage.envoy.samples().await;
        for sample in [
            "baton_accepted{} 2",
            "baton_duplicates{} 3",
            r#"baton_tenant_duplicates{baton_tenant="acme/support/live"} 3"#,
        ] {
            assert!(samples.iter().any(|line| line == sample), "{hold:?}: {sample}: {samples:?}");
        }
    }
}

#[tokio::test]
async fn invariant_3_a_repetition_of_what_was_not_stored_goes_up() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &answering()).await;
        let webhook = Webhook::default();
        for status in [503, 500, 404, 302] {
            stage.upstream.behave(Behaviour { status, delay: Duration::ZERO });
            assert_eq!(stage.status(&webhook).await, 503, "{hold:?}: {status}");
            assert_eq!(stage.upstream.take().len(), 1, "{hold:?}: {status}");
        }
        stage.upstream.behave(Behaviour { status: 200, delay: Duration::ZERO });
        assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        assert_eq!(stage.upstream.take().len(), 1, "{hold:?}: it goes up until it is stored");
        assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        stage.assert_untouched(&format!("{hold:?}: after that it does not"));
    }
}

#[tokio::test]
async fn invariant_1_a_forged_repetition_is_refused() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &answering()).await;
        let webhook = Webhook::default();
        assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        stage.upstream.take();
        assert_eq!(stage.status(&webhook.forged()).await, 401, "{hold:?}");
        let of_another = Webhook { path: SANDBOX_PATH, ..webhook };
        assert_eq!(stage.status(&of_another).await, 401, "{hold:?}");
        stage.assert_untouched(&format!("{hold:?}: a forged repetition"));
    }
}

#[tokio::test]
async fn the_same_words_to_another_tenant_are_no_repetition() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &answering()).await;
        let (webhook, of_sandbox) = (Webhook::default(), Webhook::of_sandbox());
        assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        assert_eq!(stage.status(&of_sandbox).await, 200, "{hold:?}");
        assert_eq!(stage.upstream.take().len(), 2, "{hold:?}: each tenant's goes up");
        for webhook in [webhook, of_sandbox] {
            assert_eq!(stage.status(&webhook).await, 200, "{hold:?}");
        }
        stage.assert_untouched(&format!("{hold:?}: by now each has its own"));
    }
}

#[tokio::test]
async fn what_is_not_stored_at_all_goes_up_each_time() {
    let body =
        br#"{"id":"t1","type":"Event","events":[{"eventType":"Typing","typing":{"type":"On"}}]}"#;
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &answering()).await;
        for _ in 0..2 {
            let typing = Webhook { body, ..Webhook::default() };
            assert_eq!(stage.status(&typing).await, 200, "{hold:?}");
            assert_eq!(stage.upstream.take().len(), 1, "{hold:?}");
        }
    }
}

#[tokio::test]
async fn invariant_3_two_triggers_that_look_alike_both_go_up_unless_they_name_their_leg() {
    let nameless = r#"{"userId":"u","topic":"v2.detail.events.conversation.x.user.end","disconnectType":"CLIENT"}"#;
    let named =
        r#"{"userId":"u","topic":"user.end","conversationId":"c","sessionId":"s","addressTo":"e"}"#;
    let headers = [("x-api-key".to_owned(), API_KEY.to_owned())];
    let path = WEBHOOK_PATH.replace("/events", "/trigger");
    for hold in Hold::BOTH {
        for (trigger, deliveries) in [(nameless, 2), (named, 1)] {
            let stage = Stage::set(hold, &answering()).await;
            for _ in 0..2 {
                let request = http1::request("POST", &path, &headers, trigger.as_bytes());
                assert_eq!(http1::exchange(stage.envoy.address, &request).await.status, 200);
            }
            assert_eq!(stage.upstream.take().len(), deliveries, "{hold:?}: {trigger}");
        }
    }
}

#[tokio::test]
async fn repetitions_go_up_where_the_configuration_says_so() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold, &json!({"envoy": {"duplicates": "forward"}})).await;
        for _ in 0..2 {
            assert_eq!(stage.status(&Webhook::default()).await, 200, "{hold:?}");
            assert_eq!(stage.upstream.take().len(), 1, "{hold:?}");
        }
        assert_eq!(stage.envoy.counter("duplicates").await, 0, "{hold:?}");
    }
}
