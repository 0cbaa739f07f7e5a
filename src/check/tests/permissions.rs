//! Permissions that are missing.

use baton_check::{Outcome, Step};
use baton_genesys::Feature;

use crate::world::{Setting, assert_says, crosses, report_of};

/// What turns on every feature that a handoff may have.
const EVERYTHING: &str = "[tenants.genesys.handoff]
    estimate_every_seconds = 30
    [tenants.genesys.queues]
    bot = 'Bot queue'
    agent = 'Support'";

/// What Genesys' SDK names for reading a conversation of any medium, and not for reading one of
/// messages: the simulator does as it says.
const READING: &str = "conversation:communication:view";

#[tokio::test]
async fn each_permission_that_is_missing_is_named_with_what_goes_without_it() {
    let features = [Feature::ALWAYS, &[Feature::Transfer, Feature::Estimates]].concat();
    for feature in features {
        for permission in feature.permissions() {
            let name = permission.to_string();
            if name == READING {
                continue;
            }
            let setting = Setting { genesys: EVERYTHING, ..Setting::without(&name) };
            // The simulator takes the larger permission in the place of this one, as Genesys does.
            let report = report_of(without_larger(setting)).await;
            let crosses = crosses(&report);
            let named: Vec<_> =
                crosses.iter().filter(|(step, ..)| *step == Step::Permission).collect();
            let [(_, Some(subject), sentence)] = named[..] else { panic!("{name}: {crosses:#?}") };
            assert_eq!(*subject, name);
            assert_says(sentence, &[&name, "acme-client", feature.purpose()]);
        }
    }
}

fn without_larger(mut setting: Setting) -> Setting {
    setting.client.permissions.remove("conversation:communication:blindTransfer");
    setting
}

#[tokio::test]
async fn a_permission_without_which_a_conversation_can_be_read_is_no_cross_when_it_is_missing() {
    let report = report_of(Setting { handoff: true, ..Setting::without(READING) }).await;
    assert_eq!(crosses(&report), []);
}

#[tokio::test]
async fn only_the_permissions_of_features_that_are_on_are_looked_at() {
    let report = report_of(Setting::without("routing:queue:view")).await;
    assert_eq!(crosses(&report), []);
    let subject =
        |name: &str| report.findings.iter().any(|finding| finding.subject.as_deref() == Some(name));
    assert!(subject("conversation:message:receive"));
    assert!(!subject("routing:queue:view"));
}

#[tokio::test]
async fn what_only_the_check_needs_is_no_cross_when_it_is_missing() {
    let report = report_of(Setting::without("messaging:setting:view")).await;
    assert_eq!(crosses(&report), []);
    let typing = report.findings.iter().find(|finding| finding.step == Step::Typing).unwrap();
    assert_eq!(typing.outcome, Outcome::NotProven);
    assert_says(&typing.sentence, &["messaging:setting:view"]);
}
