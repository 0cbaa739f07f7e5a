//! Where all is well.

use baton_check::{Outcome, Step};

use crate::world::{ADMIN, CLIENT_SECRET, OTHER_SECRET, Setting, WEBHOOK_SECRET, World, report_of};

#[tokio::test]
async fn where_all_is_well_every_step_is_a_tick() {
    let report = report_of(Setting { handoff: true, ..Setting::default() }).await;
    let others: Vec<_> =
        report.findings.iter().filter(|finding| finding.outcome != Outcome::Passed).collect();
    assert_eq!(others, Vec::<&baton_check::Finding>::new());
    assert_eq!((report.outcome, report.summary().as_str()), (Outcome::Passed, "all is well"));
    for step in [
        Step::Configuration,
        Step::Store,
        Step::Sidecar,
        Step::Region,
        Step::Token,
        Step::Permission,
        Step::Integration,
        Step::WebhookUrl,
        Step::WebhookSecret,
        Step::Typing,
        Step::Channel,
        Step::Webhook,
        Step::Handoff,
    ] {
        assert!(report.findings.iter().any(|finding| finding.step == step), "{step:?}");
    }
}

#[tokio::test]
async fn a_second_check_uses_the_channel_of_the_first() {
    let world = World::start(Setting::default()).await;
    let before = world.channels().await;
    world.check().await;
    let after = world.channels().await;
    assert_eq!(after, before + 1);
    world.check().await;
    assert_eq!(world.channels().await, after);
}

#[tokio::test]
async fn without_a_handoff_no_conversation_begins() {
    let world = World::start(Setting::default()).await;
    world.check().await;
    let conversations = world.get_control("conversations").await;
    assert_eq!(conversations.as_array().map(Vec::len), Some(0), "{conversations}");
}

#[tokio::test]
async fn invariant_10_a_report_shows_no_secret() {
    let wrong = Setting { genesys_secret: OTHER_SECRET, ..Setting::default() };
    for setting in [Setting::default(), wrong] {
        let report = report_of(setting).await;
        let lines: String = report.findings.iter().map(ToString::to_string).collect();
        let shown = format!("{lines} {report:?}");
        for secret in [WEBHOOK_SECRET, OTHER_SECRET, CLIENT_SECRET, ADMIN, "streaming-"] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}
