-- The schema's sixth version.

-- Deliveries to no session that nobody misses go by themselves when they are old, too.
DROP INDEX inbox_of_nobody;

CREATE INDEX inbox_of_nobody ON inbox (received_at_ms)
WHERE outcome IN ('not_configured', 'unknown_session', 'needless');
