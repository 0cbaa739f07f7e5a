//! What a caller may do (Genesys reference 6.1 and 9).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::oauth::Caller;
use crate::platform::error_body::PlatformError;

impl Caller {
    /// For calls whose permissions are all needed.
    ///
    /// # Errors
    ///
    /// 403 `missing.permissions`, with the name of the permission.
    pub(crate) fn must_have(&self, permission: &'static str) -> Result<(), PlatformError> {
        if self.client.permissions.contains(permission) {
            Ok(())
        } else {
            Err(PlatformError::missing_permissions(&[permission]))
        }
    }

    /// For calls that take any one of several permissions.
    ///
    /// # Errors
    ///
    /// 403 `missing.any.permissions`, with the names of the permissions.
    pub(crate) fn must_have_any(&self, any_of: &[&'static str]) -> Result<(), PlatformError> {
        if any_of.iter().any(|permission| self.client.permissions.contains(*permission)) {
            Ok(())
        } else {
            Err(PlatformError::missing_any_permissions(any_of))
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, PlatformError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(PlatformError::authentication_required)
    }
}
