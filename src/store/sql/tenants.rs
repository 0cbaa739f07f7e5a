//! The statements of tenants that stand in the store.

/// No part of a tenant's key is empty, so that this is all of them.
pub(crate) const TENANTS: &str = "
    SELECT account_id, project_id, client_env, changed_at_ms, sealed
    FROM tenant
    WHERE (account_id, project_id, client_env) > ('', '', '')
    ORDER BY account_id, project_id, client_env";

pub(crate) const TENANT_KEYS: &str = "
    SELECT account_id, project_id, client_env
    FROM tenant
    WHERE (account_id, project_id, client_env) > ('', '', '')
    ORDER BY account_id, project_id, client_env";

pub(crate) const PUT_TENANT: &str = "
    INSERT INTO tenant (account_id, project_id, client_env, changed_at_ms, sealed)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (account_id, project_id, client_env) DO UPDATE
    SET changed_at_ms = excluded.changed_at_ms, sealed = excluded.sealed";

pub(crate) const REMOVE_TENANT: &str =
    "DELETE FROM tenant WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3";

pub(crate) const MASTER_KEY_CHECK: &str = "SELECT sealed FROM master_key_check WHERE number = 1";

pub(crate) const PUT_MASTER_KEY_CHECK: &str = "
    INSERT INTO master_key_check (number, sealed)
    VALUES (1, ?1)
    ON CONFLICT (number) DO UPDATE SET sealed = excluded.sealed";

pub(crate) const LIVE_SESSIONS: &str = "
    SELECT count(*) AS live
    FROM session
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3 AND ended_at_ms IS NULL";

/// The first, after this one, that has sessions.
pub(crate) const NEXT_TENANT_WITH_SESSIONS: &str = "
    SELECT account_id, project_id, client_env
    FROM session
    WHERE (account_id, project_id, client_env) > (?1, ?2, ?3)
    ORDER BY account_id, project_id, client_env
    LIMIT 1";
