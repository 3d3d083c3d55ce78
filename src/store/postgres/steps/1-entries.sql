-- What clients wrote, by the client's id; ids are compared byte by byte. The
-- externalId stands beside it, since clients look for it where an LMS has no place
-- for it.
CREATE TABLE entries (
    tenant      text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    sent        text NOT NULL,
    created     bigint,
    modified    bigint NOT NULL,
    revision    bigint NOT NULL,
    external_id text COLLATE "C",
    -- What the LMS calls it: nothing where it is the client's id, an empty text
    -- where there is no account.
    lms         text COLLATE "C",
    -- Since when it is gone for the client.
    gone        bigint,
    -- Those without an account, and those that are gone, are looked for here: by
    -- their names in small letters.
    apart       text COLLATE "C",
    name        text COLLATE "C",
    email       text COLLATE "C",
    PRIMARY KEY (tenant, kind, id)
);
CREATE INDEX entries_by_external_id ON entries (tenant, kind, external_id)
    WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX entries_by_lms ON entries (tenant, kind, lms)
    WHERE lms IS NOT NULL AND lms <> '';
CREATE INDEX entries_apart ON entries (tenant, kind, apart, id) WHERE apart IS NOT NULL;
CREATE INDEX entries_by_name ON entries (tenant, kind, name) WHERE name IS NOT NULL;
CREATE INDEX entries_by_email ON entries (tenant, kind, email) WHERE email IS NOT NULL;
