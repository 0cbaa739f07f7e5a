//! The calls of the Platform API, by theme.

mod conversations;
mod inbound;
mod integrations;
mod look_up;
mod queues;
mod users;

pub use inbound::{
    Attachment, Button, EndUser, InboundMessage, MediaType, OutboundReceipt, ReceiptStatus,
    StructuredResponse, Taken,
};
pub use integrations::{Integration, IntegrationRef};
pub use look_up::LookUpError;
pub use queues::Queue;
pub use users::User;
pub(crate) use users::Users;
