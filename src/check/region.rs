//! The region and the token.

use baton_genesys::{CallError, Genesys, REGIONS, RegionHost, TokenError};
use baton_sidecar::GenesysAccess;

use crate::report::{Findings, Step};

/// Whether the hosts of the region answer.
pub(crate) async fn check_region(
    genesys: &Genesys,
    access: &GenesysAccess,
    findings: &mut Findings<'_>,
) -> bool {
    let mut names: Vec<&str> = Vec::new();
    for host in RegionHost::ALL {
        let name = host.of(&access.hosts).host_str().unwrap_or_default();
        // A simulator is all hosts in one.
        if names.contains(&name) {
            continue;
        }
        if let Err(error) = genesys.reach(host).await {
            let sentence = match error {
                // Nothing was to be carried out, of which it would not be known whether it was.
                CallError::TimedOut { after, .. } => format!(
                    "{name} gives no answer within {after:?}: check the network, the region, and \
                     any firewall or proxy in between"
                ),
                error => error.to_string(),
            };
            findings.cross(Step::Region, sentence);
            return false;
        }
        names.push(name);
    }
    let how = if access.hosts.are_plain() { "without TLS" } else { "over TLS" };
    findings.tick(Step::Region, format!("{} answers {how}", names.join(" and ")));
    true
}

/// Whether the OAuth client gets a token.
pub(crate) async fn check_token(
    genesys: &Genesys,
    access: &GenesysAccess,
    findings: &mut Findings<'_>,
) -> bool {
    match genesys.lend_token().await {
        Ok(_) => {
            let client_id = &access.credentials.client_id;
            findings.tick(Step::Token, format!("the OAuth client {client_id} gets one"));
            true
        }
        Err(error @ TokenError::WrongCredentials { .. }) => {
            let region = region_of(access);
            let hint = format!(
                "an OAuth client lives in one region only, so that either its id or secret is \
                 wrong, or it is not of {region}"
            );
            findings.cross(Step::Token, format!("{error}; {hint}"));
            false
        }
        Err(error) => {
            findings.cross(Step::Token, error.to_string());
            false
        }
    }
}

/// The region as people know it.
fn region_of(access: &GenesysAccess) -> String {
    let host = access.hosts.login().host_str().unwrap_or_default();
    let known = REGIONS.iter().find(|region| host.strip_prefix("login.") == Some(region.base));
    match known {
        Some(region) => format!("the region {} ({})", region.base, region.aws),
        None => format!("the region of {host}"),
    }
}
