-- The schema's fourth version: what reached nobody is kept in a table of its own.

-- `item` is the delivery's arrival, or the number of the message or the notification. `about` is
-- the delivery's or the message's id, or the name of the endpoint. `handoff` is the one in which
-- a message was given up. The body of a notification stands in the session's log. One that belongs
-- to a session goes with it.
CREATE TABLE dead_letter (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL CHECK (kind IN ('delivery', 'message', 'notification')),
    item       INTEGER NOT NULL,
    account_id TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    client_env TEXT    NOT NULL,
    session    INTEGER REFERENCES session (number),
    handoff    INTEGER,
    about      TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    at_ms      INTEGER NOT NULL,
    body       BLOB,
    CHECK ((body IS NULL) = (kind = 'notification')),
    CHECK (kind = 'delivery' OR session IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX dead_letter_item ON dead_letter (kind, item);

CREATE INDEX dead_letter_of_session ON dead_letter (session);

CREATE INDEX dead_letter_of_nobody ON dead_letter (at_ms) WHERE session IS NULL;

INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, about, reason,
                         at_ms, body)
SELECT 'delivery', arrival, account_id, project_id, client_env, session.number, delivery_id,
       outcome, received_at_ms, body
FROM inbox LEFT JOIN session
  USING (account_id, project_id, client_env, integration_id, end_user_id)
WHERE outcome IS NOT NULL AND body IS NOT NULL
ORDER BY arrival;

INSERT INTO dead_letter (kind, item, account_id, project_id, client_env, session, about, reason,
                         at_ms)
SELECT 'notification', notification.number, account_id, project_id, client_env, session, endpoint,
       reason, active_at_ms
FROM notification CROSS JOIN session ON session.number = notification.session
WHERE reason IS NOT NULL
ORDER BY notification.number;

DROP INDEX inbox_dead;

-- `OR ROLLBACK`: else SQLite holds in memory what would undo this alone.
UPDATE OR ROLLBACK inbox SET body = NULL WHERE outcome IS NOT NULL AND body IS NOT NULL;

-- Deliveries that belong to no session go by themselves when they are old.
CREATE INDEX inbox_of_nobody ON inbox (received_at_ms)
WHERE outcome IN ('not_configured', 'unknown_session');
