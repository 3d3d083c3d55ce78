-- How much waits, so that nobody has to count it.
CREATE TABLE pending_counts (
    tenant  text   COLLATE "C" NOT NULL,
    reason  text   COLLATE "C" NOT NULL,
    waiting bigint NOT NULL,
    failed  bigint NOT NULL,
    PRIMARY KEY (tenant, reason)
-- Few rows that change often: a new version of one finds room beside the old.
) WITH (fillfactor = 20);
INSERT INTO pending_counts
    SELECT tenant, reason, count(*), count(failure) FROM pending GROUP BY tenant, reason;
CREATE FUNCTION pending_counted() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE pending_counts
            SET waiting = waiting - 1, failed = failed - (OLD.failure IS NOT NULL)::integer
            WHERE tenant = OLD.tenant AND reason = OLD.reason;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO pending_counts AS known
            VALUES (NEW.tenant, NEW.reason, 1, (NEW.failure IS NOT NULL)::integer)
            ON CONFLICT (tenant, reason) DO UPDATE
            SET waiting = known.waiting + 1, failed = known.failed + excluded.failed;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER pending_counted AFTER INSERT OR DELETE OR UPDATE OF reason, failure ON pending
    FOR EACH ROW EXECUTE FUNCTION pending_counted();

-- The names that work gives, in small letters: a resource may be found by those that
-- the LMS does not know yet. An empty one may be any.
ALTER TABLE pending ADD COLUMN names text[] NOT NULL DEFAULT '{}';
CREATE TABLE pending_names (
    tenant   text   COLLATE "C" NOT NULL,
    kind     text   COLLATE "C" NOT NULL,
    name     text   COLLATE "C" NOT NULL,
    sequence bigint NOT NULL REFERENCES pending ON DELETE CASCADE,
    id       text   COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, kind, name, sequence)
);
CREATE INDEX pending_names_by_sequence ON pending_names (sequence);
INSERT INTO pending_names SELECT tenant, kind, '', sequence, id FROM pending WHERE renames;
UPDATE pending SET names = '{""}' WHERE renames;
ALTER TABLE pending DROP COLUMN renames;

-- What may be begun lies in the order in which it is begun, apart from what sleeps: until
-- it is due, or whoever is at it must have finished. It wakes no later than it may be
-- begun; earlier does no harm.
DROP INDEX pending_by_turn;
ALTER TABLE pending ADD COLUMN lane text COLLATE "C"
    GENERATED ALWAYS AS (CASE WHEN released THEN 'released' ELSE reason END) STORED;
ALTER TABLE pending ADD COLUMN wakes bigint;
UPDATE pending SET wakes = greatest(due, begun);
CREATE INDEX pending_awake ON pending (tenant, lane, turn, sequence) WHERE wakes IS NULL;
CREATE INDEX pending_asleep ON pending (tenant, wakes) WHERE wakes IS NOT NULL;
CREATE INDEX pending_in_order ON pending (tenant, sequence);
CREATE INDEX pending_in_order_by_reason ON pending (tenant, reason, sequence);
