-- Two entries cannot have one account: neither two by the LMS's name for it, which an
-- index sees to, nor one by that and another whose own id it is. Whoever is gone may have
-- had it. Two who both have it since before are written on: the LMS was told already. An
-- upsert inserts first.
CREATE TRIGGER entries_account BEFORE INSERT ON entries
WHEN NEW.lms IS NULL AND NEW.gone IS NULL OR NEW.lms <> '' BEGIN
    SELECT RAISE(ABORT, 'another entry has this account') WHERE (EXISTS (
        SELECT 1 FROM entries WHERE tenant = NEW.tenant AND kind = NEW.kind
        AND id = NEW.lms AND lms IS NULL AND gone IS NULL
    ) OR NEW.lms IS NULL AND EXISTS (
        SELECT 1 FROM entries INDEXED BY entries_by_lms WHERE tenant = NEW.tenant
        AND kind = NEW.kind AND lms = NEW.id AND lms IS NOT NULL AND lms <> '' AND id <> NEW.id
    )) AND NOT EXISTS (
        SELECT 1 FROM entries WHERE tenant = NEW.tenant AND kind = NEW.kind
        AND id = NEW.id AND lms IS NEW.lms AND gone IS NULL
    );
END;
