//! `core_user_update_users`: one after the other, each on its own. Who is
//! refused becomes a warning inside of a success.

use serde::Serialize;

use super::record;
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::{GUEST, Person};
use crate::sandbox::rules;
use crate::sandbox::token::Caller;

#[derive(Serialize)]
struct Report {
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Warning {
    item: &'static str,
    itemid: i64,
    warningcode: String,
    message: String,
}

/// Changes everybody who can be changed.
pub(in crate::sandbox) fn run(moodle: &mut Moodle, caller: &Caller, given: &Array) -> Outcome {
    let mut warnings = Vec::new();
    for record in given.records("users") {
        let id = record.number("id").unwrap_or_default();
        if let Err(trouble) = change(moodle, caller, id, record) {
            warnings.push(Warning {
                item: "user",
                itemid: id,
                warningcode: trouble.code().to_owned(),
                message: trouble.message().to_owned(),
            });
        }
    }
    // A code that is HTML is no code: Moodle finds its own answer invalid. The
    // others have been changed by then.
    if warnings.iter().any(|warning| warning.warningcode.starts_with('<')) {
        return Err(Trouble::response());
    }
    Ok(Answer::json(&Report { warnings }))
}

fn change(moodle: &mut Moodle, caller: &Caller, id: i64, record: &Array) -> Outcome<()> {
    let Some(person) = moodle.people.get(id) else {
        return Err(Trouble::moodle("invaliduserid", "Invalid user ID"));
    };
    touchable(person, caller)?;
    if let Some(email) = record.text("email") {
        if !rules::email(email) {
            return Err(Trouble::untranslated("useremailinvalid"));
        }
        let mut others = moodle.people.by_email(email);
        if !moodle.site.same_email && others.any(|other| other.id != id && !other.deleted) {
            return Err(Trouble::moodle("useremailduplicate", "Duplicate address"));
        }
    }
    let weakness = record.text("password").and_then(rules::weakness);
    if let Some(words) = weakness.filter(|_| moodle.site.password_policy) {
        return Err(Trouble::untranslated(words));
    }
    if record::too_long(record) {
        return Err(Trouble::write());
    }
    let site = &moodle.site;
    moodle
        .people
        .edit(id, |person| record::write(record, site, person))
        .map_err(|_| Trouble::write())
}

fn touchable(person: &Person, caller: &Caller) -> Outcome<()> {
    if person.admin && !caller.admin {
        return Err(Trouble::moodle("usernotupdatedadmin", "Cannot update admin accounts"));
    }
    if person.id == GUEST {
        return Err(Trouble::untranslated("usernotupdatedguest"));
    }
    if person.deleted {
        return Err(Trouble::untranslated("usernotupdateddeleted"));
    }
    Ok(())
}
