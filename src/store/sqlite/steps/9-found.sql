-- All are found by their names in small letters, not only those apart: a program
-- fills the columns, since small letters are ours and not the database's.
UPDATE entries SET name = NULL, email = NULL WHERE apart IS NULL;
