//! The edge's pure logic: the same bytes in, the same bytes out, on every host.
//!
//! A Genesys webhook goes through the [`gate`]: its head is checked, then the [`signature`] of
//! its body; [`open_messaging`] reads the body, [`translation`] turns it into chat [`event`]s,
//! and the [`delivery`] carries them to the upstream. A [`detail_event`], by EventBridge or by a
//! trigger, shows an [`api_key`] in the signature's place and becomes a step in a conversation's
//! [`lifecycle`]. Nothing here reads a clock, draws a random
//! number or does I/O: a host adapter turns its host's calls into these types and back, and
//! decides nothing.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod api_key;
pub mod configuration;
mod debug_form;
pub mod delivery;
pub mod detail_event;
mod digest;
pub mod event;
pub mod exchange;
pub mod gate;
pub mod id;
pub mod json;
pub mod json_writing;
pub mod lifecycle;
pub mod look_up;
pub mod open_messaging;
pub mod proof;
pub mod recent_deliveries;
pub mod refusal;
pub mod signature;
pub mod tenant;
pub mod time;
pub mod trace_context;
pub mod translation;
