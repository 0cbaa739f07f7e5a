//! What reached nobody, as an operator meets it.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{
    ADMIN_CREDENTIAL, Chat, DELIVERY_CREDENTIAL, Running, message, ok, text_of, within,
};

impl Running {
    async fn dead_letters(&self, method: Method, rest: &str, body: Value) -> Response {
        self.dead_letters_as(ADMIN_CREDENTIAL, method, rest, body).await
    }

    async fn dead_letters_as(
        &self,
        credential: &str,
        method: Method,
        rest: &str,
        body: Value,
    ) -> Response {
        let url = format!("http://{}/internal/v1/dead_letters{rest}", self.internal);
        let request = reqwest::Client::new().request(method, url).bearer_auth(credential);
        request.json(&body).send().await.unwrap()
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let page = ok(self.dead_letters(Method::GET, query, json!({})).await).await;
        page["dead_letters"].as_array().unwrap().clone()
    }

    /// Waits until there are so many dead letters.
    async fn has_letters(&self, count: usize) -> Vec<Value> {
        within(async {
            loop {
                let letters = self.list("").await;
                if letters.len() == count {
                    return letters;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
    }

    /// Takes the session's end user away from it, or gives it back.
    fn rename_end_user(&self, from: &str, to: &str) {
        self.tamper(&format!(
            "UPDATE session SET end_user_id = '{to}' WHERE end_user_id = '{from}'"
        ));
    }

    /// A message of an agent that did not find its session, which has it again by now.
    async fn lose(&self, chat: &Chat, text: &str) -> Value {
        self.rename_end_user(&chat.end_user_id, "somebody else");
        self.say(chat, text).await;
        let letter = self.has_letters(1).await.remove(0);
        self.rename_end_user("somebody else", &chat.end_user_id);
        letter
    }
}

#[tokio::test]
async fn invariant_4_a_delivery_that_found_no_session_is_replayed_into_it_once() {
    let sidecar = Running::start().await;
    let chat = sidecar.session().await;
    let mut socket = sidecar.live_socket(&chat).await;
    let letter = sidecar.lose(&chat, "late").await;
    assert_eq!(
        (&letter["kind"], &letter["reason"]),
        (&"delivery".into(), &"unknown_session".into())
    );
    let replay = format!("/{}/replay", letter["id"]);
    let replayed = sidecar.dead_letters(Method::POST, &replay, json!({})).await;
    assert_eq!(replayed.status(), StatusCode::NO_CONTENT);
    assert_eq!(text_of(&socket.frame().await), "late");
    let again = sidecar.dead_letters(Method::POST, &replay, json!({})).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert_eq!(sidecar.deliver(&message(&chat.end_user_id, "late")).await, "duplicate");
    sidecar.say(&chat, "next").await;
    assert_eq!(text_of(&socket.frame().await), "next");
    assert_eq!(sidecar.list("").await, [] as [Value; 0]);
}

#[tokio::test]
async fn invariant_10_only_the_letter_itself_shows_what_people_wrote() {
    let sidecar = Running::start().await;
    let body = message("nobody", "a word in confidence");
    sidecar.deliver(&body).await;
    let letters = sidecar.has_letters(1).await;
    assert!(!json!(letters).to_string().contains("confidence"), "{letters:?}");
    let path = format!("/{}", letters[0]["id"]);
    let shown = ok(sidecar.dead_letters(Method::GET, &path, json!({})).await).await;
    assert_eq!(shown["body"], body);
    assert_eq!(shown["about"], body["id"]);
}

#[tokio::test]
async fn all_that_are_meant_are_replayed_and_those_that_die_again_are_not_replayed_for_ever() {
    let sidecar = Running::start().await;
    for text in ["one", "two", "three"] {
        sidecar.deliver(&message("nobody", text)).await;
    }
    sidecar.has_letters(3).await;
    let none = json!({ "kind": "message" });
    let replayed = ok(sidecar.dead_letters(Method::POST, "/replay", none).await).await;
    assert_eq!(replayed, json!({ "replayed": 0, "refused": {} }));
    let those = json!({ "tenant": "acme/support/live", "since": "2020-01-01T00:00:00Z" });
    let replayed = ok(sidecar.dead_letters(Method::POST, "/replay", those).await).await;
    assert_eq!(replayed, json!({ "replayed": 3, "refused": {} }));
    // Their end user is still unknown.
    let letters = within(async {
        loop {
            let letters = sidecar.list("?after=3").await;
            if letters.len() == 3 {
                return letters;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(letters.iter().all(|letter| letter["id"].as_u64().unwrap() > 3));
    let discarded = ok(sidecar.dead_letters(Method::POST, "/discard", json!({})).await).await;
    assert_eq!(discarded, json!({ "discarded": 3 }));
    assert_eq!(sidecar.list("").await, [] as [Value; 0]);
}

#[tokio::test]
async fn the_list_comes_page_by_page() {
    let sidecar = Running::start().await;
    for text in ["one", "two", "three"] {
        sidecar.deliver(&message("nobody", text)).await;
    }
    sidecar.has_letters(3).await;
    let page =
        async |query: &str| ok(sidecar.dead_letters(Method::GET, query, json!({})).await).await;
    let first = page("?limit=2").await;
    assert_eq!(first["dead_letters"].as_array().unwrap().len(), 2);
    let last = page(&format!("?limit=2&after={}", first["next_after"])).await;
    assert_eq!(last["dead_letters"].as_array().unwrap().len(), 1);
    assert!(last.get("next_after").is_none());
}

#[tokio::test]
async fn only_an_operator_has_to_do_with_dead_letters_and_nonsense_is_refused() {
    let sidecar = Running::start().await;
    for (method, rest) in [
        (Method::GET, ""),
        (Method::GET, "/1"),
        (Method::DELETE, "/1"),
        (Method::POST, "/1/replay"),
        (Method::POST, "/replay"),
        (Method::POST, "/discard"),
    ] {
        for credential in ["wrong", DELIVERY_CREDENTIAL] {
            let answer = sidecar.dead_letters_as(credential, method.clone(), rest, json!({})).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {rest}");
        }
    }
    for rest in ["replay", "discard"] {
        let url = format!("http://{}/internal/v1/dead_letters/{rest}", sidecar.internal);
        let forgotten = reqwest::Client::new().post(url).bearer_auth(ADMIN_CREDENTIAL).send().await;
        assert_eq!(forgotten.unwrap().status(), StatusCode::BAD_REQUEST, "without a body");
    }
    for (method, rest, body, status) in [
        (Method::GET, "?kind=parcel", json!({}), StatusCode::BAD_REQUEST),
        (Method::GET, "?tenant=acme", json!({}), StatusCode::BAD_REQUEST),
        (Method::GET, "?since=yesterday", json!({}), StatusCode::BAD_REQUEST),
        (Method::GET, "?newest=1", json!({}), StatusCode::BAD_REQUEST),
        (Method::POST, "/discard", json!({ "kinds": [] }), StatusCode::BAD_REQUEST),
        (Method::POST, "/discard", json!({ "tenant": null }), StatusCode::BAD_REQUEST),
        (Method::POST, "/replay", json!(null), StatusCode::BAD_REQUEST),
        (Method::GET, "/17", json!({}), StatusCode::NOT_FOUND),
        (Method::GET, "/x", json!({}), StatusCode::NOT_FOUND),
        (Method::DELETE, "/17", json!({}), StatusCode::NOT_FOUND),
    ] {
        let answer = sidecar.dead_letters(method, rest, body).await;
        assert_eq!(answer.status(), status, "{rest}");
    }
}
