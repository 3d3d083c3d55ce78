//! `core_user_delete_users`: all or nothing, and nothing really goes.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::GUEST;
use crate::sandbox::shape::{Key, Kind, Shape, must};
use crate::sandbox::token::Caller;

/// What it takes.
pub(in crate::sandbox) const TAKES: &[Key] =
    &[must("userids", Shape::Many(&Shape::One(Kind::Int)))];

/// Deletes, or refuses everybody for the sake of one.
pub(in crate::sandbox) fn run(moodle: &mut Moodle, caller: &Caller, given: &Array) -> Outcome {
    let ids: Vec<i64> = given.words("userids").filter_map(|id| id.parse().ok()).collect();
    let mut seen = HashSet::new();
    for &id in &ids {
        let Some(person) = moodle.people.live(id).filter(|_| id == GUEST || seen.insert(id)) else {
            return Err(Trouble::no_user());
        };
        if person.admin {
            return Err(Trouble::moodle(
                "useradminodelete",
                "Administrator accounts cannot be deleted.",
            ));
        }
        if id == caller.id {
            return Err(Trouble::moodle("usernotdeletederror", "User not deleted - error"));
        }
    }
    for id in ids.into_iter().filter(|&id| id != GUEST) {
        mangle(moodle, id);
    }
    Ok(Answer::json(&()))
}

/// The row stays, without a mark that a caller could see: the user name becomes
/// `email.unixtime`, written as user names are, the e-mail 32 hex digits, the idnumber goes, and all of
/// them are free again.
fn mangle(moodle: &mut Moodle, id: i64) {
    let Some(person) = moodle.people.get(id) else { return };
    let digest = Sha256::digest(person.username.as_bytes());
    let hash = digest.iter().take(16).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    let allowed = |sign: &char| sign.is_ascii_alphanumeric() || "-.@_".contains(*sign);
    let kept: String = person.email.to_lowercase().chars().filter(allowed).collect();
    let mut at = moodle.site.now;
    let name = loop {
        let name = format!("{kept}.{at}");
        if moodle.people.by_username(&name).is_none() {
            break name;
        }
        at += 1;
    };
    // The name was just seen to be free.
    let _ = moodle.people.edit(id, |person| {
        person.username = name;
        person.email = hash;
        person.idnumber.clear();
        person.custom.clear();
        person.interests.clear();
        person.deleted = true;
    });
    moodle.cohorts.forget(id);
}
