//! Every statement that callers' work runs. The tables are in `schema.sql`, and what came to them
//! later in the scripts after it.

pub(crate) mod dead_letter;
pub(crate) mod retention;
pub(crate) mod tenant_work;
pub(crate) mod tenants;

use baton_core::tenant::TenantKey;
use rusqlite::Row;

/// The scripts that bring an empty file to the newest schema, one for each version.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
];

pub(crate) const ACCEPT: &str = "
    INSERT INTO inbox (delivery_id, account_id, project_id, client_env,
                       integration_id, end_user_id, received_at_ms, body, traceparent)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (delivery_id) DO NOTHING";

/// Names its index: by the table itself, each start would pass all that is settled.
pub(crate) const PENDING: &str = "
    SELECT arrival, delivery_id, account_id, project_id, client_env, integration_id, end_user_id,
           session_id
    FROM inbox INDEXED BY inbox_pending LEFT JOIN session
      USING (account_id, project_id, client_env, integration_id, end_user_id)
    WHERE outcome IS NULL AND arrival > ?1
    ORDER BY arrival
    LIMIT ?2";

/// The one, and whether there is another.
pub(crate) const NEXT_DELIVERY: &str = "
    SELECT arrival, delivery_id, received_at_ms, body, traceparent
    FROM session CROSS JOIN inbox INDEXED BY inbox_pending_of_end_user
      USING (account_id, project_id, client_env, integration_id, end_user_id)
    WHERE session_id = ?1 AND outcome IS NULL
    ORDER BY arrival
    LIMIT 2";

pub(crate) const PENDING_DELIVERY: &str = "
    SELECT arrival, delivery_id, received_at_ms, body, traceparent
    FROM inbox
    WHERE arrival = ?1 AND outcome IS NULL";

pub(crate) const SETTLE: &str = "
    UPDATE inbox SET outcome = ?2, body = NULL
    WHERE arrival = ?1 AND outcome IS NULL";

pub(crate) const IS_ARRIVAL: &str = "SELECT 1 FROM inbox WHERE arrival = ?1";

pub(crate) const IS_DELIVERY: &str = "SELECT 1 FROM inbox WHERE delivery_id = ?1";

pub(crate) const DELIVERY_STANDING: &str = "
    SELECT delivery_id, account_id, project_id, client_env, received_at_ms, outcome
    FROM inbox
    WHERE delivery_id = ?1";

pub(crate) const IS_UNSETTLED: &str = "
    SELECT 1
    FROM session CROSS JOIN inbox INDEXED BY inbox_pending_of_end_user
      USING (account_id, project_id, client_env, integration_id, end_user_id)
    WHERE session_id = ?1 AND outcome IS NULL
    LIMIT 1";

pub(crate) const CREATE_SESSION: &str = "
    INSERT INTO session (session_id, account_id, project_id, client_env,
                         integration_id, end_user_id, external_id, token_digest, created_at_ms,
                         active_at_ms, platform, custom)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)
    ON CONFLICT DO NOTHING";

pub(crate) const SESSION: &str = "
    SELECT session_id, account_id, project_id, client_env, integration_id, end_user_id,
           external_id, token_digest, created_at_ms, platform, custom,
           active_at_ms, ended_at_ms IS NOT NULL AS ended, context_links_revoked
    FROM session
    WHERE session_id = ?1";

pub(crate) const SESSION_OF_END_USER: &str = "
    SELECT session_id
    FROM session
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3
      AND integration_id = ?4 AND end_user_id = ?5";

pub(crate) const SESSION_OF_EXTERNAL_ID: &str = "
    SELECT session_id
    FROM session INDEXED BY session_of_external_id
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3 AND external_id = ?4";

pub(crate) const SESSION_NUMBER: &str = "SELECT number FROM session WHERE session_id = ?1";

pub(crate) const SESSION_ID: &str = "SELECT session_id FROM session WHERE number = ?1";

pub(crate) const MARK_ACTIVE: &str =
    "UPDATE session SET active_at_ms = ?2 WHERE number = ?1 AND active_at_ms < ?2";

pub(crate) const END_SESSION: &str = "
    UPDATE session SET ended_at_ms = max(active_at_ms, ?2)
    WHERE number = ?1 AND ended_at_ms IS NULL";

pub(crate) const REVOKE_CONTEXT_LINKS: &str = "
    UPDATE session SET context_links_revoked = context_links_revoked + 1
    WHERE session_id = ?1";

pub(crate) const IDLE_SESSIONS: &str = "
    SELECT active_at_ms, session_id
    FROM session INDEXED BY session_live
    WHERE ended_at_ms IS NULL AND active_at_ms < ?1 AND (active_at_ms, session_id) > (?2, ?3)
    ORDER BY active_at_ms, session_id
    LIMIT ?4";

pub(crate) const APPEND: &str = "
    INSERT INTO event (session, sequence, event_id, timestamp, kind, payload, metadata,
                       message_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (session, event_id) DO NOTHING";

pub(crate) const EVENT: &str = "
    SELECT sequence, event_id, timestamp, kind, payload, metadata
    FROM event
    WHERE session = ?1 AND event_id = ?2";

pub(crate) const EVENTS_AFTER: &str = "
    SELECT sequence, event_id, timestamp, kind, payload, metadata
    FROM event
    WHERE session = (SELECT number FROM session WHERE session_id = ?1) AND sequence > ?2
    ORDER BY sequence
    LIMIT ?3";

/// Read as far as is needed.
pub(crate) const EVENTS_BACKWARDS: &str = "
    SELECT sequence, event_id, timestamp, kind, payload, metadata
    FROM event
    WHERE session = (SELECT number FROM session WHERE session_id = ?1)
    ORDER BY sequence DESC";

pub(crate) const LAST_SEQUENCE: &str = "
    SELECT sequence
    FROM event
    WHERE session = ?1
    ORDER BY sequence DESC
    LIMIT 1";

pub(crate) const ENQUEUE: &str = "
    INSERT INTO outgoing (session, outgoing_id, body)
    VALUES (?1, ?2, ?3)
    ON CONFLICT (session, outgoing_id) DO NOTHING";

pub(crate) const NEXT_OUTGOING: &str = "
    SELECT number, outgoing_id, body
    FROM outgoing INDEXED BY outgoing_waiting
    WHERE session = (SELECT number FROM session WHERE session_id = ?1) AND outcome IS NULL
    ORDER BY number
    LIMIT 1";

/// Of the session as well, so that no session's step touches another's message.
pub(crate) const FINISH_OUTGOING: &str = "
    UPDATE outgoing SET outcome = ?3, message_id = ?4, reason = ?5, body = NULL
    WHERE number = ?2 AND session = ?1 AND outcome IS NULL";

pub(crate) const IS_OUTGOING: &str = "SELECT 1 FROM outgoing WHERE number = ?2 AND session = ?1";

pub(crate) const LAST_ACCEPTED: &str = "
    SELECT message_id
    FROM outgoing
    WHERE number = (
        SELECT max(number)
        FROM outgoing INDEXED BY outgoing_message
        WHERE session = (SELECT number FROM session WHERE session_id = ?1)
          AND message_id IS NOT NULL
    )";

pub(crate) const OUTGOING_OF_MESSAGE: &str = "
    SELECT outgoing_id
    FROM outgoing INDEXED BY outgoing_message
    WHERE session = (SELECT number FROM session WHERE session_id = ?1) AND message_id = ?2
    LIMIT 1";

pub(crate) const QUEUE_TURN: &str = "
    INSERT INTO turn (session, turn_id, body)
    VALUES (?1, ?2, ?3)
    ON CONFLICT (session, turn_id) DO NOTHING";

pub(crate) const WAITING_TURNS: &str = "
    SELECT number, turn_id, body
    FROM turn INDEXED BY turn_waiting
    WHERE session = (SELECT number FROM session WHERE session_id = ?1) AND body IS NOT NULL
    ORDER BY number
    LIMIT ?2";

/// Of the session as well, as `FINISH_OUTGOING`. One that is done already counts as found.
pub(crate) const FINISH_TURN: &str =
    "UPDATE turn SET body = NULL WHERE number = ?2 AND session = ?1";

pub(crate) const KEEP_HANDOFF: &str = "
    INSERT INTO handoff (session, number, open, conversation_id, state)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (session, number) DO UPDATE
    SET open = excluded.open, conversation_id = excluded.conversation_id, state = excluded.state";

pub(crate) const CLOSE_OLDER_HANDOFFS: &str = "
    UPDATE handoff SET open = 0
    WHERE session = ?1 AND number < ?2 AND open = 1";

pub(crate) const HANDOFF: &str = "
    SELECT number, open, conversation_id, state
    FROM handoff
    WHERE session = (SELECT number FROM session WHERE session_id = ?1)
    ORDER BY number DESC
    LIMIT 1";

pub(crate) const KEEP_CONTEXT: &str = "
    INSERT INTO handoff_context (session, number, shared_id, body)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (session, number) DO UPDATE
    SET shared_id = excluded.shared_id, body = excluded.body";

pub(crate) const CONTEXT_OF_SESSION: &str = "
    SELECT session_id, handoff_context.number, shared_id, body
    FROM session CROSS JOIN handoff_context ON handoff_context.session = session.number
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3 AND session_id = ?4
    ORDER BY handoff_context.number DESC
    LIMIT 1";

pub(crate) const CONTEXT_OF_SHARED_ID: &str = "
    SELECT session_id, handoff_context.number, shared_id, body
    FROM handoff_context INDEXED BY handoff_context_shared
      CROSS JOIN session ON session.number = handoff_context.session
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3 AND shared_id = ?4
    ORDER BY place DESC
    LIMIT 1";

pub(crate) const QUEUE_NOTIFICATION: &str = "
    INSERT INTO notification (endpoint, session, sequence)
    VALUES (?1, ?2, ?3)
    ON CONFLICT DO NOTHING";

pub(crate) const SESSION_TO_NOTIFY: &str = "
    SELECT session
    FROM notification INDEXED BY notification_waiting
    WHERE endpoint = ?1 AND reason IS NULL AND session > ?2
    ORDER BY session
    LIMIT 1";

pub(crate) const NEXT_NOTIFICATION: &str = "
    SELECT notification.number, session_id, account_id, project_id, client_env, external_id,
           event.sequence, event_id, timestamp, kind, payload, metadata
    FROM notification INDEXED BY notification_waiting
      CROSS JOIN session ON session.number = notification.session
      CROSS JOIN event USING (session, sequence)
    WHERE endpoint = ?1 AND reason IS NULL AND notification.session = ?2
    ORDER BY notification.number
    LIMIT 1";

pub(crate) const NOTIFIED: &str = "DELETE FROM notification WHERE number = ?1 AND reason IS NULL";

pub(crate) const GIVE_UP_NOTIFICATION: &str =
    "UPDATE notification SET reason = ?2 WHERE number = ?1 AND reason IS NULL";

/// The parts come in the same order, so that they are merged as they are read.
pub(crate) const SESSIONS_WITH_WORK: &str = "
    SELECT session FROM outgoing INDEXED BY outgoing_waiting
    WHERE outcome IS NULL AND session > ?1
    UNION
    SELECT session FROM turn INDEXED BY turn_waiting
    WHERE body IS NOT NULL AND session > ?1
    UNION
    SELECT session FROM handoff INDEXED BY handoff_open
    WHERE open = 1 AND session > ?1
    ORDER BY session
    LIMIT ?2";

/// Counts entries of the indexes that hold nothing but what waits.
pub(crate) const WORK_COUNTS: &str = "
    SELECT (SELECT count(*) FROM inbox INDEXED BY inbox_pending WHERE outcome IS NULL)
             AS waiting_deliveries,
           (SELECT received_at_ms FROM inbox INDEXED BY inbox_pending
            WHERE outcome IS NULL AND arrival > 0 ORDER BY arrival LIMIT 1)
             AS oldest_delivery_at_ms,
           (SELECT count(*) FROM notification INDEXED BY notification_waiting
            WHERE reason IS NULL)
             AS waiting_notifications,
           (SELECT count(*) FROM receipt INDEXED BY receipt_waiting WHERE done = 0)
             AS waiting_receipts";

/// Before `MARK_SHOWN`, which moves the mark that it starts from.
pub(crate) const QUEUE_DELIVERED: &str = "
    INSERT INTO receipt (account_id, project_id, client_env, integration_id, end_user_id,
                         message_id, status)
    SELECT account_id, project_id, client_env, integration_id, end_user_id,
           message_id, 'delivered'
    FROM session CROSS JOIN event ON event.session = session.number
    WHERE session.number = ?1 AND sequence > shown_sequence AND sequence <= ?2
      AND message_id IS NOT NULL
    ORDER BY sequence
    ON CONFLICT DO NOTHING";

pub(crate) const MARK_SHOWN: &str =
    "UPDATE session SET shown_sequence = ?2 WHERE number = ?1 AND shown_sequence < ?2";

pub(crate) const QUEUE_FAILED: &str = "
    INSERT INTO receipt (account_id, project_id, client_env, integration_id, end_user_id,
                         message_id, status, reason)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'failed', ?7)
    ON CONFLICT DO NOTHING";

/// Names its index, as `PENDING` does.
pub(crate) const RECEIPTS: &str = "
    SELECT number, account_id, project_id, client_env, integration_id, end_user_id,
           message_id, reason
    FROM receipt INDEXED BY receipt_waiting
    WHERE done = 0 AND number > ?1
    ORDER BY number
    LIMIT ?2";

pub(crate) const RECEIPT_DONE: &str = "UPDATE receipt SET done = 1 WHERE number = ?1 AND done = 0";

pub(crate) const REMEMBER_CHANNEL: &str = "
    INSERT INTO channel (client, channel_id)
    VALUES (?1, ?2)
    ON CONFLICT (client, channel_id) DO NOTHING";

pub(crate) const FORGET_CHANNEL: &str = "DELETE FROM channel WHERE client = ?1 AND channel_id = ?2";

pub(crate) const CHANNELS: &str = "
    SELECT channel_id
    FROM channel INDEXED BY channel_of_client
    WHERE client = ?1
    ORDER BY number";

pub(crate) const ADD_SIGNING_KEY: &str = "
    INSERT INTO signing_key (name, key_id, bytes, created_at_ms)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (name, key_id) DO NOTHING";

pub(crate) const SIGNING_KEYS: &str = "
    SELECT key_id, bytes, created_at_ms
    FROM signing_key INDEXED BY signing_key_of_name
    WHERE name = ?1
    ORDER BY number DESC";

pub(crate) const FORGET_SIGNING_KEYS: &str = "
    DELETE FROM signing_key INDEXED BY signing_key_of_name
    WHERE name = ?1 AND created_at_ms < ?2
      AND number < (SELECT max(number) FROM signing_key WHERE name = ?1)";

/// The number as SQLite takes it. Nothing in the file is ever numbered as high as the largest
/// one, so that what is above it may stand for it.
pub(crate) fn saturated(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A number of a row that is never below 0: what is numbered counts up from 1.
pub(crate) fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get(column).map(i64::unsigned_abs)
}

/// The tenant that a row names by its columns `account_id`, `project_id` and `client_env`.
pub(crate) fn tenant(row: &Row<'_>) -> rusqlite::Result<TenantKey<'static>> {
    let part = |column| row.get::<_, String>(column);
    Ok(TenantKey::new(part("account_id")?, part("project_id")?, part("client_env")?))
}
