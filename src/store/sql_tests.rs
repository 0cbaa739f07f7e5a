//! How the statements are carried out.

use crate::{
    connection,
    sql::{self, dead_letter, retention, tenant_work, tenants},
};

const STATEMENTS: &[&str] = &[
    sql::ACCEPT,
    sql::PENDING,
    sql::NEXT_DELIVERY,
    sql::PENDING_DELIVERY,
    sql::SETTLE,
    sql::IS_ARRIVAL,
    sql::IS_DELIVERY,
    sql::IS_UNSETTLED,
    sql::DELIVERY_STANDING,
    sql::CREATE_SESSION,
    sql::SESSION,
    sql::SESSION_OF_END_USER,
    sql::SESSION_OF_EXTERNAL_ID,
    sql::SESSION_NUMBER,
    sql::SESSION_ID,
    sql::MARK_ACTIVE,
    sql::END_SESSION,
    sql::REVOKE_CONTEXT_LINKS,
    sql::IDLE_SESSIONS,
    sql::APPEND,
    sql::EVENT,
    sql::EVENTS_AFTER,
    sql::EVENTS_BACKWARDS,
    sql::LAST_SEQUENCE,
    sql::ENQUEUE,
    sql::NEXT_OUTGOING,
    sql::FINISH_OUTGOING,
    sql::IS_OUTGOING,
    sql::LAST_ACCEPTED,
    sql::OUTGOING_OF_MESSAGE,
    sql::QUEUE_TURN,
    sql::WAITING_TURNS,
    sql::FINISH_TURN,
    sql::KEEP_HANDOFF,
    sql::CLOSE_OLDER_HANDOFFS,
    sql::HANDOFF,
    sql::KEEP_CONTEXT,
    sql::CONTEXT_OF_SESSION,
    sql::CONTEXT_OF_SHARED_ID,
    sql::QUEUE_NOTIFICATION,
    sql::SESSION_TO_NOTIFY,
    sql::NEXT_NOTIFICATION,
    sql::NOTIFIED,
    sql::GIVE_UP_NOTIFICATION,
    sql::SESSIONS_WITH_WORK,
    sql::WORK_COUNTS,
    sql::QUEUE_DELIVERED,
    sql::MARK_SHOWN,
    sql::QUEUE_FAILED,
    sql::RECEIPTS,
    sql::RECEIPT_DONE,
    sql::REMEMBER_CHANNEL,
    sql::FORGET_CHANNEL,
    sql::CHANNELS,
    sql::ADD_SIGNING_KEY,
    sql::SIGNING_KEYS,
    sql::FORGET_SIGNING_KEYS,
    dead_letter::BURY_DELIVERY,
    dead_letter::BURY_MESSAGE,
    dead_letter::BURY_NOTIFICATION,
    dead_letter::DEAD_LETTERS,
    dead_letter::DEAD_LETTER,
    dead_letter::NEWEST_DEAD_LETTER,
    dead_letter::COUNT_DEAD_LETTERS,
    dead_letter::EVENT_OF_NOTIFICATION,
    dead_letter::REVIVE_DELIVERY,
    dead_letter::STANDING_OF_HANDOFF,
    dead_letter::REVIVE_MESSAGE,
    dead_letter::REVIVE_NOTIFICATION,
    dead_letter::DISCARD_DEAD_LETTER,
    retention::FORGETTABLE_SESSIONS,
    retention::FORGET_DEAD_LETTERS,
    retention::FORGET_DELIVERIES,
    retention::FORGET_RECEIPTS,
    retention::FORGET_OUTGOING,
    retention::FORGET_TURNS,
    retention::FORGET_CONTEXTS,
    retention::FORGET_HANDOFFS,
    retention::FORGET_NOTIFICATIONS,
    retention::FORGET_EVENTS,
    retention::FORGET_SESSION,
    retention::FORGET_LETTERS_OF_NOBODY,
    retention::FORGET_DELIVERIES_OF_NOBODY,
    tenants::TENANTS,
    tenants::TENANT_KEYS,
    tenants::PUT_TENANT,
    tenants::REMOVE_TENANT,
    tenants::MASTER_KEY_CHECK,
    tenants::PUT_MASTER_KEY_CHECK,
    tenants::LIVE_SESSIONS,
    tenants::NEXT_TENANT_WITH_SESSIONS,
    tenant_work::WORK_OF_TENANTS,
    tenant_work::OUTGOING,
    tenant_work::OUTGOING_OF_ENDED,
    tenant_work::HANDOFFS_OF_ENDED,
    tenant_work::TURNS_OF_ENDED,
    tenant_work::FORGET_HANDOFF,
];

/// The statements that pass over all that waits.
const OVER_WHAT_WAITS: &[&str] = &[
    sql::WORK_COUNTS,
    dead_letter::COUNT_DEAD_LETTERS,
    tenant_work::WORK_OF_TENANTS,
    tenant_work::OUTGOING_OF_ENDED,
    tenant_work::HANDOFFS_OF_ENDED,
    tenant_work::TURNS_OF_ENDED,
];

/// The indexes that hold nothing but what waits.
const WAITING: &[&str] = &[
    "handoff_open",
    "inbox_pending",
    "outgoing_waiting",
    "turn_waiting",
    "notification_waiting",
    "receipt_waiting",
];

/// The steps that SQLite plans for the statement.
fn plan(statement: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let connection = connection::create_for_test(&directory.path().join("baton.db"));
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    // Only the plan counts: no parameter needs a value.
    let steps = explained.raw_query().mapped(|row| row.get("detail"));
    steps.collect::<Result<_, _>>().unwrap()
}

fn passes_over_what_waits(step: &str) -> bool {
    step == "SCAN CONSTANT ROW"
        || WAITING.iter().any(|index| step.ends_with(&format!(" INDEX {index}")))
}

#[test]
fn every_statement_is_looked_at_and_prepared_once() {
    let written = [
        include_str!("sql.rs"),
        include_str!("sql/dead_letter.rs"),
        include_str!("sql/retention.rs"),
        include_str!("sql/tenant_work.rs"),
        include_str!("sql/tenants.rs"),
    ]
    .map(|source| source.matches("pub(crate) const ").count());
    // One of them is the list of scripts.
    assert_eq!(STATEMENTS.len(), written.iter().sum::<usize>() - 1);
    assert!(STATEMENTS.len() < connection::CACHED_STATEMENTS);
}

#[test]
fn no_statement_scans_a_table_or_sorts() {
    for statement in STATEMENTS {
        let steps = plan(statement);
        for step in &steps {
            let scans = step.contains("SCAN");
            let may_scan = OVER_WHAT_WAITS.contains(statement) && passes_over_what_waits(step);
            assert!(!scans || may_scan, "{statement}: {step}");
            assert!(!step.contains("TEMP B-TREE"), "{statement}: {step}");
        }
        assert!(
            !steps.is_empty() || statement.contains("INSERT"),
            "{statement} has no plan to look at"
        );
    }
}

#[test]
fn what_waits_is_found_among_any_number_of_what_is_settled() {
    for (statement, indexes) in [
        (sql::PENDING, &["inbox_pending"][..]),
        (sql::NEXT_DELIVERY, &["inbox_pending_of_end_user"]),
        (sql::IS_UNSETTLED, &["inbox_pending_of_end_user"]),
        (dead_letter::COUNT_DEAD_LETTERS, &["dead_letter_item"]),
        (sql::NEXT_OUTGOING, &["outgoing_waiting"]),
        (sql::WAITING_TURNS, &["turn_waiting"]),
        (sql::SESSION_TO_NOTIFY, &["notification_waiting"]),
        (sql::NEXT_NOTIFICATION, &["notification_waiting"]),
        (sql::IDLE_SESSIONS, &["session_live"]),
        (
            retention::FORGETTABLE_SESSIONS,
            &["session_ended", "outgoing_waiting", "turn_waiting", "handoff_open"],
        ),
        (sql::SESSIONS_WITH_WORK, &["outgoing_waiting", "turn_waiting", "handoff_open"]),
        (sql::RECEIPTS, &["receipt_waiting"]),
        (sql::WORK_COUNTS, &["inbox_pending", "notification_waiting", "receipt_waiting"]),
        (tenant_work::WORK_OF_TENANTS, &["outgoing_waiting", "turn_waiting", "handoff_open"]),
    ] {
        let steps = plan(statement);
        for index in indexes {
            let through = |step: &String| step.split(' ').any(|word| word == *index);
            assert!(steps.iter().any(through), "{statement}: {steps:?}");
        }
    }
}

/// SQLite looks for what refers to a row before it deletes it; that is in no plan.
#[test]
fn what_refers_to_a_row_is_found_by_an_index_that_begins_with_the_reference() {
    let directory = tempfile::tempdir().unwrap();
    let connection = connection::create_for_test(&directory.path().join("baton.db"));
    let strings = |query: &str| -> Vec<String> {
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut references = 0;
    for table in strings("SELECT name FROM sqlite_schema WHERE type = 'table'") {
        let columns = format!(
            "SELECT group_concat(\"from\") FROM pragma_foreign_key_list('{table}') GROUP BY id"
        );
        for columns in strings(&columns) {
            let indexes = format!(
                "SELECT (SELECT group_concat(name) FROM pragma_index_info(list.name)) || ','
                 FROM pragma_index_list('{table}') AS list WHERE NOT partial"
            );
            let found = strings(&indexes);
            let serves = |index: &String| index.starts_with(&format!("{columns},"));
            assert!(found.iter().any(serves), "{table} ({columns}): {found:?}");
            references += 1;
        }
    }
    assert_eq!(references, 7);
}
