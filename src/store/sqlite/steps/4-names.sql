-- What the LMS calls a resource: nothing where it is the client's id, an empty
-- text where there is no account. Since when it is gone for the client.
ALTER TABLE entries ADD COLUMN lms TEXT;
ALTER TABLE entries ADD COLUMN gone INTEGER;
-- Those without an account, and those that are gone, are looked for here: by
-- their names in small letters.
ALTER TABLE entries ADD COLUMN apart TEXT;
ALTER TABLE entries ADD COLUMN name TEXT;
ALTER TABLE entries ADD COLUMN email TEXT;
CREATE UNIQUE INDEX entries_by_lms ON entries (tenant, kind, lms)
    WHERE lms IS NOT NULL AND lms <> '';
CREATE INDEX entries_apart ON entries (tenant, kind, apart, id) WHERE apart IS NOT NULL;
CREATE INDEX entries_by_name ON entries (tenant, kind, name) WHERE name IS NOT NULL;
CREATE INDEX entries_by_email ON entries (tenant, kind, email) WHERE email IS NOT NULL;
