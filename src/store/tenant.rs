//! Tenants that stand in the store and in no file: what is said of each is sealed, and opaque here.

use std::fmt;

use baton_core::tenant::TenantKey;
use rusqlite::{Connection, OptionalExtension, Row, params};
use zeroize::Zeroizing;

use crate::{
    Sealing, Store, StoreError,
    sealing::Subject,
    sql::{self, tenants as statements},
};

/// A tenant as it was put into the store.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTenant {
    /// Which tenant.
    pub key: TenantKey<'static>,
    /// What is said of it, secrets included: bytes that the store does not look into.
    pub document: Zeroizing<Vec<u8>>,
    /// When it was put there last: milliseconds since 1970, UTC.
    pub changed_at_ms: i64,
}

/// Without the document, which holds secrets.
impl fmt::Debug for StoredTenant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredTenant")
            .field("key", &self.key)
            .field("changed_at_ms", &self.changed_at_ms)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Which tenants stand in the store, in the order of their keys. It needs no master key.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn tenant_keys(&self) -> Result<Vec<TenantKey<'static>>, StoreError> {
        self.read(keys).await
    }

    /// The tenants that stand in the store, in the order of their keys.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongMasterKey`] if they were sealed under another key, and
    /// [`StoreError::DamagedTenant`] if one of them was changed since.
    pub async fn tenants(&self, sealing: &Sealing) -> Result<Vec<StoredTenant>, StoreError> {
        let sealing = sealing.clone();
        self.read(move |connection| opened(connection, &sealing)).await
    }

    /// Puts the tenant there, in the place of what was there.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongMasterKey`] if the others were sealed under another key, and
    /// [`StoreError::Random`]. Nothing is changed then.
    pub async fn put_tenant(
        &self,
        sealing: &Sealing,
        tenant: StoredTenant,
    ) -> Result<(), StoreError> {
        let sealing = sealing.clone();
        self.write(move |connection| {
            prepare(connection, &sealing)?;
            wiping(connection, || put(connection, &sealing, &tenant))
        })
        .await
    }

    /// Takes the tenant out. Says whether it was there.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn remove_tenant(&self, key: &TenantKey<'_>) -> Result<bool, StoreError> {
        let key = key.clone().into_owned();
        self.write(move |connection| wiping(connection, || remove(connection, &key))).await
    }

    /// How many sessions of the tenant have not ended.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn live_sessions_of(&self, key: &TenantKey<'_>) -> Result<u64, StoreError> {
        let key = key.clone().into_owned();
        self.read(move |connection| live_sessions(connection, &key)).await
    }

    /// The tenants that have sessions, also ended ones, whether they stand in the store or not.
    ///
    /// # Errors
    ///
    /// Only those of every call.
    pub async fn tenants_with_sessions(&self) -> Result<Vec<TenantKey<'static>>, StoreError> {
        self.read(with_sessions).await
    }

    /// Seals every tenant anew, under another master key: all of them or none. Says how many. Once
    /// the store is closed nothing in its files opens with the old key.
    ///
    /// # Errors
    ///
    /// As [`Store::tenants`] of the old key, and [`StoreError::Random`].
    pub async fn reseal_tenants(&self, old: &Sealing, new: &Sealing) -> Result<usize, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.write(move |connection| wiping(connection, || reseal(connection, &old, &new))).await
    }
}

/// The tenants of a store that may be older than they.
pub(crate) fn all(
    connection: &Connection,
    sealing: &Sealing,
) -> Result<Vec<StoredTenant>, StoreError> {
    let is_there: bool = connection
        .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'tenant')", [], |row| {
            row.get(0)
        })
        .map_err(StoreError::sqlite("look for tenants"))?;
    if is_there { opened(connection, sealing) } else { Ok(Vec::new()) }
}

/// Has what a task deletes or overwrites blanked in the file: else it stays there until its place
/// is needed, for whoever comes by the key that it was sealed under.
fn wiping<Done>(
    connection: &Connection,
    task: impl FnOnce() -> Result<Done, StoreError>,
) -> Result<Done, StoreError> {
    let wipe = |wipes: bool| {
        connection
            .pragma_update_and_check(None, "secure_delete", wipes, |_| Ok(()))
            .map_err(StoreError::sqlite("blank what a tenant leaves"))
    };
    wipe(true)?;
    let done = task();
    // For everything else that would only be work.
    wipe(false)?;
    done
}

fn keys(connection: &Connection) -> Result<Vec<TenantKey<'static>>, StoreError> {
    connection
        .prepare_cached(statements::TENANT_KEYS)
        .and_then(|mut statement| statement.query_map([], sql::tenant)?.collect())
        .map_err(StoreError::sqlite("read which tenants there are"))
}

fn opened(connection: &Connection, sealing: &Sealing) -> Result<Vec<StoredTenant>, StoreError> {
    let rows: Vec<SealedTenant> = connection
        .prepare_cached(statements::TENANTS)
        .and_then(|mut statement| statement.query_map([], SealedTenant::read)?.collect())
        .map_err(StoreError::sqlite("read the tenants"))?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let check = check(connection)?
        .ok_or(StoreError::Damaged { what: "tenants without the check of their master key" })?;
    if !sealing.is_of(&check) {
        return Err(StoreError::WrongMasterKey { tenants: rows.len() });
    }
    rows.into_iter().map(|row| row.open(sealing)).collect()
}

/// Sees to it that what is sealed in one store is sealed under one key. Where nothing is sealed yet
/// any key is right.
fn prepare(connection: &Connection, sealing: &Sealing) -> Result<(), StoreError> {
    if check(connection)?.is_some_and(|check| sealing.is_of(&check)) {
        return Ok(());
    }
    match keys(connection)?.len() {
        0 => put_check(connection, sealing),
        tenants => Err(StoreError::WrongMasterKey { tenants }),
    }
}

fn reseal(connection: &Connection, old: &Sealing, new: &Sealing) -> Result<usize, StoreError> {
    let tenants = opened(connection, old)?;
    put_check(connection, new)?;
    for tenant in &tenants {
        put(connection, new, tenant)?;
    }
    Ok(tenants.len())
}

fn put(
    connection: &Connection,
    sealing: &Sealing,
    tenant: &StoredTenant,
) -> Result<(), StoreError> {
    let StoredTenant { key, document, changed_at_ms } = tenant;
    let sealed = sealing.seal(Subject::Tenant(key), document)?;
    connection
        .prepare_cached(statements::PUT_TENANT)
        .and_then(|mut statement| {
            let TenantKey { account_id, project_id, client_env } = key;
            statement.execute(params![account_id, project_id, client_env, changed_at_ms, sealed])
        })
        .map(drop)
        .map_err(StoreError::sqlite("keep a tenant"))
}

fn remove(connection: &Connection, key: &TenantKey<'_>) -> Result<bool, StoreError> {
    connection
        .prepare_cached(statements::REMOVE_TENANT)
        .and_then(|mut statement| {
            statement.execute([&key.account_id, &key.project_id, &key.client_env])
        })
        .map(|removed| removed > 0)
        .map_err(StoreError::sqlite("remove a tenant"))
}

fn live_sessions(connection: &Connection, key: &TenantKey<'_>) -> Result<u64, StoreError> {
    connection
        .prepare_cached(statements::LIVE_SESSIONS)
        .and_then(|mut statement| {
            let TenantKey { account_id, project_id, client_env } = key;
            let parts = [account_id, project_id, client_env];
            statement.query_row(parts, |row| sql::unsigned(row, "live"))
        })
        .map_err(StoreError::sqlite("count the sessions of a tenant"))
}

fn with_sessions(connection: &Connection) -> Result<Vec<TenantKey<'static>>, StoreError> {
    let mut found: Vec<TenantKey<'static>> = Vec::new();
    // No part of a tenant's key is empty.
    let mut last = ["", "", ""].map(str::to_owned);
    let next = |last: &[String; 3]| {
        connection
            .prepare_cached(statements::NEXT_TENANT_WITH_SESSIONS)?
            .query_row(params![last[0], last[1], last[2]], sql::tenant)
            .optional()
    };
    while let Some(tenant) = next(&last).map_err(StoreError::sqlite("look for tenants"))? {
        last =
            [&tenant.account_id, &tenant.project_id, &tenant.client_env].map(ToString::to_string);
        found.push(tenant);
    }
    Ok(found)
}

fn check(connection: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    connection
        .prepare_cached(statements::MASTER_KEY_CHECK)
        .and_then(|mut statement| statement.query_row([], |row| row.get("sealed")).optional())
        .map_err(StoreError::sqlite("read the check of the master key"))
}

fn put_check(connection: &Connection, sealing: &Sealing) -> Result<(), StoreError> {
    let check = sealing.check()?;
    connection
        .prepare_cached(statements::PUT_MASTER_KEY_CHECK)
        .and_then(|mut statement| statement.execute([check]))
        .map(drop)
        .map_err(StoreError::sqlite("keep the check of the master key"))
}

/// A tenant as it lies in the file.
struct SealedTenant {
    key: TenantKey<'static>,
    changed_at_ms: i64,
    sealed: Vec<u8>,
}

impl SealedTenant {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (changed_at_ms, sealed) = (row.get("changed_at_ms")?, row.get("sealed")?);
        Ok(Self { key: sql::tenant(row)?, changed_at_ms, sealed })
    }

    fn open(self, sealing: &Sealing) -> Result<StoredTenant, StoreError> {
        let Self { key, changed_at_ms, sealed } = self;
        match sealing.open(Subject::Tenant(&key), &sealed) {
            Some(document) => Ok(StoredTenant { key, document, changed_at_ms }),
            None => Err(StoreError::DamagedTenant { key }),
        }
    }
}
