//! Each failure once, and how it is named.

use std::fs;

use baton_check::{Outcome, Step};
use serde_json::json;

use crate::world::{OTHER_SECRET, Setting, World, assert_says, only_cross, report_of};

#[tokio::test]
async fn an_oauth_client_of_another_region_is_named_together_with_the_region() {
    let mut setting = Setting::default();
    setting.client.id = "a-client-of-this-region".to_owned();
    let report = report_of(setting).await;
    let sentence = only_cross(&report, Step::Token);
    assert_says(sentence, &["acme-client", "invalid_client", "the region of 127.0.0.1"]);
    let left_out = report.findings.iter().filter(|finding| finding.sentence == "it needs a token");
    assert_eq!(left_out.count(), 6);
}

#[tokio::test]
async fn a_wrong_client_secret_is_named() {
    let report = report_of(Setting { client_secret: OTHER_SECRET, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::Token);
    assert_says(sentence, &["acme-client", "its secret", "its id or secret is wrong"]);
}

#[tokio::test]
async fn a_region_that_cannot_be_reached_is_named() {
    let mut world = World::start(Setting::default()).await;
    let access = world.configuration.tenants[0].genesys.as_mut().unwrap();
    access.hosts = baton_genesys::Hosts::at("http://127.0.0.1:9").unwrap();
    let report = world.check().await;
    assert_says(only_cross(&report, Step::Region), &["127.0.0.1 cannot be reached", "firewall"]);
}

#[tokio::test]
async fn an_integration_that_is_not_there_is_named_with_those_that_are() {
    let mut world = World::start(Setting::default()).await;
    world.configuration.tenants[0].integration =
        baton_genesys::IntegrationRef::Name("Nobody".to_owned());
    let report = world.check().await;
    assert_says(only_cross(&report, Step::Integration), &["\"Nobody\"", "\"Baton Simulator\""]);
}

#[tokio::test]
async fn a_webhook_url_of_another_tenant_is_named_with_the_right_one() {
    let elsewhere = "http://127.0.0.1:9/webhooks/genesys/acme/support/sandbox/events";
    let setting = Setting { webhook_url: Some(elsewhere.to_owned()), ..Setting::default() };
    let world = World::start(setting).await;
    let report = world.check().await;
    let right = format!("http://{}{}", world.edge, crate::world::WEBHOOK_PATH);
    assert_says(only_cross(&report, Step::WebhookUrl), &[elsewhere, &right]);
}

#[tokio::test]
async fn a_secret_of_genesys_that_is_not_the_tenants_is_named() {
    let report = report_of(Setting { genesys_secret: OTHER_SECRET, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::WebhookSecret);
    assert_says(sentence, &["another secret", "signature_secrets"]);
}

#[tokio::test]
async fn a_secret_that_genesys_hides_is_a_dash() {
    let world = World::start(Setting::default()).await;
    world.put("org", json!({ "typing_inbound": true, "typing_outbound": true })).await;
    let report = world.check().await;
    assert_eq!(report.outcome, Outcome::NotProven);
    let dashes: Vec<Step> = report
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::NotProven)
        .map(|finding| finding.step)
        .collect();
    assert_eq!(dashes, [Step::WebhookSecret]);
}

#[tokio::test]
async fn typing_that_is_off_is_named_with_its_platform_configuration() {
    let report = report_of(Setting { typing: false, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::Typing);
    assert_says(sentence, &["off both ways", "Platform Configurations"]);
}

#[tokio::test]
async fn invariant_9_a_check_makes_no_twenty_first_channel() {
    let world = World::start(Setting::default()).await;
    world.make_channels(20).await;
    let report = world.check().await;
    assert_says(only_cross(&report, Step::Channel), &["has 20 notification channels", "24 hours"]);
    let counters = world.get_control("counters").await;
    assert_eq!(counters["evictions"], 0, "{counters}");
}

#[tokio::test]
async fn a_network_that_lets_no_websocket_through_is_named() {
    let world = World::start(Setting::default()).await;
    world.put("faults", json!({ "refuses_sockets": true, "dead_channel_status": 403 })).await;
    let report = world.check().await;
    assert_says(only_cross(&report, Step::Channel), &["answered with 403", "WebSockets"]);
}

#[tokio::test]
async fn a_sidecar_that_does_not_run_is_named() {
    let report = report_of(Setting { runs: false, ..Setting::default() }).await;
    let sidecar = report.findings.iter().find(|finding| finding.step == Step::Sidecar).unwrap();
    assert_eq!(sidecar.outcome, Outcome::Failed);
    assert_says(&sidecar.sentence, &["is it running?"]);
}

#[tokio::test]
async fn a_sidecar_that_was_not_started_again_since_is_named() {
    let report = report_of(Setting { serves_genesys: false, ..Setting::default() }).await;
    let sentence = only_cross(&report, Step::Sidecar);
    assert_says(sentence, &["does not speak with Genesys for this tenant", "start it again"]);
}

#[tokio::test]
async fn a_store_that_is_none_is_named_and_left_as_it_is() {
    let world = World::start(Setting { runs: false, ..Setting::default() }).await;
    fs::write(&world.configuration.store_path, "a letter").unwrap();
    let report = world.check().await;
    let store = report.findings.iter().find(|finding| finding.step == Step::Store).unwrap();
    assert_eq!(store.outcome, Outcome::Failed);
    assert_says(&store.sentence, &["is not a Baton store"]);
    assert_eq!(fs::read_to_string(&world.configuration.store_path).unwrap(), "a letter");
}
