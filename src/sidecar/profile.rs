//! Who the user is, as the agent gets to see it.
//!
//! The client or the application says so when it makes the session, in its custom data:
//! `{"user": {"id", "name", "first_name", "last_name", "nickname", "email", "picture"}}`. Nobody
//! has proved it. What is of no use is left out; the rest of it still counts.

use baton_genesys::EndUser;
use baton_handoff::attributes::LONGEST_VALUE;
use baton_store::NewSession;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// The most bytes of an e-mail address (RFC 5321).
const LONGEST_EMAIL: usize = 254;

/// The most bytes of the address of a picture.
const LONGEST_ADDRESS: usize = 2_000;

/// As much of the custom data as is meant for the agent.
#[derive(Deserialize)]
struct Custom {
    #[serde(default)]
    user: Map<String, Value>,
}

/// The end user of this id, with what the session's custom data says of them.
pub(crate) fn end_user(id: &str, custom: Option<&str>) -> EndUser {
    let user = user(custom);
    let text = |key: &str| user.get(key).and_then(Value::as_str);
    EndUser {
        id: id.to_owned(),
        first_name: text("first_name").and_then(name),
        last_name: text("last_name").and_then(name),
        // Genesys has no member for a whole name, and shows the nickname in its place.
        nickname: text("nickname").and_then(name).or_else(|| text("name").and_then(name)),
        email: text("email").and_then(email),
        image: text("picture").and_then(picture),
    }
}

/// By what whoever made the session knows the user: the id in the custom data, or else the
/// application's own id of the session.
pub(crate) fn user_id(session: &NewSession) -> Option<String> {
    let said = match user(session.custom.as_deref()).remove("id") {
        Some(Value::String(id)) => Some(id.trim().to_owned()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let fits = |id: &String| !id.is_empty() && id.len() <= LONGEST_VALUE;
    said.filter(fits).or_else(|| session.external_id.clone())
}

fn user(custom: Option<&str>) -> Map<String, Value> {
    let said = custom.and_then(|custom| serde_json::from_str::<Custom>(custom).ok());
    said.map(|Custom { user }| user).unwrap_or_default()
}

/// A name on one line, cut to what an agent can take in.
fn name(said: &str) -> Option<String> {
    let words: Vec<&str> =
        said.split(|one: char| one.is_whitespace() || one.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let name: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    Some(name.trim_end().to_owned()).filter(|name| !name.is_empty())
}

fn email(said: &str) -> Option<String> {
    let said = said.trim();
    let (before, behind) = said.rsplit_once('@')?;
    let fits = said.len() <= LONGEST_EMAIL && !before.is_empty() && !behind.is_empty();
    (fits && is_one_word(said)).then(|| said.to_owned())
}

/// Genesys fetches it: so only an address of the web that nobody on the way can read along.
fn picture(said: &str) -> Option<String> {
    let said = said.trim();
    let host = said.strip_prefix("https://")?;
    let has_host = host.starts_with(|first: char| first.is_alphanumeric() || first == '[');
    let fits = said.len() <= LONGEST_ADDRESS && has_host;
    (fits && is_one_word(said)).then(|| said.to_owned())
}

fn is_one_word(text: &str) -> bool {
    !text.chars().any(|one| one.is_whitespace() || one.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_core::tenant::TenantKey;
    use serde_json::json;

    fn of(user: &Value) -> EndUser {
        end_user("u", Some(&json!({ "plan": "gold", "user": user }).to_string()))
    }

    #[test]
    fn the_agent_sees_what_the_custom_data_says_of_the_user() {
        let user = of(&json!({
            "name": "Ann Lee", "first_name": "Ann", "last_name": " Lee ", "nickname": "annie",
            "email": "ann@example.org", "picture": "https://example.org/ann.png", "age": 30,
        }));
        assert_eq!((&*user.id, user.nickname.as_deref()), ("u", Some("annie")));
        assert_eq!(
            (user.first_name.as_deref(), user.last_name.as_deref()),
            (Some("Ann"), Some("Lee"))
        );
        assert_eq!(user.email.as_deref(), Some("ann@example.org"));
        assert_eq!(user.image.as_deref(), Some("https://example.org/ann.png"));
    }

    #[test]
    fn a_whole_name_stands_in_for_a_nickname() {
        let user = of(&json!({ "name": "Ann\n Lee", "nickname": " " }));
        assert_eq!(user.nickname.as_deref(), Some("Ann Lee"));
        let long = of(&json!({ "name": "x".repeat(5_000) }));
        assert_eq!(long.nickname.map(|name| name.len()), Some(LONGEST_NAME));
    }

    #[test]
    fn what_is_of_no_use_is_left_out_and_the_rest_counts() {
        for (key, value) in [
            ("name", json!(7)),
            ("first_name", json!("")),
            ("email", json!("nobody")),
            ("email", json!("a@b c")),
            ("email", json!(format!("{}@b", "a".repeat(300)))),
            ("picture", json!("http://example.org/a.png")),
            ("picture", json!("javascript:alert(1)")),
            ("picture", json!("https://")),
            ("picture", json!("https://user@example.org/ a")),
            ("picture", json!({})),
        ] {
            let mut user = json!({ "last_name": "Lee" });
            user[key] = value.clone();
            let expected = EndUser { last_name: Some("Lee".into()), ..EndUser::new("u") };
            assert!(of(&user) == expected, "{key}: {value}");
        }
    }

    #[test]
    fn a_user_is_known_by_the_id_that_was_given_or_else_by_that_of_the_session() {
        let of = |id: Value, external_id: Option<&str>| {
            user_id(&NewSession {
                session_id: "s".to_owned(),
                tenant: TenantKey::new("acme", "support", "live"),
                integration_id: "i".to_owned(),
                end_user_id: "u".to_owned(),
                external_id: external_id.map(str::to_owned),
                token_digest: [0; 32],
                created_at_ms: 0,
                platform: None,
                custom: Some(json!({ "user": { "id": id } }).to_string()),
            })
        };
        assert_eq!(of(json!(" ann-7 "), Some("case-7")).as_deref(), Some("ann-7"));
        assert_eq!(of(json!(7), None).as_deref(), Some("7"));
        for id in [json!(null), json!(" "), json!([7]), json!("x".repeat(LONGEST_VALUE + 1))] {
            assert_eq!(of(id.clone(), Some("case-7")).as_deref(), Some("case-7"), "{id}");
            assert_eq!(of(id, None), None);
        }
    }

    #[test]
    fn without_custom_data_only_the_id_is_known() {
        for custom in [None, Some("[]"), Some("{"), Some(r#"{"user": "Ann"}"#), Some("{}")] {
            assert!(end_user("u", custom) == EndUser::new("u"), "{custom:?}");
        }
    }
}
