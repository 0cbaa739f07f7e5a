-- What goes on in a back-up is over in the store that is made of it. Its messages are dead letters
-- before this runs, and its sessions end after it.

-- Nobody's token has this digest: a client that comes again is sent to begin anew, whatever it saw.
UPDATE session SET token_digest = zeroblob(32) WHERE ended_at_ms IS NULL;

UPDATE outgoing
SET outcome = 'given_up', reason = 'the store was restored from a back-up', body = NULL
WHERE outcome IS NULL;

UPDATE turn SET body = NULL WHERE body IS NOT NULL;

DELETE FROM handoff WHERE open = 1;

-- What they signed since may have been revoked since.
DELETE FROM signing_key;
