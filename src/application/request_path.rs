//! What the path of a request says.

use serde::Deserialize;
use utoipa::IntoParams;

/// A request of a project.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ProjectPath {
    /// The account.
    pub(crate) account_id: String,
    /// The project.
    pub(crate) project_id: String,
}

/// A request about a session.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SessionPath {
    /// The account.
    pub(crate) account_id: String,
    /// The project.
    pub(crate) project_id: String,
    /// The session.
    pub(crate) session_id: String,
}
