-- How much waits, so that nobody has to count it.
CREATE TABLE pending_counts (
    tenant  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    waiting INTEGER NOT NULL,
    failed  INTEGER NOT NULL,
    PRIMARY KEY (tenant, reason)
) WITHOUT ROWID;
INSERT INTO pending_counts
    SELECT tenant, reason, count(*), count(failure) FROM pending GROUP BY tenant, reason;
CREATE TRIGGER pending_comes AFTER INSERT ON pending BEGIN
    INSERT INTO pending_counts VALUES (NEW.tenant, NEW.reason, 1, NEW.failure IS NOT NULL)
        ON CONFLICT DO UPDATE SET waiting = waiting + 1, failed = failed + excluded.failed;
END;
CREATE TRIGGER pending_goes AFTER DELETE ON pending BEGIN
    UPDATE pending_counts SET waiting = waiting - 1, failed = failed - (OLD.failure IS NOT NULL)
        WHERE tenant = OLD.tenant AND reason = OLD.reason;
END;
CREATE TRIGGER pending_changes AFTER UPDATE OF reason, failure ON pending BEGIN
    UPDATE pending_counts SET waiting = waiting - 1, failed = failed - (OLD.failure IS NOT NULL)
        WHERE tenant = OLD.tenant AND reason = OLD.reason;
    INSERT INTO pending_counts VALUES (NEW.tenant, NEW.reason, 1, NEW.failure IS NOT NULL)
        ON CONFLICT DO UPDATE SET waiting = waiting + 1, failed = failed + excluded.failed;
END;

-- The names that work gives, in small letters: a resource may be found by those that
-- the LMS does not know yet. An empty one may be any.
DROP INDEX pending_renames;
ALTER TABLE pending ADD COLUMN names TEXT NOT NULL DEFAULT '[]';
CREATE TABLE pending_names (
    tenant   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    sequence INTEGER NOT NULL REFERENCES pending ON DELETE CASCADE,
    id       TEXT    NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
) WITHOUT ROWID;
CREATE INDEX pending_names_by_sequence ON pending_names (sequence);
INSERT INTO pending_names SELECT tenant, kind, '', sequence, id FROM pending WHERE renames;
UPDATE pending SET names = '[""]' WHERE renames;
ALTER TABLE pending DROP COLUMN renames;

-- What may be begun lies in the order in which it is begun, apart from what sleeps: until
-- it is due, or whoever is at it must have finished. It wakes no later than it may be
-- begun; earlier does no harm.
DROP INDEX pending_by_turn;
ALTER TABLE pending ADD COLUMN lane TEXT
    GENERATED ALWAYS AS (CASE WHEN released THEN 'released' ELSE reason END) VIRTUAL;
ALTER TABLE pending ADD COLUMN wakes INTEGER;
UPDATE pending SET wakes = max(due, begun);
CREATE INDEX pending_awake ON pending (tenant, lane, turn, sequence) WHERE wakes IS NULL;
CREATE INDEX pending_asleep ON pending (tenant, wakes) WHERE wakes IS NOT NULL;
CREATE INDEX pending_in_order ON pending (tenant, sequence);
CREATE INDEX pending_in_order_by_reason ON pending (tenant, reason, sequence);
