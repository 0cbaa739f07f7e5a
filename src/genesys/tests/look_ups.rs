//! Users, integrations and queues.

use std::time::Duration;

use baton_genesys::{IntegrationRef, LookUpError, Pace};
use serde_json::json;

use crate::scripted::{Reply, Scripted};

const USER: &str = include_str!("samples/user.response.json");
const INTEGRATIONS: &str = include_str!("samples/integrations-open-list.response.json");
const NOT_FOUND: &str = include_str!("samples/error-404-not-found.json");
const LISTING: &str = "GET /api/v2/conversations/messaging/integrations/open";

#[tokio::test]
async fn a_user_has_a_name_and_the_largest_picture() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(200, USER)).await;
    let user = scripted.genesys().user("aa11bb22").await.unwrap();
    assert_eq!(user.name.as_deref(), Some("Dana Reyes"));
    assert_eq!(user.preferred_name.as_deref(), Some("Dana"));
    let picture = "https://prod-inin-directory-service-profile.example.org/x400.jpg";
    assert_eq!(user.picture.as_deref(), Some(picture));
    assert_eq!(scripted.calls()[0].line(), "GET /api/v2/users/aa11bb22");
}

#[tokio::test]
async fn a_user_without_picture_or_with_an_unsafe_one_has_none() {
    let body = json!({
        "name": " ",
        "images": [{ "resolution": "x96", "imageUri": "http://a" }, { "imageUri": "javascript:1" }],
    });
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &body)).await;
    let user = scripted.genesys().user("u").await.unwrap();
    assert_eq!((&user.name, &user.preferred_name, &user.picture), (&None, &None, &None));
}

#[tokio::test]
async fn a_user_of_whom_genesys_knows_nothing_is_one_all_the_same() {
    for body in [
        json!({ "name": null, "preferredName": null, "images": null }),
        json!({ "images": [null, 7, { "resolution": null, "imageUri": null }] }),
    ] {
        let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &body)).await;
        let user = scripted.genesys().user("u").await.unwrap();
        assert_eq!((&user.name, &user.preferred_name, &user.picture), (&None, &None, &None));
    }
}

#[tokio::test]
async fn a_user_is_looked_up_once_however_many_ask() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(200, USER)).await;
    let genesys = scripted.genesys();
    let (one, two, three) =
        tokio::join!(genesys.user("u-1"), genesys.user("u-1"), genesys.user("u-2"));
    assert_eq!(one.unwrap(), two.unwrap());
    three.unwrap();
    genesys.user("u-1").await.unwrap();
    assert_eq!(scripted.calls().len(), 2);
}

#[tokio::test]
async fn a_user_is_looked_up_again_after_a_failure_and_after_a_while() {
    let scripted = Scripted::with_tokens(|_, before| match before {
        0 => Reply::new(404, NOT_FOUND),
        _ => Reply::new(200, USER),
    })
    .await;
    let user_kept = Duration::ZERO;
    let genesys = scripted.genesys_at(Pace { user_kept, ..Pace::default() });
    assert!(genesys.user("u").await.unwrap_err().is_not_found());
    genesys.user("u").await.unwrap();
    genesys.user("u").await.unwrap();
    assert_eq!(scripted.calls().len(), 3);
}

#[tokio::test]
async fn all_pages_of_a_listing_are_read() {
    let scripted = Scripted::with_tokens(|_, before| {
        let id = format!("i-{before}");
        Reply::new(200, json!({ "entities": [{ "id": id, "name": "x" }], "pageCount": 3 }))
    })
    .await;
    let ids: Vec<String> =
        scripted.genesys().integrations().await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["i-0", "i-1", "i-2"]);
    let lines: Vec<String> = scripted.calls().iter().map(|call| call.line()).collect();
    let expected = [1, 2, 3].map(|page| format!("{LISTING}?pageSize=100&pageNumber={page}"));
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_listing_is_read_whatever_some_of_its_entries_are() {
    let page = json!({
        "entities": [
            null,
            { "id": "i-1", "name": null },
            { "id": null, "name": "without an id" },
            { "id": "i-2", "name": 7 },
            "neither",
            { "id": "i-3", "name": "Third" },
        ],
        "pageCount": null,
    });
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &page)).await;
    let genesys = scripted.genesys();
    let found = genesys.integrations().await.unwrap();
    let found: Vec<(&str, &str)> = found.iter().map(|one| (&*one.id, &*one.name)).collect();
    assert_eq!(found, [("i-1", ""), ("i-3", "Third")]);
    assert_eq!(genesys.queue_named("Third").await.unwrap().id, "i-3");
}

#[tokio::test]
async fn a_page_of_which_nothing_can_be_read_is_not_the_last() {
    let scripted = Scripted::with_tokens(|_, before| match before {
        0 => Reply::new(200, json!({ "entities": [null], "pageCount": 3 })),
        1 => Reply::new(200, json!({ "entities": [{ "id": "q" }], "pageCount": 3 })),
        _ => Reply::new(200, json!({ "entities": null, "pageCount": 3 })),
    })
    .await;
    let ids: Vec<String> =
        scripted.genesys().queues().await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["q"]);
    assert_eq!(scripted.calls().len(), 3);
}

#[tokio::test]
async fn names_to_choose_from_are_shown_as_far_as_a_log_bears_them() {
    let name = "x".repeat(100_000);
    let page = json!({ "entities": [{ "id": &name, "name": &name }], "pageCount": 1 });
    let scripted = Scripted::with_tokens(move |asked, _| match asked.target.contains('?') {
        true => Reply::new(200, &page),
        false => Reply::new(404, NOT_FOUND),
    })
    .await;
    let genesys = scripted.genesys();
    for wanted in [IntegrationRef::Id("i".to_owned()), IntegrationRef::Name("i".to_owned())] {
        let text = genesys.integration(&wanted).await.unwrap_err().to_string();
        assert!(text.len() < 1_000, "{} bytes", text.len());
    }
}

#[tokio::test]
async fn an_integration_is_found_by_its_name() {
    let scripted = Scripted::with_tokens(|_, _| Reply::new(200, INTEGRATIONS)).await;
    let genesys = scripted.genesys();
    for name in ["Second", "second"] {
        let found = genesys.integration(&IntegrationRef::Name(name.to_owned())).await.unwrap();
        assert_eq!(found.id, "11bb22cc-5555-4666-8777-888899990000");
    }
    let missing = genesys.integration(&IntegrationRef::Name("Third".to_owned())).await;
    let expected = r#"Genesys has no Open Messaging integration "Third"; there is: "Acme Open Gateway", "Second""#;
    assert_eq!(missing.unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn an_integration_that_is_not_there_is_named_with_those_that_are() {
    let scripted = Scripted::with_tokens(|asked, _| match asked.target.contains('?') {
        true => Reply::new(200, INTEGRATIONS),
        false => Reply::new(404, NOT_FOUND),
    })
    .await;
    let id = IntegrationRef::Id("nowhere".to_owned());
    let text = scripted.genesys().integration(&id).await.unwrap_err().to_string();
    let start = r#"Genesys has no Open Messaging integration "nowhere" (context id 5f2c8d31-9b0a-4c11-8e7d-2a3b4c5d6e7f); "#;
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains(r#"5b0c1d2e-7f31-4a6b-9c44-0e5d8a7b6c10 "Acme Open Gateway""#), "{text}");
    assert_eq!(scripted.calls()[0].line(), format!("{LISTING}/nowhere"));
}

#[tokio::test]
async fn two_queues_of_one_name_are_not_guessed_between() {
    let queues = json!({
        "entities": [{ "id": "q-1", "name": "Sales" }, { "id": "q-2", "name": "Sales" }],
        "pageCount": 1,
    });
    let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &queues)).await;
    let error = scripted.genesys().queue_named("Sales").await.unwrap_err();
    assert!(matches!(error, LookUpError::Ambiguous { .. }), "{error}");
    let expected = "GET /api/v2/routing/queues?name=Sales&pageSize=100&pageNumber=1";
    assert_eq!(scripted.calls()[0].line(), expected);
}

#[tokio::test]
async fn the_estimated_wait_is_the_one_of_messages() {
    let cases = [
        (json!([{ "intent": "MESSAGE", "formula": "BEST", "estimatedWaitTimeSeconds": 95 }]), 95),
        (
            json!([
                { "intent": "CALL", "estimatedWaitTimeSeconds": 5 },
                { "intent": "message", "estimatedWaitTimeSeconds": 0 },
            ]),
            0,
        ),
        (json!([{ "intent": "ALL", "estimatedWaitTimeSeconds": 7 }]), 7),
        (json!([{ "estimatedWaitTimeSeconds": 8 }]), 8),
    ];
    for (results, seconds) in cases {
        let body = json!({ "results": results });
        let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &body)).await;
        let wait = scripted.genesys().estimated_wait("q/1").await.unwrap();
        assert_eq!(wait, Some(Duration::from_secs(seconds)));
        let expected = "GET /api/v2/routing/queues/q%2F1/mediatypes/message/estimatedwaittime";
        assert_eq!(scripted.calls()[0].line(), expected);
    }
}

#[tokio::test]
async fn a_queue_may_have_no_estimated_wait() {
    for results in [
        json!([]),
        json!([{ "intent": "MESSAGE", "formula": "BEST" }]),
        json!([{ "intent": "MESSAGE", "estimatedWaitTimeSeconds": -1 }]),
        json!([{ "intent": "CALL", "estimatedWaitTimeSeconds": 5 }]),
    ] {
        let body = json!({ "results": results });
        let scripted = Scripted::with_tokens(move |_, _| Reply::new(200, &body)).await;
        assert_eq!(scripted.genesys().estimated_wait("q-1").await.unwrap(), None);
    }
}
