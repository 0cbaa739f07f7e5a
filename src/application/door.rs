//! By which key an application comes in, and to whose sessions.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use baton_chat::SecretDigest;
use baton_core::tenant::TenantKey;

/// The way in for a tenant's applications.
#[derive(Clone, Debug)]
pub struct Door {
    /// Whose sessions it leads to.
    pub tenant: TenantKey<'static>,
    /// The digests of the keys that open it.
    pub api_keys: Vec<SecretDigest>,
}

/// The tenant of the account's project that the shown key belongs to. So the key says which of
/// the project's environments is meant.
pub(crate) fn admit<'a>(
    doors: &'a [Door],
    account_id: &str,
    project_id: &str,
    headers: &HeaderMap,
) -> Option<&'a TenantKey<'static>> {
    let shown = shown(headers)?;
    let of_project = doors.iter().filter(|door| {
        door.tenant.account_id == account_id && door.tenant.project_id == project_id
    });
    // Each door is tried, whichever has opened: the time that it takes tells nothing.
    of_project.fold(None, |opened, door| {
        let opens = shown.is_one_of(&door.api_keys);
        if opens { Some(&door.tenant) } else { opened }
    })
}

/// The digest of the key that a request shows: as `x-api-key`, or else as a bearer credential.
fn shown(headers: &HeaderMap) -> Option<SecretDigest> {
    let bearer = || {
        let value = headers.get(AUTHORIZATION)?.as_bytes();
        let (scheme, credential) = value.split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(credential)
    };
    let key = match headers.get("x-api-key") {
        Some(key) => key.as_bytes(),
        None => bearer()?,
    };
    Some(SecretDigest::of(key.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors() -> Vec<Door> {
        let door = |project: &'static str, client_env: &'static str, keys: &[&str]| Door {
            tenant: TenantKey::new("acme", project, client_env),
            api_keys: keys.iter().map(|key| SecretDigest::of(key.as_bytes())).collect(),
        };
        vec![
            door("support", "live", &["live-key", "live-key-before"]),
            door("support", "sandbox", &["sandbox-key"]),
            door("sales", "live", &["sales-key"]),
            door("support", "closed", &[]),
        ]
    }

    fn admitted(account: &str, project: &str, name: &'static str, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        admit(&doors(), account, project, &headers).map(ToString::to_string)
    }

    #[test]
    fn the_key_says_which_environment_is_meant() {
        for (key, client_env) in
            [("live-key", "live"), ("live-key-before", "live"), ("sandbox-key", "sandbox")]
        {
            let expected = Some(format!("acme/support/{client_env}"));
            assert_eq!(admitted("acme", "support", "x-api-key", key), expected);
            let bearer = format!("bearer {key}");
            assert_eq!(admitted("acme", "support", "authorization", &bearer), expected);
        }
    }

    #[test]
    fn a_key_opens_no_other_project_and_no_other_account() {
        assert_eq!(admitted("acme", "sales", "x-api-key", "live-key"), None);
        assert_eq!(admitted("other", "support", "x-api-key", "live-key"), None);
        for (name, value) in [
            ("x-api-key", ""),
            ("x-api-key", "live-key2"),
            ("authorization", "live-key"),
            ("authorization", "Basic live-key"),
            ("x-other", "live-key"),
        ] {
            assert_eq!(admitted("acme", "support", name, value), None, "{name}: {value}");
        }
    }
}
