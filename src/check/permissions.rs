//! What the OAuth client may do, for the features that are turned on.
//!
//! How a permission is found out, and how sure that is, stands at [`Genesys::probe`].

use baton_genesys::{Feature, Genesys, Permission, Possession, TopicsTrial};
use baton_sidecar::GenesysAccess;

use crate::report::{Findings, Outcome, Step};

/// The features that a tenant has turned on.
pub(crate) fn features(access: &GenesysAccess) -> Vec<Feature> {
    let mut features = Feature::ALWAYS.to_vec();
    if access.queues.is_some() {
        features.push(Feature::Transfer);
    }
    if access.handoff.estimates.is_some() {
        features.push(Feature::Estimates);
    }
    features
}

/// Whether the OAuth client may do what the features take. What the topics take is seen at the
/// channel: [`check_topics`].
pub(crate) async fn check_permissions(
    genesys: &Genesys,
    access: &GenesysAccess,
    integration_id: Option<&str>,
    findings: &mut Findings<'_>,
) {
    let features = features(access);
    for permission in Feature::permissions_of(&features) {
        if !Feature::Lifecycle.permissions().contains(&permission) {
            let possession = genesys.probe(&permission, integration_id).await;
            tell(&permission, possession, access, findings);
        }
    }
}

/// What the topics of a trial tell of the permissions that they take.
pub(crate) fn check_topics(
    topics: Option<&TopicsTrial>,
    access: &GenesysAccess,
    findings: &mut Findings<'_>,
) {
    for permission in Feature::Lifecycle.permissions() {
        match topics {
            Some(TopicsTrial::Granted) => tell(permission, Possession::Held, access, findings),
            Some(TopicsTrial::Missing(missing)) => {
                tell(permission, Possession::Missing(missing.join(", ")), access, findings);
            }
            Some(TopicsTrial::Refused(why)) => {
                dash(permission, &format!("Genesys refuses the topics ({why})"), findings);
            }
            None => dash(permission, "no channel opened on which to ask for topics", findings),
        }
    }
}

fn tell(
    permission: &Permission,
    possession: Possession,
    access: &GenesysAccess,
    findings: &mut Findings<'_>,
) {
    let name = Some(permission.to_string());
    let purpose = purpose(permission);
    match possession {
        Possession::Held => {
            let sentence = format!("a probe met nothing that forbids it; with it {purpose}");
            findings.add(Step::Permission, name, Outcome::Passed, sentence);
        }
        Possession::Missing(missing) => {
            let client_id = &access.credentials.client_id;
            let sentence = format!(
                "it is missing (Genesys asks for {missing}): give it to a role of the OAuth client \
                 {client_id}, in the division of the queues; only with it {purpose}"
            );
            findings.add(Step::Permission, name, Outcome::Failed, sentence);
        }
        Possession::Unknown(error) => {
            dash(permission, &format!("it could not be probed ({error})"), findings);
        }
        Possession::NotProbed => dash(permission, "no call without effect takes it", findings),
    }
}

fn dash(permission: &Permission, why: &str, findings: &mut Findings<'_>) {
    let sentence = match is_proven_by_a_handoff(permission) {
        true => format!("{why}; --handoff proves it"),
        false => why.to_owned(),
    };
    let name = Some(permission.to_string());
    findings.add(Step::Permission, name, Outcome::NotProven, sentence);
}

/// Whether a handoff that is tried does not go through without it.
fn is_proven_by_a_handoff(Permission { domain, entity, action }: &Permission) -> bool {
    matches!(
        (*domain, *entity, *action),
        ("conversation", "message", "receive")
            | ("conversation", "communication", "view" | "disconnect")
    )
}

/// What the permission is for.
fn purpose(permission: &Permission) -> &'static str {
    let of = |feature: &&Feature| feature.permissions().contains(permission);
    Feature::ALL.iter().find(of).map_or("", |feature| feature.purpose())
}
