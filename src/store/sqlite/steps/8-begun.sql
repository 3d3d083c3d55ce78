-- What was begun and is not over is little, and asked for often.
CREATE INDEX pending_begun ON pending (tenant, kind, id) WHERE attempts > 0;
