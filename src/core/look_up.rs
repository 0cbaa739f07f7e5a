//! Tenants that are looked up: what an answer says, and for how long it is believed.
//!
//! A host whose configuration does not list a tenant asks the sidecar for it. What it was told it
//! keeps as an [`Entry`], in bytes, where its other requests find it again; a [`Policy`] says when
//! to ask again. The host gives the time in milliseconds, since whatever moment it likes.

mod answer;
mod entry;
mod pace;
mod place;
mod policy;

pub use self::{
    answer::{Answer, LookUpProblem},
    entry::Entry,
    pace::{Admission, MOST_STRANGERS_IN_A_SECOND, Pace},
    place::Place,
    policy::{Policy, Step},
};
