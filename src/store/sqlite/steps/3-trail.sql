-- What was done, by whom and to whom; each record is sealed with the one before
-- it, and both ends with a key that is not in this file. What stands beside the
-- record is there to be looked up by.
CREATE TABLE trail (
    seq      INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    tenant   TEXT,
    resource TEXT,
    name     TEXT,
    outcome  TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    digest   BLOB    NOT NULL
);
CREATE INDEX trail_by_resource ON trail (resource, seq) WHERE resource IS NOT NULL;
CREATE INDEX trail_by_name ON trail (name, seq) WHERE name IS NOT NULL;
CREATE TABLE trail_ends (
    side   TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    seal   BLOB    NOT NULL
) WITHOUT ROWID;
-- Small things of which there is one each.
CREATE TABLE notes (
    name TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
) WITHOUT ROWID;
