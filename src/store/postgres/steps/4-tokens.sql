-- Tokens by what they are recognised by: a keyed digest, and the key is not in this
-- database. Numbers are never given twice.
CREATE TABLE tokens (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant   text   COLLATE "C" NOT NULL,
    title    text   NOT NULL,
    digest   bytea  NOT NULL UNIQUE,
    scope    text   NOT NULL,
    networks text   NOT NULL,
    expires  bigint,
    created  bigint NOT NULL,
    used     bigint,
    revoked  bigint
);
