-- Which of what waits gives a resource another name: it may be found by names that
-- the LMS does not know yet.
ALTER TABLE pending ADD COLUMN renames INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pending_renames ON pending (tenant, kind, id) WHERE renames;
