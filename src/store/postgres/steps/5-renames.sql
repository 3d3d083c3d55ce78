-- Which of what waits gives a resource another name: it may be found by names that
-- the LMS does not know yet.
ALTER TABLE pending ADD COLUMN renames boolean NOT NULL DEFAULT false;
CREATE INDEX pending_renames ON pending (tenant, kind, id) WHERE renames;
