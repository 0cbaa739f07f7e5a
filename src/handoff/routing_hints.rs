//! Where a handoff is to go, and what goes with it, as a bot says it.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};

use crate::{
    QueueRef,
    attributes::{LONGEST_VALUE, MOST_ATTRIBUTES, flatten},
    queue_ref::is_uuid,
};

/// Under which names bots say in which queue the user is to wait. Whether it is the queue's id or
/// its name shows from the value: an id is a UUID.
const QUEUE: [&str; 5] = ["queue_id", "queueId", "queue", "queue_name", "queueName"];
const LANGUAGE: [&str; 2] = ["language", "myLanguage"];
const SKILLS: [&str; 3] = ["skills", "skill", "mySkills"];
const PRIORITY: [&str; 1] = ["priority"];
const DEPARTMENT: [&str; 1] = ["department"];
/// Members that hold custom attributes: an object, or a string that holds one as JSON.
const ATTRIBUTES: [&str; 4] = ["attributes", "custom_attributes", "customAttributes", "data"];

/// What a bot says with its handoff: hints for the flow in Architect, which routes by them, and
/// custom attributes. A hint that cannot be read as one is a custom attribute of its name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RoutingHints {
    /// The id of the queue.
    pub queue_id: Option<String>,
    /// The exact name of the queue.
    pub queue_name: Option<String>,
    /// The language of the conversation, as the flow knows it.
    pub language: Option<String>,
    /// What the agent has to be skilled in.
    pub skills: Vec<String>,
    /// The conversation's priority within the queue.
    pub priority: Option<i64>,
    /// The department.
    pub department: Option<String>,
    /// Everything else, flat.
    pub custom: BTreeMap<String, String>,
}

impl RoutingHints {
    /// Reads what a bot says: the inner object of `genesys_integration`, or the `data` of a
    /// destination (Messaging API, 13).
    pub fn read(members: &Map<String, Value>) -> Self {
        let mut rest = members.clone();
        let mut hints = Self::default();
        for queue in take(&mut rest, &QUEUE, text) {
            let place = match is_uuid(&queue) {
                true => &mut hints.queue_id,
                false => &mut hints.queue_name,
            };
            place.get_or_insert(queue);
        }
        hints.language = take(&mut rest, &LANGUAGE, text).next();
        hints.skills = take(&mut rest, &SKILLS, skills).next().unwrap_or_default();
        hints.priority = take(&mut rest, &PRIORITY, integer).next();
        hints.department = take(&mut rest, &DEPARTMENT, text).next();
        let within: Vec<_> = take(&mut rest, &ATTRIBUTES, attributes).collect();
        hints.custom = flatten(&Value::Object(rest));
        for (name, value) in within.into_iter().flatten() {
            hints.custom.entry(name).or_insert(value);
        }
        hints
    }

    /// These hints, and for what they leave open the others': a bot's, over those of the tenant's
    /// destination.
    pub fn over(self, others: Self) -> Self {
        let names_queue = self.queue_id.is_some() || self.queue_name.is_some();
        let queue = if names_queue { &self } else { &others };
        Self {
            queue_id: queue.queue_id.clone(),
            queue_name: queue.queue_name.clone(),
            language: self.language.or(others.language),
            skills: if self.skills.is_empty() { others.skills } else { self.skills },
            priority: self.priority.or(others.priority),
            department: self.department.or(others.department),
            custom: others.custom.into_iter().chain(self.custom).collect(),
        }
    }

    /// The queue in which the user is to wait; of an id and a name, the id.
    pub fn queue(&self) -> Option<QueueRef> {
        self.queue_id.as_deref().or(self.queue_name.as_deref()).map(QueueRef::parse)
    }

    /// The participant data that goes with the first message, at most [`MOST_ATTRIBUTES`]. The
    /// hints have the names that Cognigy made customary in Architect's flows (Genesys reference,
    /// 10); a custom attribute of such a name does not stand against a hint.
    pub fn attributes(&self) -> BTreeMap<String, String> {
        let hints = [
            ("queueId", self.queue_id.clone()),
            ("queueName", self.queue_name.clone()),
            ("myLanguage", self.language.clone()),
            ("mySkills", joined(&self.skills)),
            ("priority", self.priority.map(|priority| priority.to_string())),
            ("department", self.department.clone()),
        ];
        let hints = hints.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        let mut attributes: BTreeMap<_, _> = hints.collect();
        for (name, value) in &self.custom {
            if attributes.len() < MOST_ATTRIBUTES {
                attributes.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        attributes
    }
}

/// Shows nothing that may be about the user.
impl fmt::Debug for RoutingHints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RoutingHints")
            .field("queue_id", &self.queue_id)
            .field("queue_name", &self.queue_name)
            .field("language", &self.language)
            .field("skills", &self.skills)
            .field("priority", &self.priority)
            .field("department", &self.department)
            .field("custom", &self.custom.len())
            .finish()
    }
}

/// Takes those members of these names out that can be read, in the order of the names.
fn take<T>(
    members: &mut Map<String, Value>,
    names: &[&str],
    read: impl Fn(&Value) -> Option<T>,
) -> std::vec::IntoIter<T> {
    let mut taken = Vec::new();
    for name in names {
        if let Some(value) = members.get(*name).and_then(&read) {
            members.remove(*name);
            taken.push(value);
        }
    }
    taken.into_iter()
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty() && text.len() <= LONGEST_VALUE).then(|| text.to_owned())
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A list of texts, or a text with commas; each skill once.
fn skills(value: &Value) -> Option<Vec<String>> {
    let named: Vec<&str> = match value {
        Value::String(text) => text.split(',').collect(),
        Value::Array(elements) => elements.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let mut skills = Vec::new();
    for skill in named.into_iter().map(str::trim).filter(|skill| !skill.is_empty()) {
        if !skills.iter().any(|known| known == skill) {
            skills.push(skill.to_owned());
        }
    }
    joined(&skills).map(|_| skills)
}

fn attributes(value: &Value) -> Option<BTreeMap<String, String>> {
    match value {
        Value::Object(_) => Some(flatten(value)),
        Value::String(text) => {
            let members: Map<String, Value> = serde_json::from_str(text).ok()?;
            Some(flatten(&Value::Object(members)))
        }
        _ => None,
    }
}

/// The skills as one attribute; none if there are none, or if it would be too long for one.
fn joined(skills: &[String]) -> Option<String> {
    let text = skills.join(",");
    (!text.is_empty() && text.len() <= LONGEST_VALUE).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5";

    fn read(value: &Value) -> RoutingHints {
        RoutingHints::read(value.as_object().unwrap())
    }

    /// The participant data of what a bot says, as `name=value`.
    fn sent(value: &Value) -> Vec<String> {
        spelt(read(value).attributes())
    }

    fn spelt(attributes: BTreeMap<String, String>) -> Vec<String> {
        attributes.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn hints_are_sent_by_the_names_that_flows_read() {
        let queue_id = format!("queueId={ID}");
        let skills = "mySkills=billing,german";
        let cases: &[(Value, &[&str])] = &[
            (json!({}), &[]),
            (json!({ "queue": ID }), &[&queue_id]),
            (json!({ "queueId": ID.to_uppercase() }), &[&format!("queueId={}", ID.to_uppercase())]),
            (json!({ "queue": "Support" }), &["queueName=Support"]),
            (json!({ "queue_id": " Support " }), &["queueName=Support"]),
            (json!({ "queue_name": ID }), &[&queue_id]),
            (json!({ "queue_id": ID, "queueName": "Support" }), &[&queue_id, "queueName=Support"]),
            (json!({ "queue_id": "A", "queue": "B" }), &["queueName=A"]),
            (json!({ "language": "german" }), &["myLanguage=german"]),
            (json!({ "myLanguage": "german" }), &["myLanguage=german"]),
            (json!({ "skills": ["billing", "german"] }), &[skills]),
            (json!({ "skills": " billing, german,,billing" }), &[skills]),
            (json!({ "skill": "billing" }), &["mySkills=billing"]),
            (json!({ "priority": 7 }), &["priority=7"]),
            (json!({ "priority": "-3" }), &["priority=-3"]),
            (json!({ "department": "Sales" }), &["department=Sales"]),
        ];
        for (value, expected) in cases {
            assert_eq!(sent(value), *expected, "{value}");
        }
    }

    #[test]
    fn of_a_queues_id_and_name_the_id_says_which_it_is() {
        let both = read(&json!({ "queue_name": "Support", "queue_id": ID }));
        assert_eq!(both.queue(), Some(QueueRef::Id(ID.to_owned())));
        let name = read(&json!({ "queue": "Support" }));
        assert_eq!(name.queue(), Some(QueueRef::Name("Support".to_owned())));
        assert_eq!(RoutingHints::default().queue(), None);
    }

    #[test]
    fn what_is_no_hint_is_a_custom_attribute() {
        let cases: &[(Value, &[&str])] = &[
            (json!({ "vip": true, "customer": { "id": 7 } }), &["customer.id=7", "vip=1"]),
            (json!({ "attributes": { "plan": "gold" } }), &["plan=gold"]),
            (json!({ "customAttributes": "{\"plan\":\"gold\"}" }), &["plan=gold"]),
            (json!({ "data": { "a": [1, 2] }, "b": null }), &["a=1,2"]),
            (json!({ "plan": "gold", "data": { "plan": "tin" } }), &["plan=gold"]),
            // Nothing that a bot says is swallowed.
            (json!({ "data": "text" }), &["data=text"]),
            (json!({ "queue": { "id": 5 } }), &["queue.id=5"]),
            (json!({ "priority": "high" }), &["priority=high"]),
            (json!({ "skills": [1] }), &["skills=1"]),
            (json!({ "language": " ", "department": 4 }), &["department=4", "language= "]),
            // But it does not stand against a hint.
            (json!({ "language": "de", "data": { "myLanguage": "en" } }), &["myLanguage=de"]),
        ];
        for (value, expected) in cases {
            assert_eq!(sent(value), *expected, "{value}");
        }
    }

    #[test]
    fn a_bots_hints_go_before_those_of_its_destination() {
        let bot = json!({ "queue": "Support", "skills": "billing", "plan": "gold" });
        let destination = json!({ "queue": ID, "skills": "german", "priority": 1, "plan": "tin", "source": "web" });
        let both = read(&bot).over(read(&destination));
        let expected =
            ["mySkills=billing", "plan=gold", "priority=1", "queueName=Support", "source=web"];
        assert_eq!(spelt(both.attributes()), expected);
        let alone = RoutingHints::default().over(read(&destination));
        assert_eq!(alone, read(&destination));
    }

    #[test]
    fn invariant_11_hints_are_bounded() {
        let mut members: Map<String, Value> =
            (0..1000).map(|index| (index.to_string(), json!("x"))).collect();
        members.insert("queue".to_owned(), json!(ID));
        members.insert("language".to_owned(), json!("x".repeat(LONGEST_VALUE + 1)));
        members.insert("skills".to_owned(), json!(vec!["x"; 10_000]));
        members.insert("skill".to_owned(), json!("x,".repeat(LONGEST_VALUE)));
        let attributes = RoutingHints::read(&members).attributes();
        assert_eq!(attributes.len(), MOST_ATTRIBUTES);
        assert_eq!(attributes["queueId"], ID);
        assert_eq!(attributes["mySkills"], "x");
        assert!(attributes.values().all(|value| value.len() <= LONGEST_VALUE));
    }

    #[test]
    fn invariant_10_hints_do_not_show_what_is_said_of_the_user() {
        let shown = format!("{:?}", read(&json!({ "name": "Ann", "department": "Sales" })));
        assert!(shown.contains("Sales") && !shown.contains("Ann"), "{shown}");
    }
}
