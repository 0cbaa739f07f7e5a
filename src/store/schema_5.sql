-- The schema's fifth version.

-- To which trace a delivery belongs, where traces are collected: what becomes of it after a restart
-- belongs there too.
ALTER TABLE inbox ADD COLUMN traceparent TEXT;
