-- The schema's second version.

-- How often the links to a session's context were revoked.
ALTER TABLE session ADD COLUMN context_links_revoked INTEGER NOT NULL DEFAULT 0;
