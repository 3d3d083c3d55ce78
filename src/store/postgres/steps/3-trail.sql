-- What was done, by whom and to whom; each record is sealed with the one before
-- it, and both ends with a key that is not in this database. What stands beside
-- the record is there to be looked up by.
CREATE TABLE trail (
    seq      bigint PRIMARY KEY,
    at       bigint NOT NULL,
    tenant   text   COLLATE "C",
    resource text   COLLATE "C",
    name     text   COLLATE "C",
    outcome  text   COLLATE "C" NOT NULL,
    body     text   NOT NULL,
    digest   bytea  NOT NULL
);
CREATE INDEX trail_by_resource ON trail (resource, seq) WHERE resource IS NOT NULL;
CREATE INDEX trail_by_name ON trail (name, seq) WHERE name IS NOT NULL;
CREATE TABLE trail_ends (
    side   text   COLLATE "C" PRIMARY KEY,
    seq    bigint NOT NULL,
    digest bytea  NOT NULL,
    seal   bytea  NOT NULL
);
-- Small things of which there is one each.
CREATE TABLE notes (
    name text COLLATE "C" PRIMARY KEY,
    text text NOT NULL
);
