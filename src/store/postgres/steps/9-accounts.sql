-- Two entries cannot have one account: neither two by the LMS's name for it, which an
-- index sees to, nor one by that and another whose own id it is. Whoever is gone may have
-- had it. Two who both have it since before are written on: the LMS was told already. An
-- upsert inserts first.
CREATE FUNCTION entries_account() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.lms <> '' THEN
        PERFORM FROM entries WHERE tenant = NEW.tenant AND kind = NEW.kind
            AND id = NEW.lms AND lms IS NULL AND gone IS NULL;
    ELSIF NEW.lms IS NULL AND NEW.gone IS NULL THEN
        PERFORM FROM entries WHERE tenant = NEW.tenant AND kind = NEW.kind
            AND lms = NEW.id AND lms IS NOT NULL AND lms <> '' AND id <> NEW.id;
    ELSE
        RETURN NEW;
    END IF;
    IF FOUND AND NOT EXISTS (
        SELECT FROM entries WHERE tenant = NEW.tenant AND kind = NEW.kind
            AND id = NEW.id AND lms IS NOT DISTINCT FROM NEW.lms AND gone IS NULL
    ) THEN
        RAISE unique_violation USING MESSAGE = 'another entry has this account';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entries_account BEFORE INSERT ON entries
    FOR EACH ROW EXECUTE FUNCTION entries_account();
