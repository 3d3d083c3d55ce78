//! The table of users with its indices: by id, user name, e-mail and idnumber.
//! Only the user name is unique; the rest is for the rules to look after.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::person::Person;
use super::site::folded;

/// The user name is taken: what the database itself refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

/// Every account there is or was.
#[derive(Clone, Debug)]
pub struct People {
    rows: BTreeMap<i64, Person>,
    usernames: HashMap<String, i64>,
    emails: HashMap<String, BTreeSet<i64>>,
    idnumbers: HashMap<String, BTreeSet<i64>>,
    next: i64,
}

impl Default for People {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            usernames: HashMap::new(),
            emails: HashMap::new(),
            idnumbers: HashMap::new(),
            next: 1,
        }
    }
}

impl People {
    /// Writes a new row. Its id is used up even when the name is taken, as a
    /// sequence of the database does.
    pub fn insert(&mut self, mut person: Person) -> Result<i64, Taken> {
        let id = self.next;
        self.next += 1;
        if self.usernames.contains_key(&person.username) {
            return Err(Taken);
        }
        person.id = id;
        self.index(&person);
        self.rows.insert(id, person);
        Ok(id)
    }

    /// The row, deleted or not.
    pub fn get(&self, id: i64) -> Option<&Person> {
        self.rows.get(&id)
    }

    /// The row, unless it is deleted.
    pub fn live(&self, id: i64) -> Option<&Person> {
        self.get(id).filter(|person| !person.deleted)
    }

    /// Every row in the order of ids.
    pub fn all(&self) -> impl Iterator<Item = &Person> {
        self.rows.values()
    }

    /// Changes a row and keeps the indices true. A name that is taken changes
    /// nothing; an id that nobody has is left alone.
    pub fn edit(&mut self, id: i64, change: impl FnOnce(&mut Person)) -> Result<(), Taken> {
        let Some(before) = self.rows.get(&id).cloned() else { return Ok(()) };
        let mut after = before.clone();
        change(&mut after);
        after.id = id;
        if self.usernames.get(&after.username).is_some_and(|&holder| holder != id) {
            return Err(Taken);
        }
        self.unindex(&before);
        self.index(&after);
        self.rows.insert(id, after);
        Ok(())
    }

    /// Takes a row back, as a transaction does that is rolled back.
    pub(super) fn take_back(&mut self, id: i64) {
        if let Some(person) = self.rows.remove(&id) {
            self.unindex(&person);
        }
    }

    /// Uses up ids, as a create does that is rolled back.
    pub fn skip_ids(&mut self, count: usize) {
        self.next += i64::try_from(count).unwrap_or_default();
    }

    /// Who has that user name, deleted rows included.
    pub fn by_username(&self, username: &str) -> Option<&Person> {
        self.usernames.get(username).and_then(|id| self.rows.get(id))
    }

    /// Who has that e-mail, in any letter case.
    pub fn by_email(&self, email: &str) -> impl Iterator<Item = &Person> {
        self.ids(&self.emails, email)
    }

    /// Who has that idnumber, in any letter case.
    pub fn by_idnumber(&self, idnumber: &str) -> impl Iterator<Item = &Person> {
        self.ids(&self.idnumbers, idnumber)
    }

    fn ids<'a>(
        &'a self,
        index: &'a HashMap<String, BTreeSet<i64>>,
        key: &str,
    ) -> impl Iterator<Item = &'a Person> + use<'a> {
        index.get(&key_of(key)).into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    fn index(&mut self, person: &Person) {
        self.usernames.insert(person.username.clone(), person.id);
        for (index, value) in
            [(&mut self.emails, &person.email), (&mut self.idnumbers, &person.idnumber)]
        {
            if !value.is_empty() {
                index.entry(key_of(value)).or_default().insert(person.id);
            }
        }
    }

    fn unindex(&mut self, person: &Person) {
        self.usernames.remove(&person.username);
        for (index, value) in
            [(&mut self.emails, &person.email), (&mut self.idnumbers, &person.idnumber)]
        {
            let key = key_of(value);
            if let Some(ids) = index.get_mut(&key) {
                ids.remove(&person.id);
                if ids.is_empty() {
                    index.remove(&key);
                }
            }
        }
    }
}

/// `MariaDB` does not see trailing spaces either; who cares compares afterwards.
fn key_of(value: &str) -> String {
    folded(value.trim_end())
}
