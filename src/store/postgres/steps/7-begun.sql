-- Who is at it: a lock that lives as long as that process.
ALTER TABLE pending ADD COLUMN beginner bigint;
CREATE INDEX pending_by_beginner ON pending (tenant, beginner) WHERE beginner IS NOT NULL;
-- What was begun and is not over is little, and asked for often.
CREATE INDEX pending_begun ON pending (tenant, kind, id) WHERE attempts > 0;
