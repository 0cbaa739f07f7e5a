//! Sessions: one chat of one end user each.

use std::{fmt, sync::Arc};

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Step, Store, StoreError, session_log::Appended, sql, step};

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
    /// The application's id of it, unique for its tenant; absent for a session of a chat client.
    pub external_id: Option<String>,
    /// The digest of the token that opens the session.
    pub token_digest: [u8; 32],
    /// When it was created: milliseconds since 1970, UTC.
    pub created_at_ms: i64,
    /// What the client runs on, as it said; absent when it did not say.
    pub platform: Option<String>,
    /// What the client or the application gave for the bot: the text of a JSON object that the
    /// store does not look into; absent when nothing was given.
    pub custom: Option<String>,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSession")
            .field("session_id", &self.session_id)
            .field("tenant", &self.tenant)
            .field("integration_id", &self.integration_id)
            .field("end_user_id", &self.end_user_id)
            .field("external_id", &self.external_id)
            .field("created_at_ms", &self.created_at_ms)
            .field("platform", &self.platform)
            .field("custom_bytes", &self.custom.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

/// A session as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// As what it was created.
    pub details: NewSession,
    /// When its log last grew, or when it was created: milliseconds since 1970, UTC.
    pub active_at_ms: i64,
    /// Whether it has ended.
    pub ended: bool,
    /// How often the links to its context were revoked.
    pub context_links_revoked: u64,
}

impl Store {
    /// Creates a session and takes its first step, in one transaction. Where the step holds
    /// events and nothing else, they will do in its place.
    ///
    /// # Errors
    ///
    /// [`StoreError::SessionExists`] when a session has this id, or has this end user with the
    /// same tenant and integration, or this external id with the same tenant; those of
    /// [`Store::step`] for the step. Nothing is stored then.
    pub async fn create_session(
        &self,
        session: NewSession,
        first: impl Into<Step>,
    ) -> Result<(), StoreError> {
        let first = first.into();
        let (session_id, news) = (session.session_id.clone(), Arc::clone(self.news()));
        self.write_and_tell(
            move |connection| create(connection, &session, first),
            move |appended| news.tell(&session_id, &appended.logged, &appended.new),
        )
        .await
        .map(drop)
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

    /// Counts that the links to a session's context were revoked.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownSession`].
    pub async fn revoke_context_links(&self, session_id: &str) -> Result<(), StoreError> {
        let session_id = session_id.to_owned();
        self.write(move |connection| revoke_context_links(connection, &session_id)).await
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

    /// The id of the session that an application knows by its own id, if its tenant has one.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn session_of_external_id(
        &self,
        tenant: &TenantKey<'_>,
        external_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let (tenant, external_id) = (tenant.clone().into_owned(), external_id.to_owned());
        self.read(move |connection| of_external_id(connection, &tenant, &external_id)).await
    }
}

fn create(
    connection: &Connection,
    session: &NewSession,
    first: Step,
) -> Result<Appended, StoreError> {
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
                session.external_id,
                session.token_digest,
                session.created_at_ms,
                session.platform,
                session.custom,
            ])
        })
        .map_err(StoreError::sqlite("create a session"))?;
    if inserted == 0 {
        return Err(StoreError::SessionExists);
    }
    step::take(connection, number(connection, &session.session_id)?, first)
}

fn find(connection: &Connection, session_id: &str) -> Result<Option<Session>, StoreError> {
    connection
        .prepare_cached(sql::SESSION)
        .and_then(|mut statement| statement.query_row([session_id], read).optional())
        .map_err(StoreError::sqlite("read a session"))
}

fn revoke_context_links(connection: &Connection, session_id: &str) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(sql::REVOKE_CONTEXT_LINKS)
        .and_then(|mut statement| statement.execute([session_id]))
        .map_err(StoreError::sqlite("revoke the links to a context"))?;
    if changed == 0 { Err(StoreError::UnknownSession) } else { Ok(()) }
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

fn of_external_id(
    connection: &Connection,
    tenant: &TenantKey<'_>,
    external_id: &str,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(sql::SESSION_OF_EXTERNAL_ID)
        .and_then(|mut statement| {
            let key = params![tenant.account_id, tenant.project_id, tenant.client_env, external_id];
            statement.query_row(key, |row| row.get(0)).optional()
        })
        .map_err(StoreError::sqlite("read the session of an external id"))
}

/// Notes that the session with this number was active. An earlier time changes nothing.
pub(crate) fn mark_active(
    connection: &Connection,
    session: i64,
    at_ms: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql::MARK_ACTIVE)
        .and_then(|mut statement| statement.execute([session, at_ms]))
        .map(drop)
        .map_err(StoreError::sqlite("note that a session was active"))
}

/// Marks the session with this number as ended, not before it was last active. Whether it had not
/// ended before.
pub(crate) fn end(connection: &Connection, session: i64, at_ms: i64) -> Result<bool, StoreError> {
    let ended = connection
        .prepare_cached(sql::END_SESSION)
        .and_then(|mut statement| statement.execute([session, at_ms]))
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
        external_id: row.get("external_id")?,
        token_digest: row.get("token_digest")?,
        created_at_ms: row.get("created_at_ms")?,
        platform: row.get("platform")?,
        custom: row.get("custom")?,
    };
    Ok(Session {
        details,
        active_at_ms: row.get("active_at_ms")?,
        ended: row.get("ended")?,
        context_links_revoked: sql::unsigned(row, "context_links_revoked")?,
    })
}
