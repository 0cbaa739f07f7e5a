-- The schema's first version. A file that is in use never gets a changed one: a change is a
-- further script in `MIGRATIONS` (`sql.rs`).

-- Deliveries in order of arrival. A delivery is pending while its outcome is null. Once it is
-- settled its id stays, so that a repetition of it is known as one; its body stays only if it
-- reached nobody: then it is a dead letter, for an operator to look into.
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

CREATE INDEX inbox_settled_of_end_user
ON inbox (account_id, project_id, client_env, integration_id, end_user_id)
WHERE outcome IS NOT NULL;

CREATE INDEX inbox_dead ON inbox (arrival) WHERE outcome IS NOT NULL AND body IS NOT NULL;

-- `number` stands for the session inside this file only, and never for another one.
-- `shown_sequence` is the newest event that a client was shown. What may be long comes last, out
-- of the way of what changes often.
CREATE TABLE session (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id     TEXT    NOT NULL UNIQUE,
    account_id     TEXT    NOT NULL,
    project_id     TEXT    NOT NULL,
    client_env     TEXT    NOT NULL,
    integration_id TEXT    NOT NULL,
    end_user_id    TEXT    NOT NULL,
    external_id    TEXT,
    token_digest   BLOB    NOT NULL CHECK (length(token_digest) = 32),
    created_at_ms  INTEGER NOT NULL,
    active_at_ms   INTEGER NOT NULL,
    ended_at_ms    INTEGER,
    shown_sequence INTEGER NOT NULL DEFAULT 0,
    platform       TEXT,
    custom         TEXT,
    UNIQUE (account_id, project_id, client_env, integration_id, end_user_id)
) STRICT;

CREATE UNIQUE INDEX session_of_external_id
ON session (account_id, project_id, client_env, external_id)
WHERE external_id IS NOT NULL;

CREATE INDEX session_live ON session (active_at_ms, session_id) WHERE ended_at_ms IS NULL;

CREATE INDEX session_ended ON session (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

-- The events of a session lie together in their order, so that a replay reads one stretch.
-- `message_id` is Genesys' id of an agent's message.
CREATE TABLE event (
    session    INTEGER NOT NULL REFERENCES session (number),
    sequence   INTEGER NOT NULL CHECK (sequence > 0),
    event_id   TEXT    NOT NULL,
    timestamp  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    metadata   TEXT,
    message_id TEXT,
    PRIMARY KEY (session, sequence),
    UNIQUE (session, event_id)
) STRICT, WITHOUT ROWID;

-- What is to reach Genesys, each session's in order of its numbers. A message waits while its
-- outcome is null. Then its body goes; its id stays, so that it is not sent again, and Genesys'
-- id of it, so that a receipt finds it.
CREATE TABLE outgoing (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    session     INTEGER NOT NULL REFERENCES session (number),
    outgoing_id TEXT    NOT NULL,
    body        TEXT,
    outcome     TEXT    CHECK (outcome IN ('accepted', 'given_up')),
    message_id  TEXT,
    reason      TEXT,
    UNIQUE (session, outgoing_id),
    CHECK ((outcome IS NULL) = (body IS NOT NULL)),
    CHECK (message_id IS NULL OR outcome = 'accepted'),
    CHECK ((reason IS NOT NULL) = (outcome IS 'given_up'))
) STRICT;

CREATE INDEX outgoing_waiting ON outgoing (session, number) WHERE outcome IS NULL;

CREATE INDEX outgoing_message ON outgoing (session, message_id) WHERE message_id IS NOT NULL;

-- What a session's bot is to be told, in order of its numbers. A turn waits while it has a body;
-- its id stays, so that the bot is not told the same again.
CREATE TABLE turn (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES session (number),
    turn_id TEXT    NOT NULL,
    body    TEXT,
    UNIQUE (session, turn_id)
) STRICT;

CREATE INDEX turn_waiting ON turn (session, number) WHERE body IS NOT NULL;

CREATE TABLE handoff (
    session         INTEGER NOT NULL REFERENCES session (number),
    number          INTEGER NOT NULL CHECK (number > 0),
    open            INTEGER NOT NULL CHECK (open IN (0, 1)),
    conversation_id TEXT,
    state           TEXT    NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX handoff_open ON handoff (session) WHERE open = 1;

-- What a handoff hands over with the user. `place` tells which of several with one shared id is
-- the newest.
CREATE TABLE handoff_context (
    place     INTEGER PRIMARY KEY AUTOINCREMENT,
    session   INTEGER NOT NULL REFERENCES session (number),
    number    INTEGER NOT NULL CHECK (number > 0),
    shared_id TEXT,
    body      TEXT    NOT NULL,
    UNIQUE (session, number)
) STRICT;

CREATE INDEX handoff_context_shared ON handoff_context (shared_id, place)
WHERE shared_id IS NOT NULL;

-- Events that an application's endpoint is to be told of. One that was told goes; one that was
-- given up stays with the reason.
CREATE TABLE notification (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint TEXT    NOT NULL,
    session  INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    reason   TEXT,
    UNIQUE (session, sequence, endpoint),
    FOREIGN KEY (session, sequence) REFERENCES event (session, sequence)
) STRICT;

CREATE INDEX notification_waiting ON notification (endpoint, session, number)
WHERE reason IS NULL;

-- Receipts for Genesys. One that is done stays, so that its message never gets the same again.
CREATE TABLE receipt (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id     TEXT    NOT NULL,
    project_id     TEXT    NOT NULL,
    client_env     TEXT    NOT NULL,
    integration_id TEXT    NOT NULL,
    end_user_id    TEXT    NOT NULL,
    message_id     TEXT    NOT NULL,
    status         TEXT    NOT NULL CHECK (status IN ('delivered', 'failed')),
    reason         TEXT,
    done           INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    UNIQUE (account_id, project_id, client_env, integration_id, end_user_id, message_id, status),
    CHECK ((reason IS NOT NULL) = (status = 'failed'))
) STRICT;

CREATE INDEX receipt_waiting ON receipt (number) WHERE done = 0;

-- The notification channels at Genesys that this store's process created, in that order.
CREATE TABLE channel (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    client     TEXT    NOT NULL,
    channel_id TEXT    NOT NULL,
    UNIQUE (client, channel_id)
) STRICT;

CREATE INDEX channel_of_client ON channel (client, number);

-- Keys that sign, of each name in the order in which they were added.
CREATE TABLE signing_key (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL,
    key_id        TEXT    NOT NULL,
    bytes         BLOB    NOT NULL CHECK (length(bytes) = 32),
    created_at_ms INTEGER NOT NULL,
    UNIQUE (name, key_id)
) STRICT;

CREATE INDEX signing_key_of_name ON signing_key (name, number);
