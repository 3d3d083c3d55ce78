-- All are found by their names in small letters, not only those apart: a program fills
-- the columns, since small letters are ours and not the database's. A gateway of an
-- earlier form may write meanwhile: it waits for the whole, for of two that have a part
-- each one would be refused.
LOCK TABLE entries IN SHARE ROW EXCLUSIVE MODE;
