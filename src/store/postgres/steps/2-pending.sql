-- What waits to be done. A sequence is never given twice; an operation may hold a
-- password until it was done.
CREATE TABLE pending (
    sequence  bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant    text    COLLATE "C" NOT NULL,
    kind      text    COLLATE "C" NOT NULL,
    id        text    COLLATE "C" NOT NULL,
    operation text    NOT NULL,
    turn      integer NOT NULL,
    reason    text    COLLATE "C" NOT NULL,
    who       text    NOT NULL,
    at        bigint  NOT NULL,
    released  boolean NOT NULL,
    attempts  bigint  NOT NULL,
    due       bigint  NOT NULL,
    failure   text,
    -- Until when somebody is at it.
    begun     bigint  NOT NULL DEFAULT 0
);
CREATE INDEX pending_by_resource ON pending (tenant, kind, id, sequence);
CREATE INDEX pending_by_turn ON pending (tenant, turn, sequence);
CREATE INDEX pending_by_reason ON pending (tenant, reason, at);
-- When people were disabled or deleted, for as long as the guard counts them.
CREATE TABLE removals (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text   COLLATE "C" NOT NULL,
    at     bigint NOT NULL
);
CREATE INDEX removals_by_time ON removals (tenant, at);
