//! `core_user_create_users`: everything is looked at, then everything is
//! written, all or nothing. Between the two anybody may come in between.

use std::collections::HashSet;

use serde::Serialize;

use super::record;
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::Person;
use crate::sandbox::rules;
use crate::sandbox::site::{folded, keeps_passwords};

#[derive(Serialize)]
struct Made<'a> {
    id: i64,
    username: &'a str,
}

/// The check: what would be refused if nobody else wrote meanwhile.
///
/// Who stands before the one that is refused has used up an id, as Moodle
/// checks and writes one after the other and rolls back in the end.
pub(in crate::sandbox) fn check(moodle: &mut Moodle, given: &Array) -> Outcome<()> {
    let mut seen = Seen::default();
    for (before, record) in given.records("users").enumerate() {
        if let Err(trouble) = acceptable(moodle, &mut seen, record) {
            moodle.people.skip_ids(before);
            return Err(trouble);
        }
    }
    Ok(())
}

/// Whom this very call has already named.
#[derive(Default)]
struct Seen<'a> {
    names: HashSet<&'a str>,
    emails: HashSet<String>,
}

fn acceptable<'a>(moodle: &Moodle, seen: &mut Seen<'a>, record: &'a Array) -> Outcome<()> {
    let text = |key| record.text(key).unwrap_or_default();
    blank(record)?;
    if moodle.people.by_username(text("username")).is_some() || !seen.names.insert(text("username"))
    {
        let name = text("username");
        return Err(Trouble::parameter(format!("Username already exists: {name}")));
    }
    let auth = record.text("auth").unwrap_or("manual");
    let made_up = record.switch("createpassword").unwrap_or_default();
    let internal = keeps_passwords(auth);
    if internal && !made_up && text("password").is_empty() {
        return Err(Trouble::parameter(
            "Invalid password: you must provide a password, or set createpassword.",
        ));
    }
    let email = text("email");
    if !rules::email(email) {
        return Err(Trouble::parameter(format!("Email address is invalid: {email}")));
    }
    let taken = moodle.people.by_email(email).any(|other| !other.deleted);
    if !moodle.site.same_email && (taken || !seen.emails.insert(folded(email))) {
        return Err(Trouble::parameter(format!("Email address already exists: {email}")));
    }
    if internal
        && !made_up
        && moodle.site.password_policy
        && let Some(words) = rules::weakness(text("password"))
    {
        return Err(Trouble::untranslated(words));
    }
    Ok(())
}

/// The writing. Nothing but the database itself can refuse it now: a column
/// that is too short, a user name that came to be meanwhile. It keeps no watch
/// over e-mails, so of those there can now be two.
pub(in crate::sandbox) fn write(moodle: &mut Moodle, given: &Array) -> Outcome {
    let mut made = Vec::new();
    for record in given.records("users") {
        let mut person = Person::default();
        record::write(record, &moodle.site, &mut person);
        // A value that is too long is found before the sequence gives an id.
        let id = if record::too_long(record) { None } else { moodle.people.insert(person).ok() };
        let Some(id) = id else {
            for (id, _) in made {
                moodle.people.take_back(id);
            }
            return Err(Trouble::write());
        };
        made.push((id, record.text("username").unwrap_or_default()));
    }
    let made: Vec<_> = made.iter().map(|&(id, username)| Made { id, username }).collect();
    Ok(Answer::json(&made))
}

fn blank(record: &Array) -> Outcome<()> {
    let empty = |key| record.text(key).is_none_or(|text| text.trim().is_empty());
    match ["username", "firstname", "lastname"].into_iter().find(|key| empty(key)) {
        Some(key) => Err(Trouble::parameter(format!("The field {key} cannot be blank"))),
        None => Ok(()),
    }
}
