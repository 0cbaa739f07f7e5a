-- The schema's seventh version.

-- How many dead letters of each kind there ever were. It stays when they are replayed, thrown away
-- or forgotten, so that what has come is told apart from what has gone.
CREATE TABLE dead_letter_total (
    kind  TEXT PRIMARY KEY,
    total INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO dead_letter_total (kind, total)
SELECT column1, (SELECT count(*) FROM dead_letter WHERE kind = column1)
FROM (VALUES ('delivery'), ('message'), ('notification'));

CREATE TRIGGER dead_letter_counted AFTER INSERT ON dead_letter BEGIN
    UPDATE dead_letter_total SET total = total + 1 WHERE kind = NEW.kind;
END;
