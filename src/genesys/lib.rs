//! The Genesys Cloud client.
//!
//! [`Genesys`] is one OAuth client at one organisation: it has a token when one is needed, keeps
//! to Genesys' rate, and says in its errors what is to be done. [`Channels`] tells what happens
//! to conversations, over Genesys' notification channels.
//!
//! ```text
//! a call ──▶ token ──▶ rate limit ──▶ transport ──▶ Genesys
//! (calls)   (one request   (by class)   (TLS, time-outs)
//!            in flight)
//! ```

mod call;
mod calls;
mod channels;
mod client;
mod error;
mod hosts;
mod lenient;
mod pace;
mod permissions;
mod rate_limit;
mod reach;
mod regions;
mod secret;
mod token;
mod transport;

pub use baton_handoff::QueueRef;
pub use baton_tls::TlsError;
pub use calls::{
    Attachment, Button, Creation, EndUser, InboundMessage, Integration, IntegrationChange,
    IntegrationDetails, IntegrationRef, LookUpError, MediaType, MessagingSetting, NewIntegration,
    OutboundReceipt, Possession, Queue, ReceiptStatus, Recipient, Reference, StructuredResponse,
    Taken, TypingDirections, User,
};
pub use channels::{
    ChannelMemory, ChannelNotice, ChannelState, ChannelStatus, ChannelTrial, ChannelTrialError,
    Channels, TopicsTrial, Watch,
};
pub use client::Genesys;
pub use error::{ApiError, CallError, TokenError};
pub use hosts::{Hosts, RegionProblem};
pub use pace::Pace;
pub use permissions::{Feature, Permission};
pub use rate_limit::{Class, RateState};
pub use reach::RegionHost;
pub use regions::{REGIONS, Region};
pub use secret::{Credentials, Secret};
pub use token::{LentToken, TokenState};
