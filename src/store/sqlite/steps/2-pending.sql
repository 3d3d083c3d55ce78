-- What waits to be done. A sequence is never given twice; an operation may hold a
-- password until it was done.
CREATE TABLE pending (
    sequence  INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    operation TEXT    NOT NULL,
    turn      INTEGER NOT NULL,
    reason    TEXT    NOT NULL,
    who       TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    released  INTEGER NOT NULL,
    attempts  INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    failure   TEXT,
    -- Until when somebody is at it.
    begun     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX pending_by_resource ON pending (tenant, kind, id, sequence);
CREATE INDEX pending_by_turn ON pending (tenant, turn, sequence);
CREATE INDEX pending_by_reason ON pending (tenant, reason, at, failure);
-- When people were disabled or deleted, for as long as the guard counts them.
CREATE TABLE removals (tenant TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX removals_by_time ON removals (tenant, at);
