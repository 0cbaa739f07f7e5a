//! How one thing in Genesys names another.

use serde::Deserialize;

use crate::lenient::or_default;

/// A thing that another one has, by id. Genesys often leaves the name out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// Its id.
    pub id: String,
    /// What it is called in Genesys; empty where Genesys does not say.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}
