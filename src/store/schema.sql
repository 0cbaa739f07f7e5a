-- The schema's first version. A file that is in use never gets a changed one: a change is a
-- further script in `MIGRATIONS` (`sql.rs`).

-- Deliveries in order of arrival. A delivery is pending while its outcome is null. Once it is
-- settled its id stays, so that a repetition of it is known as one; its body stays only if it
-- reached nobody, for an operator to look into.
CREATE TABLE inbox (
    arrival        INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id    TEXT    NOT NULL UNIQUE,
    account_id     TEXT    NOT NULL,
    project_id     TEXT    NOT NULL,
    client_env     TEXT    NOT NULL,
    integration_id TEXT,
    end_user_id    TEXT,
    received_at_ms INTEGER NOT NULL,
    outcome        TEXT,
    body           BLOB,
    CHECK (outcome IS NOT NULL OR body IS NOT NULL)
) STRICT;

CREATE INDEX inbox_pending ON inbox (arrival) WHERE outcome IS NULL;

CREATE INDEX inbox_pending_of_end_user
ON inbox (account_id, project_id, client_env, integration_id, end_user_id, arrival)
WHERE outcome IS NULL;

-- `number` stands for the session inside this file only.
CREATE TABLE session (
    number         INTEGER PRIMARY KEY,
    session_id     TEXT    NOT NULL UNIQUE,
    account_id     TEXT    NOT NULL,
    project_id     TEXT    NOT NULL,
    client_env     TEXT    NOT NULL,
    integration_id TEXT    NOT NULL,
    end_user_id    TEXT    NOT NULL,
    token_digest   BLOB    NOT NULL CHECK (length(token_digest) = 32),
    created_at_ms  INTEGER NOT NULL,
    ended          INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
    UNIQUE (account_id, project_id, client_env, integration_id, end_user_id)
) STRICT;

-- The events of a session lie together in their order, so that a replay reads one stretch.
CREATE TABLE event (
    session   INTEGER NOT NULL REFERENCES session (number),
    sequence  INTEGER NOT NULL CHECK (sequence > 0),
    event_id  TEXT    NOT NULL,
    timestamp TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    payload   TEXT    NOT NULL,
    metadata  TEXT,
    PRIMARY KEY (session, sequence),
    UNIQUE (session, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE named_key (
    name  TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL CHECK (length(bytes) = 32)
) STRICT, WITHOUT ROWID;
