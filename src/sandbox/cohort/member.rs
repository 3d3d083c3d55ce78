//! Members: three calls of three shapes. Adding warns, removing refuses.

use serde::Serialize;

use super::read::may_view;
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::shape::{Key, Kind, Shape, must};
use crate::sandbox::site::Database;
use crate::sandbox::token::Caller;

const TYPED: Shape =
    Shape::Record(&[must("type", Shape::One(Kind::Raw)), must("value", Shape::One(Kind::Raw))]);

/// What adding takes.
pub(in crate::sandbox) const ADD: &[Key] = &[must(
    "members",
    Shape::Many(&Shape::Record(&[must("cohorttype", TYPED), must("usertype", TYPED)])),
)];

/// What removing takes: nothing of that.
pub(in crate::sandbox) const REMOVE: &[Key] = &[must(
    "members",
    Shape::Many(&Shape::Record(&[
        must("cohortid", Shape::One(Kind::Int)),
        must("userid", Shape::One(Kind::Int)),
    ])),
)];

/// What reading takes.
pub(in crate::sandbox) const GET: &[Key] =
    &[must("cohortids", Shape::Many(&Shape::One(Kind::Int)))];

#[derive(Serialize)]
struct Report {
    warnings: Vec<Warning>,
}

#[derive(Clone, Debug, Serialize)]
struct Warning {
    warningcode: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Members {
    cohortid: i64,
    userids: Vec<i64>,
}

/// What an adding found when it looked: the pairs that are news, and the rest
/// as warnings.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Looked {
    pairs: Vec<(i64, i64)>,
    warnings: Vec<Warning>,
}

/// The look of an adding, for it writes later than it looks.
pub(in crate::sandbox) fn look(moodle: &Moodle, given: &Array) -> Outcome<Looked> {
    let mut looked = Looked { pairs: Vec::new(), warnings: Vec::new() };
    for record in given.records("members") {
        match pair(moodle, record)? {
            Ok(pair @ (cohort, user)) => {
                let member = moodle.cohorts.get(cohort).is_some_and(|c| c.members.contains(&user));
                if member || looked.pairs.contains(&pair) {
                    looked.warnings.push(already(record));
                } else {
                    looked.pairs.push(pair);
                }
            }
            Err(warning) => looked.warnings.push(warning),
        }
    }
    Ok(looked)
}

/// The writing: whoever was added meanwhile by somebody else makes the index
/// refuse, and takes the whole call with it.
pub(in crate::sandbox) fn add(moodle: &mut Moodle, looked: Looked) -> Outcome {
    let taken = looked.pairs.iter().any(|&(cohort, user)| {
        moodle.cohorts.get(cohort).is_some_and(|cohort| cohort.members.contains(&user))
    });
    if taken {
        return Err(Trouble::write());
    }
    for (cohort, user) in looked.pairs {
        moodle.cohorts.join(cohort, user);
    }
    Ok(Answer::json(&Report { warnings: looked.warnings }))
}

/// Removes members, all or nobody; who is no member is passed over.
pub(in crate::sandbox) fn remove(moodle: &mut Moodle, given: &Array) -> Outcome {
    let mut pairs = Vec::new();
    for record in given.records("members") {
        let cohort = record.number("cohortid").unwrap_or_default();
        let user = record.number("userid").unwrap_or_default();
        if moodle.cohorts.get(cohort).is_none() {
            return Err(Trouble::no_record("cohort"));
        }
        if moodle.people.live(user).is_none() {
            return Err(Trouble::no_user());
        }
        pairs.push((cohort, user));
    }
    for (cohort, user) in pairs {
        moodle.cohorts.leave(cohort, user);
    }
    Ok(Answer::json(&()))
}

/// Bare ids in the order of last and first names.
pub(in crate::sandbox) fn get(moodle: &Moodle, caller: &Caller, given: &Array) -> Outcome {
    let mut all = Vec::new();
    for cohortid in given.words("cohortids").filter_map(|id| id.parse().ok()) {
        let cohort = moodle.cohorts.get(cohortid).ok_or_else(|| Trouble::no_record("cohort"))?;
        may_view(caller)?;
        let mut people: Vec<_> =
            cohort.members.iter().filter_map(|&id| moodle.people.live(id)).collect();
        people.sort_by(|a, b| {
            (&a.lastname, &a.firstname, a.id).cmp(&(&b.lastname, &b.firstname, b.id))
        });
        all.push(Members { cohortid, userids: people.iter().map(|person| person.id).collect() });
    }
    Ok(Answer::json(&all))
}

fn pair(moodle: &Moodle, record: &Array) -> Outcome<Result<(i64, i64), Warning>> {
    let (kind, value) = typed(record, "cohorttype");
    let cohort = match kind {
        "id" => {
            let id = number(moodle, value)?;
            moodle.cohorts.get(id).map(|cohort| cohort.id)
        }
        "idnumber" => moodle
            .cohorts
            .by_idnumber(value)
            .find(|cohort| moodle.site.same(&cohort.idnumber, value))
            .map(|cohort| cohort.id),
        // Spelt as Moodle spells it.
        _ => return Ok(Err(warning("1", format!("invalid parameter: cohortype={kind}")))),
    };
    let Some(cohort) = cohort else {
        return Ok(Err(warning("2", format!("cohort {kind}={value} not exists"))));
    };
    let (kind, value) = typed(record, "usertype");
    let user = match kind {
        "id" => moodle.people.live(number(moodle, value)?),
        "username" => named(moodle, value).and_then(|id| moodle.people.live(id)),
        _ => return Ok(Err(warning("1", format!("invalid parameter: usertype={kind}")))),
    };
    Ok(match user {
        Some(user) => Ok((cohort, user.id)),
        None => Err(warning("2", format!("user {kind}={value} not exists"))),
    })
}

fn named(moodle: &Moodle, username: &str) -> Option<i64> {
    let folded = match moodle.site.database {
        Database::Postgres => username.to_owned(),
        Database::Mariadb => username.to_lowercase(),
    };
    moodle.people.by_username(&folded).map(|person| person.id)
}

/// An id that is no number: one database fails, the other cuts it to its
/// leading digits.
fn number(moodle: &Moodle, value: &str) -> Outcome<i64> {
    if let Ok(number) = value.parse() {
        return Ok(number);
    }
    if moodle.site.database == Database::Mariadb {
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        return Ok(digits.parse().unwrap_or_default());
    }
    Err(Trouble::moodle("Error", "cohort/Error"))
}

fn typed<'a>(record: &'a Array, key: &str) -> (&'a str, &'a str) {
    let typed = record.array(key);
    let text = |key| typed.and_then(|typed| typed.text(key)).unwrap_or_default();
    (text("type"), text("value"))
}

fn already(record: &Array) -> Warning {
    let (cohort_kind, cohort) = typed(record, "cohorttype");
    let (user_kind, user) = typed(record, "usertype");
    warning(
        "3",
        format!("record already exists: cohort({cohort_kind}={cohort} {user_kind}={user})"),
    )
}

fn warning(warningcode: &'static str, message: String) -> Warning {
    Warning { warningcode, message }
}
