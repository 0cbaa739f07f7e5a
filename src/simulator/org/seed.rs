//! What an org has before the first message: integrations, queues, users and a flow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

/// What an org begins with.
#[derive(Clone, Debug)]
pub struct OrgSeed {
    /// Every id that the org makes up follows from this number: two orgs with the same one make
    /// the same ids for the same history.
    pub id_seed: u64,
    /// The organisation's id, a UUID.
    pub organization_id: String,
    /// The Open Messaging integrations.
    pub integrations: Vec<Integration>,
    /// The queues; the first one takes what names no other.
    pub queues: Vec<Queue>,
    /// The agents.
    pub users: Vec<User>,
    /// The flows; the first one is the inbound message flow of every integration.
    pub flows: Vec<Flow>,
}

/// An Open Messaging integration, without its secret (Genesys reference 2.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integration {
    /// A UUID.
    pub id: String,
    /// The name, which end users see as the sender's nickname.
    pub name: String,
    /// `outboundNotificationWebhookUrl`.
    pub webhook_url: String,
    /// `webhookHeaders`: name to value. The values may be credentials and are never shown.
    pub webhook_header_names: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// A UUID.
    pub id: String,
    /// The name, of its own in the org.
    pub name: String,
    /// Whether every user is a member of it, or nobody: conversations only wait in it then.
    pub has_members: bool,
}

/// A person who works in the org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// A UUID.
    pub id: String,
    /// The full name.
    pub name: String,
    /// What colleagues call them, if they set it.
    pub preferred_name: Option<String>,
    /// The e-mail address, which also is the name to sign in with.
    pub email: String,
    /// Where the picture is: resolution such as `x96` to an https URL. Empty without a picture.
    pub pictures: BTreeMap<String, String>,
}

/// An Architect flow for inbound messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// A UUID.
    pub id: String,
    /// The name.
    pub name: String,
}

impl OrgSeed {
    /// An org with one integration, three queues and one without members, five agents (one without a picture) and two
    /// flows. The made-up ids of its conversations differ from run to run.
    pub fn with_integration(integration: Integration) -> Self {
        let (id_seed, _) = Uuid::new_v4().as_u64_pair();
        Self {
            id_seed,
            organization_id: "44ee55ff-8888-4999-8000-111122223333".into(),
            integrations: vec![integration],
            queues: [
                ("90aa8b7c-6d5e-4f3a-b2c1-d0e9f8a7b6c5", "Support", true),
                ("11223344-5566-4778-899a-abbccddeeff0", "Sales", true),
                ("2b3c4d5e-6f70-4812-9a3b-4c5d6e7f8091", "Complaints", true),
                ("3c4d5e6f-7081-4923-8b4c-5d6e7f8091a2", "Bot queue", false),
            ]
            .map(|(id, name, has_members)| Queue { id: id.into(), name: name.into(), has_members })
            .into(),
            users: vec![
                user("aa11bb22-cc33-4d44-8e55-ff6677889900", "Dana Reyes", Some("dana")),
                user("bb22cc33-dd44-4e55-8f66-007788990011", "Milan Novak", Some("milan")),
                user("cc33dd44-ee55-4f66-8077-118899001122", "Aisha Okafor", Some("aisha")),
                user("dd44ee55-ff66-4077-8188-229900112233", "Søren Holm", Some("soren")),
                user("ee55ff66-0077-4188-8299-330011223344", "Jun Tanaka", None),
            ],
            flows: [
                ("cc223344-ff00-4112-8334-5566778899aa", "Inbound flow"),
                ("dd334455-0011-4223-8445-66778899aabb", "Survey flow"),
            ]
            .map(|(id, name)| Flow { id: id.into(), name: name.into() })
            .into(),
        }
    }
}

/// A user who is called by the first name and has two pictures if `picture` names them.
fn user(id: &str, name: &str, picture: Option<&str>) -> User {
    let first_name = name.split(' ').next().unwrap_or(name);
    let pictures = picture.into_iter().flat_map(|picture| {
        ["x96", "x400"].map(|resolution| {
            let url = format!("https://pictures.example.org/{picture}/{resolution}.jpg");
            (resolution.to_owned(), url)
        })
    });
    User {
        id: id.into(),
        name: name.into(),
        preferred_name: Some(first_name.into()),
        email: format!("{}@example.org", picture.unwrap_or("jun")),
        pictures: pictures.collect(),
    }
}
