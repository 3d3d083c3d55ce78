//! Creating, changing and deleting cohorts; each call all or nothing.

use std::collections::HashSet;

use super::book::Cohort;
use super::read::{self, Made};
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::shape::{Key, Kind, Shape, may, must};
use crate::sandbox::site::folded;

const CATEGORY: Key = must(
    "categorytype",
    Shape::Record(&[must("type", Shape::One(Kind::Raw)), must("value", Shape::One(Kind::Raw))]),
);

const CUSTOM: Key = may(
    "customfields",
    Shape::Many(&Shape::Record(&[
        must("shortname", Shape::One(Kind::Name)),
        must("value", Shape::One(Kind::Raw)),
    ])),
);

/// What a create takes.
pub(in crate::sandbox) const CREATE: &[Key] = &[must(
    "cohorts",
    Shape::Many(&Shape::Record(&[
        CATEGORY,
        must("name", Shape::One(Kind::Raw)),
        must("idnumber", Shape::One(Kind::Raw)),
        may("description", Shape::One(Kind::Raw)),
        may("descriptionformat", Shape::One(Kind::Int)),
        may("visible", Shape::One(Kind::Bool)),
        may("theme", Shape::One(Kind::Raw)),
        CUSTOM,
    ])),
)];

/// What an update takes: name, idnumber and category are required here too.
pub(in crate::sandbox) const UPDATE: &[Key] = &[must(
    "cohorts",
    Shape::Many(&Shape::Record(&[
        must("id", Shape::One(Kind::Int)),
        CATEGORY,
        must("name", Shape::One(Kind::Raw)),
        must("idnumber", Shape::One(Kind::Raw)),
        may("description", Shape::One(Kind::Raw)),
        may("descriptionformat", Shape::One(Kind::Int)),
        may("visible", Shape::One(Kind::Bool)),
        may("theme", Shape::One(Kind::Raw)),
        CUSTOM,
    ])),
)];

/// What a delete takes.
pub(in crate::sandbox) const DELETE: &[Key] =
    &[must("cohortids", Shape::Many(&Shape::One(Kind::Int)))];

/// What would be refused if nobody else wrote meanwhile. An idnumber is taken
/// even when it is empty.
pub(in crate::sandbox) fn check(moodle: &mut Moodle, given: &Array) -> Outcome<()> {
    let mut seen = HashSet::new();
    for (before, record) in given.records("cohorts").enumerate() {
        let refused = refusal(moodle, &mut seen, record);
        if let Some(trouble) = refused {
            moodle.cohorts.skip_ids(before);
            return Err(trouble);
        }
    }
    Ok(())
}

fn refusal(moodle: &Moodle, seen: &mut HashSet<String>, record: &Array) -> Option<Trouble> {
    let site = &moodle.site;
    if let Err(trouble) = category(moodle, record) {
        return Some(trouble);
    }
    let idnumber = record.text("idnumber").unwrap_or_default();
    let mut holders = moodle.cohorts.by_idnumber(idnumber);
    let taken = holders.any(|cohort| site.same(&cohort.idnumber, idnumber));
    let key = if site.same("a", "A") { folded(idnumber) } else { idnumber.to_owned() };
    (taken || !seen.insert(key))
        .then(|| Trouble::parameter(format!("record already exists: idnumber={idnumber}")))
}

/// The writing. No index stands in the way of a second cohort with the same
/// idnumber.
pub(in crate::sandbox) fn create(moodle: &mut Moodle, given: &Array) -> Outcome {
    let mut rows = Vec::new();
    for record in given.records("cohorts") {
        let mut cohort = Cohort {
            category: category(moodle, record)?,
            descriptionformat: 1,
            visible: true,
            ..Cohort::default()
        };
        fill(record, &mut cohort);
        fits(&cohort)?;
        rows.push(cohort);
    }
    let ids: Vec<_> = rows.into_iter().map(|cohort| moodle.cohorts.insert(cohort)).collect();
    let made: Vec<_> = ids.iter().filter_map(|&id| moodle.cohorts.get(id)).map(Made::new).collect();
    Ok(Answer::json(&made))
}

/// Changes cohorts. It moves them to the category that is named, and does not
/// look whether the idnumber is taken.
pub(in crate::sandbox) fn update(moodle: &mut Moodle, given: &Array) -> Outcome {
    let mut rows = Vec::new();
    for record in given.records("cohorts") {
        let id = record.number("id").unwrap_or_default();
        let mut cohort =
            moodle.cohorts.get(id).cloned().ok_or_else(|| Trouble::no_record("cohort"))?;
        cohort.category = category(moodle, record)?;
        fill(record, &mut cohort);
        if cohort.name.is_empty() {
            return Err(Trouble::parameter("invalid cohort name"));
        }
        fits(&cohort)?;
        rows.push(cohort);
    }
    for row in rows {
        moodle.cohorts.edit(row.id, |cohort| *cohort = row);
    }
    Ok(Answer::json(&()))
}

/// Deletes cohorts.
pub(in crate::sandbox) fn delete(moodle: &mut Moodle, given: &Array) -> Outcome {
    let ids: Vec<i64> = given.words("cohortids").filter_map(|id| id.parse().ok()).collect();
    let mut seen = HashSet::new();
    if !ids.iter().all(|&id| moodle.cohorts.get(id).is_some() && seen.insert(id)) {
        return Err(Trouble::no_record("cohort"));
    }
    for id in ids {
        moodle.cohorts.remove(id);
    }
    Ok(Answer::json(&()))
}

fn fill(record: &Array, cohort: &mut Cohort) {
    let texts = [
        ("name", &mut cohort.name),
        ("idnumber", &mut cohort.idnumber),
        ("description", &mut cohort.description),
        ("theme", &mut cohort.theme),
    ];
    for (key, column) in texts {
        if let Some(text) = record.text(key) {
            text.clone_into(column);
        }
    }
    cohort.visible = record.switch("visible").unwrap_or(cohort.visible);
    cohort.descriptionformat =
        record.number("descriptionformat").unwrap_or(cohort.descriptionformat);
}

fn fits(cohort: &Cohort) -> Outcome<()> {
    let fits = cohort.name.chars().count() <= 254 && cohort.idnumber.chars().count() <= 100;
    if fits { Ok(()) } else { Err(Trouble::write()) }
}

fn category(moodle: &Moodle, record: &Array) -> Outcome<Option<i64>> {
    let refused = || Trouble::parameter("Invalid category");
    let named = record.array("categorytype").ok_or_else(refused)?;
    let value = named.text("value").unwrap_or_default();
    let found = match named.text("type").unwrap_or_default() {
        "system" => return Ok(None),
        "id" => value.parse().ok().filter(|id| moodle.site.categories.contains_key(id)),
        "idnumber" => read::category_by_idnumber(moodle, value),
        _ => None,
    };
    found.map(Some).ok_or_else(refused)
}
