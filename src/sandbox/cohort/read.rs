//! Reading cohorts: by id, all of them, and the search that pages by number.

use serde::Serialize;

use super::book::Cohort;
use crate::sandbox::answer::{Answer, Outcome, Trouble};
use crate::sandbox::form::Array;
use crate::sandbox::moodle::Moodle;
use crate::sandbox::shape::{Key, Kind, Shape, may, must};
use crate::sandbox::site::folded;
use crate::sandbox::token::{Caller, Right};

/// What `core_cohort_get_cohorts` takes.
pub(in crate::sandbox) const GET: &[Key] = &[may("cohortids", Shape::Many(&Shape::One(Kind::Int)))];

/// What `core_cohort_search_cohorts` takes.
pub(in crate::sandbox) const SEARCH: &[Key] = &[
    must("query", Shape::One(Kind::Raw)),
    must(
        "context",
        Shape::Record(&[
            may("contextid", Shape::One(Kind::Int)),
            may("contextlevel", Shape::One(Kind::Name)),
            may("instanceid", Shape::One(Kind::Int)),
        ]),
    ),
    may("includes", Shape::One(Kind::Name)),
    may("limitfrom", Shape::One(Kind::Int)),
    may("limitnum", Shape::One(Kind::Int)),
];

/// A cohort as a create answers it: without custom fields.
#[derive(Debug, Serialize)]
pub(super) struct Made<'a> {
    id: i64,
    name: &'a str,
    idnumber: &'a str,
    description: String,
    descriptionformat: i64,
    visible: bool,
    theme: &'a str,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    idnumber: &'a str,
    description: String,
    descriptionformat: i64,
    visible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<&'a str>,
    customfields: [(); 0],
}

#[derive(Serialize)]
struct Found<'a> {
    cohorts: Vec<Shown<'a>>,
}

impl<'a> Made<'a> {
    pub(super) fn new(cohort: &'a Cohort) -> Self {
        Self {
            id: cohort.id,
            name: &cohort.name,
            idnumber: &cohort.idnumber,
            description: cleaned(&cohort.description),
            descriptionformat: cohort.descriptionformat,
            visible: cohort.visible,
            theme: &cohort.theme,
        }
    }
}

impl<'a> Shown<'a> {
    fn new(cohort: &'a Cohort, raw: bool) -> Self {
        Self {
            id: cohort.id,
            name: &cohort.name,
            idnumber: &cohort.idnumber,
            description: if raw {
                cohort.description.clone()
            } else {
                cleaned(&cohort.description)
            },
            descriptionformat: cohort.descriptionformat,
            visible: cohort.visible,
            theme: Some(&cohort.theme),
            customfields: [],
        }
    }

    /// A cohort from a context above the one that was asked for comes in
    /// another form.
    fn seen_from_below(self) -> Self {
        Self { descriptionformat: 2, theme: None, ..self }
    }
}

/// Reads the cohorts of these ids, or all; who is unknown is left out.
pub(in crate::sandbox) fn get(
    moodle: &Moodle,
    caller: &Caller,
    given: &Array,
    raw: bool,
) -> Outcome {
    let mut ids: Vec<i64> = given.words("cohortids").filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let found: Vec<_> = match given.array("cohortids") {
        Some(_) => ids.into_iter().filter_map(|id| moodle.cohorts.get(id)).collect(),
        None => moodle.cohorts.all().collect(),
    };
    // Rights are asked for at each cohort, so that without any nobody is refused.
    if !found.is_empty() {
        may_view(caller)?;
    }
    Ok(Answer::json(&found.into_iter().map(|cohort| Shown::new(cohort, raw)).collect::<Vec<_>>()))
}

/// Searches name, idnumber and description for a part of a word.
/// `limitfrom` is the number of a page.
pub(in crate::sandbox) fn search(
    moodle: &Moodle,
    caller: &Caller,
    given: &Array,
    raw: bool,
) -> Outcome {
    let place = context(moodle, given)?;
    may_view(caller)?;
    let query = folded(given.text("query").unwrap_or_default());
    let size = given.number("limitnum").unwrap_or(25);
    let size = usize::try_from(size).ok().filter(|&size| size > 0).unwrap_or(usize::MAX);
    let page = usize::try_from(given.number("limitfrom").unwrap_or_default()).unwrap_or_default();
    let some = |within: &dyn Fn(&Cohort) -> bool| {
        let mut found: Vec<_> = moodle
            .cohorts
            .all()
            .filter(|cohort| within(cohort) && mentions(cohort, &query))
            .collect();
        found.sort_by(|a, b| (&a.name, &a.idnumber, a.id).cmp(&(&b.name, &b.idnumber, b.id)));
        found.into_iter().skip(page.saturating_mul(size)).take(size)
    };
    let mut cohorts: Vec<_> = match given.text("includes").unwrap_or("parents") {
        "all" => some(&|_| true).map(|cohort| Shown::new(cohort, raw)).collect(),
        "self" | "parents" => {
            some(&|cohort| cohort.category == place).map(|cohort| Shown::new(cohort, raw)).collect()
        }
        _ => return Err(Trouble::parameter("Invalid parameter value for 'includes'")),
    };
    if place.is_some() && matches!(given.text("includes"), None | Some("parents")) {
        let above = some(&|cohort| cohort.category.is_none());
        cohorts.extend(above.map(|cohort| Shown::new(cohort, raw).seen_from_below()));
    }
    Ok(Answer::json(&Found { cohorts }))
}

/// The category of that idnumber.
pub(super) fn category_by_idnumber(moodle: &Moodle, idnumber: &str) -> Option<i64> {
    moodle.site.categories.iter().find(|(_, held)| *held == idnumber).map(|(&id, _)| id)
}

pub(super) fn may_view(caller: &Caller) -> Outcome<()> {
    if caller.may(Right::ViewCohorts) || caller.may(Right::ManageCohorts) {
        return Ok(());
    }
    Err(Trouble::missing_right(Right::ViewCohorts.words()))
}

/// Where to search: a category, or the whole site, whose context is number 1.
fn context(moodle: &Moodle, given: &Array) -> Outcome<Option<i64>> {
    let refused = || Trouble::parameter("Missing parameters, please provide either context level");
    let context = given.array("context").ok_or_else(refused)?;
    let instance = context.number("instanceid");
    match (context.number("contextid"), context.text("contextlevel")) {
        (Some(1), _) | (None, Some("system")) => Ok(None),
        (None, Some("coursecat")) => instance
            .filter(|id| moodle.site.categories.contains_key(id))
            .map(Some)
            .ok_or_else(refused),
        _ => Err(refused()),
    }
}

fn mentions(cohort: &Cohort, query: &str) -> bool {
    query.is_empty()
        || [&cohort.name, &cohort.idnumber, &cohort.description]
            .into_iter()
            .any(|text| folded(text).contains(query))
}

/// A description as Moodle shows it: without scripts, its ampersands escaped.
fn cleaned(text: &str) -> String {
    let mut left = text;
    let mut clean = String::new();
    while let Some((before, after)) = left.split_once("<script") {
        clean.push_str(before);
        left = after.split_once("</script>").map_or("", |(_, rest)| rest);
    }
    clean.push_str(left);
    let mut shown = String::new();
    let mut pieces = clean.split('&');
    shown.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let entity = piece.split_once(';').is_some_and(|(name, _)| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
        });
        shown.push_str(if entity { "&" } else { "&amp;" });
        shown.push_str(piece);
    }
    shown
}
