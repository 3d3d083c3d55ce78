//! The tables of cohorts and of their members. Neither name nor idnumber is
//! unique to the database; a membership is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A cohort as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the columns of Moodle")]
pub struct Cohort {
    pub id: i64,
    /// The course category it belongs to; `None` is the whole site. No answer
    /// ever tells.
    pub category: Option<i64>,
    pub name: String,
    pub idnumber: String,
    pub description: String,
    pub descriptionformat: i64,
    pub visible: bool,
    pub theme: String,
    /// The members, suspended ones included.
    pub members: BTreeSet<i64>,
}

/// Every cohort.
#[derive(Clone, Debug, Default)]
pub struct Cohorts {
    rows: BTreeMap<i64, Cohort>,
    idnumbers: HashMap<String, BTreeSet<i64>>,
    of: HashMap<i64, BTreeSet<i64>>,
    last: i64,
}

impl Cohorts {
    /// Writes a new row.
    pub fn insert(&mut self, mut cohort: Cohort) -> i64 {
        self.last += 1;
        cohort.id = self.last;
        self.index(&cohort);
        self.rows.insert(self.last, cohort);
        self.last
    }

    /// The row.
    pub fn get(&self, id: i64) -> Option<&Cohort> {
        self.rows.get(&id)
    }

    /// Every row in the order of ids.
    pub fn all(&self) -> impl Iterator<Item = &Cohort> {
        self.rows.values()
    }

    /// Who has that idnumber, in any letter case.
    pub fn by_idnumber(&self, idnumber: &str) -> impl Iterator<Item = &Cohort> {
        let ids = self.idnumbers.get(&idnumber.to_lowercase());
        ids.into_iter().flatten().filter_map(|id| self.rows.get(id))
    }

    /// Changes a row, but for its members.
    pub fn edit(&mut self, id: i64, change: impl FnOnce(&mut Cohort)) {
        let Some(mut cohort) = self.rows.remove(&id) else { return };
        self.unindex(&cohort);
        change(&mut cohort);
        cohort.id = id;
        self.index(&cohort);
        self.rows.insert(id, cohort);
    }

    /// Removes a row and all its memberships.
    pub fn remove(&mut self, id: i64) {
        let Some(cohort) = self.rows.remove(&id) else { return };
        self.unindex(&cohort);
        for user in cohort.members {
            if let Some(cohorts) = self.of.get_mut(&user) {
                cohorts.remove(&id);
            }
        }
    }

    /// Adds a member; says whether that was news.
    pub fn join(&mut self, id: i64, user: i64) -> bool {
        let Some(cohort) = self.rows.get_mut(&id) else { return false };
        self.of.entry(user).or_default().insert(id);
        cohort.members.insert(user)
    }

    /// Takes a member out.
    pub fn leave(&mut self, id: i64, user: i64) {
        if let Some(cohort) = self.rows.get_mut(&id) {
            cohort.members.remove(&user);
        }
        if let Some(cohorts) = self.of.get_mut(&user) {
            cohorts.remove(&id);
        }
    }

    /// Takes a user out of everything.
    pub fn forget(&mut self, user: i64) {
        for id in self.of.remove(&user).into_iter().flatten() {
            if let Some(cohort) = self.rows.get_mut(&id) {
                cohort.members.remove(&user);
            }
        }
    }

    pub(in crate::sandbox) fn skip_ids(&mut self, count: usize) {
        self.last += i64::try_from(count).unwrap_or_default();
    }

    fn index(&mut self, cohort: &Cohort) {
        self.idnumbers.entry(cohort.idnumber.to_lowercase()).or_default().insert(cohort.id);
    }

    fn unindex(&mut self, cohort: &Cohort) {
        let key = cohort.idnumber.to_lowercase();
        if let Some(ids) = self.idnumbers.get_mut(&key) {
            ids.remove(&cohort.id);
            if ids.is_empty() {
                self.idnumbers.remove(&key);
            }
        }
    }
}
