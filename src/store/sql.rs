//! Every statement that callers' work runs. The tables are in `schema.sql`.

/// The scripts that bring an empty file to the newest schema, one for each version.
pub(crate) const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

pub(crate) const ACCEPT: &str = "
    INSERT INTO inbox (delivery_id, account_id, project_id, client_env,
                       integration_id, end_user_id, received_at_ms, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (delivery_id) DO NOTHING";

/// Names its index: by the table itself, each start would pass all that is settled.
pub(crate) const PENDING: &str = "
    SELECT arrival, delivery_id, account_id, project_id, client_env, integration_id, end_user_id
    FROM inbox INDEXED BY inbox_pending
    WHERE outcome IS NULL AND arrival > ?1
    ORDER BY arrival
    LIMIT ?2";

pub(crate) const NEXT_DELIVERY: &str = "
    SELECT arrival, delivery_id, received_at_ms, body
    FROM session CROSS JOIN inbox INDEXED BY inbox_pending_of_end_user
      USING (account_id, project_id, client_env, integration_id, end_user_id)
    WHERE session_id = ?1 AND outcome IS NULL
    ORDER BY arrival
    LIMIT 1";

pub(crate) const SETTLE: &str = "
    UPDATE inbox SET outcome = ?2, body = CASE WHEN ?3 THEN body END
    WHERE arrival = ?1 AND outcome IS NULL";

pub(crate) const IS_DELIVERY: &str = "SELECT 1 FROM inbox WHERE arrival = ?1";

pub(crate) const CREATE_SESSION: &str = "
    INSERT INTO session (session_id, account_id, project_id, client_env,
                         integration_id, end_user_id, token_digest, created_at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT DO NOTHING";

pub(crate) const SESSION: &str = "
    SELECT session_id, account_id, project_id, client_env,
           integration_id, end_user_id, token_digest, created_at_ms, ended
    FROM session
    WHERE session_id = ?1";

pub(crate) const SESSION_OF_END_USER: &str = "
    SELECT session_id
    FROM session
    WHERE account_id = ?1 AND project_id = ?2 AND client_env = ?3
      AND integration_id = ?4 AND end_user_id = ?5";

pub(crate) const SESSION_NUMBER: &str = "SELECT number FROM session WHERE session_id = ?1";

pub(crate) const END_SESSION: &str = "UPDATE session SET ended = 1 WHERE number = ?1 AND ended = 0";

pub(crate) const APPEND: &str = "
    INSERT INTO event (session, sequence, event_id, timestamp, kind, payload, metadata)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
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

pub(crate) const LAST_SEQUENCE: &str = "
    SELECT sequence
    FROM event
    WHERE session = ?1
    ORDER BY sequence DESC
    LIMIT 1";

pub(crate) const KEEP_KEY: &str = "
    INSERT INTO named_key (name, bytes)
    VALUES (?1, ?2)
    ON CONFLICT (name) DO NOTHING";

pub(crate) const KEY: &str = "SELECT bytes FROM named_key WHERE name = ?1";

/// The number as SQLite takes it. Nothing in the file is ever numbered as high as the largest
/// one, so that what is above it may stand for it.
pub(crate) fn saturated(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection;

    const STATEMENTS: &[&str] = &[
        ACCEPT,
        PENDING,
        NEXT_DELIVERY,
        SETTLE,
        IS_DELIVERY,
        CREATE_SESSION,
        SESSION,
        SESSION_OF_END_USER,
        SESSION_NUMBER,
        END_SESSION,
        APPEND,
        EVENT,
        EVENTS_AFTER,
        LAST_SEQUENCE,
        KEEP_KEY,
        KEY,
    ];

    #[test]
    fn no_statement_scans_a_table_or_sorts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("baton.db");
        let connection = connection::create_for_test(&path);
        for statement in STATEMENTS {
            let mut explained =
                connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            // Only the plan counts: no parameter needs a value.
            let steps: Vec<String> = explained
                .raw_query()
                .mapped(|row| row.get("detail"))
                .collect::<Result<_, _>>()
                .unwrap();
            for step in &steps {
                assert!(!step.contains("SCAN"), "{statement}: {step}");
                assert!(!step.contains("TEMP B-TREE"), "{statement}: {step}");
            }
            assert!(
                !steps.is_empty() || statement.contains("INSERT"),
                "{statement} has no plan to look at"
            );
        }
    }

    #[test]
    fn the_pending_are_found_among_any_number_of_settled() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("baton.db");
        let connection = connection::create_for_test(&path);
        let plan: String = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {PENDING}"))
            .unwrap()
            .raw_query()
            .mapped(|row| row.get("detail"))
            .next()
            .unwrap()
            .unwrap();
        assert!(plan.contains("SEARCH inbox USING") && plan.contains("inbox_pending"), "{plan}");
    }
}
