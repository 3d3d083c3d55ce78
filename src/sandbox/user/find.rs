//! `core_user_get_users_by_field`: many values of one field, deleted accounts
//! included, in the order of ids.

use std::collections::BTreeMap;

use super::show::{self, Shown};
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::Person;
use crate::sandbox::rules;
use crate::sandbox::shape::{Key, Kind, Shape, must};
use crate::sandbox::token::Caller;

/// What it takes.
pub(in crate::sandbox) const TAKES: &[Key] =
    &[must("field", Shape::One(Kind::Name)), must("values", Shape::Many(&Shape::One(Kind::Raw)))];

/// Looks everybody up.
pub(in crate::sandbox) fn run(moodle: &Moodle, caller: &Caller, given: &Array) -> Outcome {
    let field = given.text("field").unwrap_or_default();
    let mut found = BTreeMap::new();
    for value in given.words("values") {
        for person in having(moodle, field, value)? {
            found.insert(person.id, person);
        }
    }
    let shown: Vec<_> = found
        .into_values()
        .filter_map(|person| Shown::new(moodle, caller, person))
        .filter(|shown| shown.shows(field))
        .collect();
    show::sound(moodle, &shown)?;
    Ok(Answer::json(&shown))
}

fn having<'a>(moodle: &'a Moodle, field: &str, value: &str) -> Outcome<Vec<&'a Person>> {
    let people = &moodle.people;
    let site = &moodle.site;
    Ok(match field {
        "id" => {
            let id: i64 = value.parse().map_err(|_| Trouble::parameter("not a number"))?;
            people.get(id).into_iter().collect()
        }
        // A name that nobody can have is an error, not an empty list, and fails
        // the whole batch.
        "username" if !rules::username(value, site) => {
            return Err(Trouble::parameter("not a username"));
        }
        "username" => people.by_username(value).into_iter().collect(),
        "email" => {
            people.by_email(value).filter(|person| site.same(&person.email, value)).collect()
        }
        "idnumber" => {
            people.by_idnumber(value).filter(|person| site.same(&person.idnumber, value)).collect()
        }
        _ => {
            return Err(Trouble::new(
                "coding_exception",
                "codingerror",
                "Coding error detected, it must be fixed by a programmer: invalid field parameter",
            ));
        }
    })
}
