//! The test webhook.

use axum::{Router, http::StatusCode, routing::any};
use baton_check::Step;

use crate::world::{OTHER_SECRET, Setting, World, assert_says, crosses, only_cross, report_of};

/// What the report says of the webhook, when something at the public URL answers with this status.
async fn said_of(status: u16) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let public_url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(any(move || async move { status }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let world = World::start(Setting { public_url: Some(public_url), ..Setting::default() }).await;
    let report = world.check().await;
    let crosses = crosses(&report);
    let (_, _, sentence) = crosses.iter().find(|(step, ..)| *step == Step::Webhook).unwrap();
    (*sentence).to_owned()
}

#[tokio::test]
async fn an_edge_that_knows_another_secret_is_named() {
    let report = report_of(Setting { edge_secret: OTHER_SECRET, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::Webhook);
    assert_says(sentence, &["401", "does not know this secret for acme/support/live"]);
}

#[tokio::test]
async fn what_stands_before_the_edge_is_named_by_its_answer() {
    for (status, expected) in [
        (302, "a redirect, which Genesys does not follow"),
        (403, "lets nobody in"),
        (404, "no edge takes webhooks at /webhooks/genesys/acme/support/live/events"),
        (405, "takes no POST"),
        (413, "512 KiB"),
        (429, "limits the rate"),
        (500, "see its log"),
        (502, "a proxy does not reach the edge"),
        (503, "the sidecar does not take deliveries"),
    ] {
        assert_says(&said_of(status).await, &[&status.to_string(), expected]);
    }
}

#[tokio::test]
async fn a_path_prefix_that_no_edge_has_is_named() {
    let mut world = World::start(Setting::default()).await;
    world.setting.public_url = Some(format!("http://{}/nowhere", world.edge));
    let report = world.check().await;
    let crosses = crosses(&report);
    let (_, _, sentence) = crosses.iter().find(|(step, ..)| *step == Step::Webhook).unwrap();
    assert_says(sentence, &["404", "/nowhere/webhooks/genesys/", "path_prefixes"]);
}

#[tokio::test]
async fn an_edge_that_cannot_be_reached_is_named() {
    let public_url = Some("http://127.0.0.1:9".to_owned());
    let report = report_of(Setting { public_url, ..Setting::default() }).await;
    let crosses = crosses(&report);
    let (_, _, sentence) = crosses.iter().find(|(step, ..)| *step == Step::Webhook).unwrap();
    assert_says(sentence, &["127.0.0.1 cannot be reached", "DNS", "certificate"]);
}

#[tokio::test]
async fn a_webhook_that_arrives_at_another_installation_is_named() {
    assert_says(&said_of(200).await, &["did not arrive at the sidecar", "another installation"]);
}

#[tokio::test]
async fn a_webhook_that_the_sidecar_takes_for_nobody_is_no_tick() {
    let other = Some("11111111-1111-4111-8111-111111111111");
    let report = report_of(Setting { served_integration: other, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::Webhook);
    assert_says(sentence, &["has nobody for it", "acme/support/live", "start it again"]);
}
