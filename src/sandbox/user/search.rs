//! `core_user_get_users`: criteria, all of which must be met. There is no paging: whoever
//! asks with an unknown key alone gets everybody, and a warning.

use std::collections::HashSet;

use serde::Serialize;

use super::show::{self, Shown};
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::Person;
use crate::sandbox::shape::{Key, Kind, Shape, must};
use crate::sandbox::site::folded;
use crate::sandbox::token::Caller;

/// What it takes.
pub(in crate::sandbox) const TAKES: &[Key] = &[must(
    "criteria",
    Shape::Many(&Shape::Record(&[
        must("key", Shape::One(Kind::Name)),
        must("value", Shape::One(Kind::Raw)),
    ])),
)];

#[derive(Serialize)]
struct Found<'a> {
    users: Vec<Shown<'a>>,
    warnings: Vec<Warning<'a>>,
}

#[derive(Serialize)]
struct Warning<'a> {
    item: &'a str,
    warningcode: &'static str,
    message: String,
}

struct Criterion<'a> {
    key: &'a str,
    value: &'a str,
}

/// Searches.
pub(in crate::sandbox) fn run(moodle: &Moodle, caller: &Caller, given: &Array) -> Outcome {
    let (criteria, unknown) = sorted(given)?;
    let users: Vec<_> = candidates(moodle, &criteria)
        .into_iter()
        .filter(|person| !person.deleted)
        .filter(|person| criteria.iter().all(|criterion| criterion.fits(person)))
        .filter_map(|person| Shown::new(moodle, caller, person))
        .filter(|shown| criteria.iter().all(|criterion| shown.shows(criterion.key)))
        .collect();
    show::sound(moodle, &users)?;
    let warnings = unknown
        .into_iter()
        .map(|item| Warning {
            item,
            warningcode: "invalidfieldparameter",
            message: format!(
                "The search key '{item}' is not supported, look at the web service documentation"
            ),
        })
        .collect();
    Ok(Answer::json(&Found { users, warnings }))
}

fn sorted(given: &Array) -> Outcome<(Vec<Criterion<'_>>, Vec<&str>)> {
    let (mut known, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for criterion in given.records("criteria") {
        let key = criterion.text("key").unwrap_or_default();
        let value = criterion.text("value").unwrap_or_default();
        if !seen.insert(key) {
            return Err(Trouble::untranslated("keyalreadyset"));
        }
        match key {
            "id" | "username" | "firstname" | "lastname" | "idnumber" | "email" | "auth" => {
                known.push(Criterion { key, value });
            }
            _ => unknown.push(key),
        }
    }
    Ok((known, unknown))
}

/// Everybody who can be meant, by an index where one serves.
fn candidates<'a>(moodle: &'a Moodle, criteria: &[Criterion<'_>]) -> Vec<&'a Person> {
    let people = &moodle.people;
    for Criterion { key, value } in criteria {
        match *key {
            "id" => {
                return value.parse().ok().and_then(|id| people.get(id)).into_iter().collect();
            }
            "username" => return people.by_username(&folded(value)).into_iter().collect(),
            "idnumber" => return people.by_idnumber(value).collect(),
            "email" if !value.contains(['%', '_', '\\']) => {
                return people.by_email(value).collect();
            }
            _ => {}
        }
    }
    people.all().collect()
}

impl Criterion<'_> {
    fn fits(&self, person: &Person) -> bool {
        match self.key {
            "id" => self.value.parse() == Ok(person.id),
            "username" => person.username == folded(self.value),
            "idnumber" => person.idnumber == self.value,
            "auth" => person.auth == self.value,
            "email" => like(&person.email, self.value),
            "firstname" => like(&person.firstname, self.value),
            "lastname" => like(&person.lastname, self.value),
            _ => true,
        }
    }
}

/// SQL's LIKE without letter case: `%`, `_`, and `\` before either.
fn like(text: &str, pattern: &str) -> bool {
    if pattern == "%" {
        return true;
    }
    let text: Vec<char> = folded(text).chars().collect();
    let pattern = parts(&folded(pattern));
    // Which lengths of the text the pattern so far can have eaten.
    let mut reach = vec![false; text.len() + 1];
    if let Some(start) = reach.first_mut() {
        *start = true;
    }
    for part in pattern {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let before = at.checked_sub(1);
            let reached = |at: usize| reach.get(at).copied().unwrap_or_default();
            *slot = match part {
                Part::Run => {
                    any |= reached(at);
                    any
                }
                Part::One => before.is_some_and(reached),
                Part::Sign(sign) => {
                    before.is_some_and(|at| reached(at) && text.get(at) == Some(&sign))
                }
            };
        }
        reach = next;
    }
    reach.last().copied().unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Part {
    Run,
    One,
    Sign(char),
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        parts.push(match sign {
            '%' => Part::Run,
            '_' => Part::One,
            '\\' => Part::Sign(signs.next().unwrap_or('\\')),
            _ => Part::Sign(sign),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn like_knows_runs_single_signs_and_escapes() {
        assert!(like("Pair.One@x.y", "pair.%"));
        assert!(like("pair.one", "pair_one"));
        assert!(!like("pair.one", r"pair\_one"));
        assert!(like("a%b", r"a\%b"));
        assert!(like("", "%"));
        assert!(!like("", "_"));
        assert!(!like("abc", "ab"));
    }
}
