-- Tokens by what they are recognised by: a keyed digest, and the key is not in this
-- file. Numbers are never given twice.
CREATE TABLE tokens (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    digest   BLOB    NOT NULL UNIQUE,
    scope    TEXT    NOT NULL,
    networks TEXT    NOT NULL,
    expires  INTEGER,
    created  INTEGER NOT NULL,
    used     INTEGER,
    revoked  INTEGER
);
