-- What clients wrote. The externalId stands beside it, since clients look for
-- it where an LMS has no place for it.
CREATE TABLE entries (
    tenant      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    sent        TEXT    NOT NULL,
    created     INTEGER,
    modified    INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    external_id TEXT,
    PRIMARY KEY (tenant, kind, id)
) WITHOUT ROWID;
CREATE INDEX entries_by_external_id ON entries (tenant, kind, external_id)
    WHERE external_id IS NOT NULL;
