-- The schema's third version.

-- Tenants that stand in no configuration file. What is said of each is sealed under the operator's
-- master key (`sealing.rs`); whose it is, and since when, is not.
CREATE TABLE tenant (
    account_id    TEXT    NOT NULL,
    project_id    TEXT    NOT NULL,
    client_env    TEXT    NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    sealed        BLOB    NOT NULL,
    PRIMARY KEY (account_id, project_id, client_env)
) STRICT, WITHOUT ROWID;

-- Sealed under the same key, and known: what does not open it is another key.
CREATE TABLE master_key_check (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    sealed BLOB    NOT NULL
) STRICT;
