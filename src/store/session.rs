//! Sessions: one chat of one end user each.

use std::fmt;

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{NewEvent, Store, StoreError, session_log, sql};

/// A session that is to be created.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The session's id, as chat clients know it.
    pub session_id: String,
    /// Whose session it is.
    pub tenant: TenantKey<'static>,
    /// The integration by which it reaches Genesys.
    pub integration_id: String,
    /// The id by which Genesys knows the end user, of this session alone.
    pub end_user_id: String,
    /// The digest of the token that opens the session.
    pub token_digest: [u8; 32],
    /// When it was created: milliseconds since 1970, UTC.
    pub created_at_ms: i64,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSession")
            .field("session_id", &self.session_id)
            .field("tenant", &self.tenant)
            .field("integration_id", &self.integration_id)
            .field("end_user_id", &self.end_user_id)
            .field("created_at_ms", &self.created_at_ms)
            .finish_non_exhaustive()
    }
}

/// A session as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// As what it was created.
    pub details: NewSession,
    /// Whether it has ended.
    pub ended: bool,
}

impl Store {
    /// Creates a session together with its first events, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError::SessionExists`] when a session has this id, or has this end user with the
    /// same tenant and integration.
    pub async fn create_session(
        &self,
        session: NewSession,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| create(connection, &session, events)).await
    }

    /// The session of this id, if there is one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session(&self, session_id: &str) -> Result<Option<Session>, StoreError> {
        let session_id = session_id.to_owned();
        self.read(move |connection| find(connection, &session_id)).await
    }

    /// The id of the session that an end user has with a tenant's integration, if there is one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session_of_end_user(
        &self,
        tenant: &TenantKey<'_>,
        integration_id: &str,
        end_user_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let tenant = tenant.clone().into_owned();
        let (integration_id, end_user_id) = (integration_id.to_owned(), end_user_id.to_owned());
        self.read(move |connection| of_end_user(connection, &tenant, &integration_id, &end_user_id))
            .await
    }
}

fn create(
    connection: &Connection,
    session: &NewSession,
    events: Vec<NewEvent>,
) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(sql::CREATE_SESSION)
        .and_then(|mut statement| {
            statement.execute(params![
                session.session_id,
                session.tenant.account_id,
                session.tenant.project_id,
                session.tenant.client_env,
                session.integration_id,
                session.end_user_id,
                session.token_digest,
                session.created_at_ms,
            ])
        })
        .map_err(StoreError::sqlite("create a session"))?;
    if inserted == 0 {
        return Err(StoreError::SessionExists);
    }
    let number = number(connection, &session.session_id)?;
    session_log::append(connection, number, events)?;
    Ok(())
}

fn find(connection: &Connection, session_id: &str) -> Result<Option<Session>, StoreError> {
    connection
        .prepare_cached(sql::SESSION)
        .and_then(|mut statement| statement.query_row([session_id], read).optional())
        .map_err(StoreError::sqlite("read a session"))
}

fn of_end_user(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    integration_id: &str,
    end_user_id: &str,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(sql::SESSION_OF_END_USER)
        .and_then(|mut statement| {
            let end_user = params![
                tenant.account_id,
                tenant.project_id,
                tenant.client_env,
                integration_id,
                end_user_id,
            ];
            statement.query_row(end_user, |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("read the session of an end user"))
}

/// Marks the session with this number as ended. Whether it had not ended before.
pub(crate) fn end(connection: &Connection, session: i64) -> Result<bool, StoreError> {
    let ended = connection
        .prepare_cached(sql::END_SESSION)
        .and_then(|mut statement| statement.execute([session]))
        .map_err(StoreError::sqlite("end a session"))?;
    Ok(ended > 0)
}

/// The number that stands for the session in the file.
pub(crate) fn number(connection: &Connection, session_id: &str) -> Result<i64, StoreError> {
    connection
        .prepare_cached(sql::SESSION_NUMBER)
        .and_then(|mut statement| statement.query_row([session_id], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("find a session"))?
        .ok_or(StoreError::UnknownSession)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Session> {
    let details = NewSession {
        session_id: row.get("session_id")?,
        tenant: sql::tenant(row)?,
        integration_id: row.get("integration_id")?,
        end_user_id: row.get("end_user_id")?,
        token_digest: row.get("token_digest")?,
        created_at_ms: row.get("created_at_ms")?,
    };
    Ok(Session { details, ended: row.get("ended")? })
}
