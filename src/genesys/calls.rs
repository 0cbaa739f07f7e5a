//! The calls of the Platform API, by theme.

mod conversations;
mod inbound;
mod integration_details;
mod integrations;
mod look_up;
mod message_routing;
mod messaging_settings;
mod probe;
mod queues;
mod reference;
mod supported_content;
mod users;

pub use inbound::{
    Attachment, Button, EndUser, InboundMessage, MediaType, OutboundReceipt, ReceiptStatus,
    StructuredResponse, Taken,
};
pub use integration_details::{Creation, IntegrationChange, IntegrationDetails, NewIntegration};
pub use integrations::{Integration, IntegrationRef};
pub use look_up::LookUpError;
pub use message_routing::Recipient;
pub use messaging_settings::{MessagingSetting, TypingDirections};
pub use probe::Possession;
pub use queues::Queue;
pub use reference::Reference;
pub use users::User;
pub(crate) use users::Users;
