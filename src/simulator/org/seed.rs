//! What an org has before the first message: integrations with what they are set to, queues,
//! users and flows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

/// The messaging setting of an integration that names none. Typing is off, as Genesys' default
/// is (Genesys reference 2.5).
const DEFAULT_SETTING: &str = "33dd44ee-6666-4777-8888-999900001111";
/// A messaging setting with typing on.
const TYPING_ON: &str = "22cc33dd-6666-4777-8888-999900001111";
/// The profile of supported content of an integration that names none.
const DEFAULT_CONTENT: &str = "00aa11bb-4444-4555-8666-777788889999";
/// The flow of the integrations that the org begins with.
const INBOUND_FLOW: &str = "cc223344-ff00-4112-8334-5566778899aa";

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
    /// The inbound message flows.
    pub flows: Vec<Flow>,
    /// What integrations can be set to, of typing.
    pub messaging_settings: Vec<MessagingSetting>,
    /// What integrations can be set to, of attachments.
    pub supported_contents: Vec<SupportedContent>,
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
    /// The id of its messaging setting.
    pub messaging_setting_id: String,
    /// The id of its profile of supported content.
    pub supported_content_id: String,
    /// The id of the flow that takes its conversations, by the message routing. Without one they
    /// go nowhere.
    pub flow_id: Option<String>,
}

impl Integration {
    /// An integration with Genesys' default settings, whose conversations the first flow takes.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        webhook_url: impl Into<String>,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            webhook_url: webhook_url.into(),
            webhook_header_names: Vec::new(),
            created_at,
            messaging_setting_id: DEFAULT_SETTING.into(),
            supported_content_id: DEFAULT_CONTENT.into(),
            flow_id: Some(INBOUND_FLOW.into()),
        }
    }
}

/// A messaging setting, which the admin pages call platform configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagingSetting {
    /// A UUID.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether what the customer types reaches the agent.
    pub typing_inbound: bool,
    /// Whether what the agent types reaches the customer.
    pub typing_outbound: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Rises by one with each change, from 1.
    pub version: u32,
}

impl MessagingSetting {
    /// One with typing on or off, both ways.
    pub fn new(id: &str, name: &str, typing: bool, created_at: Timestamp) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            typing_inbound: typing,
            typing_outbound: typing,
            created_at,
            changed_at: created_at,
            version: 1,
        }
    }
}

/// A profile of supported content: which attachments pass. The simulator lets all of them pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportedContent {
    /// A UUID.
    pub id: String,
    /// The name.
    pub name: String,
    /// The media types that customers may send, such as `image/*`.
    pub inbound: Vec<String>,
    /// The media types that agents may send.
    pub outbound: Vec<String>,
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
    /// An org with one integration, three queues and one without members, five agents (one
    /// without a picture), two flows, and messaging settings with typing off and on. The made-up
    /// ids of its conversations differ from run to run.
    pub fn with_integration(integration: Integration) -> Self {
        let (id_seed, _) = Uuid::new_v4().as_u64_pair();
        let made = integration.created_at;
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
                (INBOUND_FLOW, "Inbound flow"),
                ("dd334455-0011-4223-8445-66778899aabb", "Survey flow"),
            ]
            .map(|(id, name)| Flow { id: id.into(), name: name.into() })
            .into(),
            messaging_settings: vec![
                MessagingSetting::new(DEFAULT_SETTING, "Default", false, made),
                MessagingSetting::new(TYPING_ON, "Typing on", true, made),
            ],
            supported_contents: vec![SupportedContent {
                id: DEFAULT_CONTENT.into(),
                name: "Open default".into(),
                inbound: vec!["*/*".into()],
                outbound: vec!["*/*".into()],
                created_at: made,
            }],
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
