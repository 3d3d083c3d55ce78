//! Who can answer a filter, and by which questions to the `find` table. What no
//! question covers is answered by reading more and holding it against the
//! filter, where the mapping allows that.

use serde_json::Value;

use super::Site;
use super::ask::ALL;
use crate::call::{Failure, Kind as Class};
use crate::mapping::expr::{Fuel, Scope};
use crate::mapping::plan::{Attribute, KindPlan, Row};
use crate::scim::{Kind, Matcher, Operator, Place};

/// Who can answer a filter. It is known before any call is made, from the
/// mapping and the settings alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// The LMS can have nobody like that, and need not be asked.
    Nobody,
    /// The LMS: its questions find everybody who is meant, perhaps others too.
    Asked,
    /// The gateway's own memory alone: what decides is an attribute that this
    /// LMS has no place for, so that nobody has it but by what a client sent.
    NoPlace,
    /// Both, for alternatives: the LMS is asked for the one, and has no place
    /// for the other.
    Divided,
    /// The LMS, by reading everything.
    Scan,
    /// Nobody can: it is refused.
    Unanswerable,
}

impl Coverage {
    /// Both must hold: whoever has the easier part has them all.
    fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either will do, so all have to be asked.
    fn or(self, other: Self) -> Self {
        match (self.min(other), self.max(other)) {
            (Self::Asked, Self::NoPlace) => Self::Divided,
            (_, harder) => harder,
        }
    }
}

impl Site {
    /// Who can answer a filter, or list all where there is none.
    pub fn coverage(&self, kind: Kind, matcher: Option<&Matcher>) -> Coverage {
        let names = [("settings", self.settings())];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let kinds = self.plan.kinds_of(kind);
        let each = kinds.map(|kind| Cover { kind, scope }.coverage(matcher));
        each.reduce(Coverage::or).unwrap_or(Coverage::Unanswerable)
    }
}

impl Site {
    /// What the gateway's memory is asked for where it has to answer: the part of a
    /// filter that this LMS has no place for. All else is the LMS's to say, and may be
    /// other than what a client once sent. Nothing, where no part of it is for memory.
    pub fn recalled(&self, kind: Kind, matcher: &Matcher) -> Option<Matcher> {
        let names = [("settings", self.settings())];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let kinds = self.plan.kinds_of(kind);
        let each = kinds.filter_map(|kind| Cover { kind, scope }.recalled(matcher));
        joined(each.collect(), Matcher::Any)
    }
}

/// Some filters as one.
fn joined(mut parts: Vec<Matcher>, join: fn(Vec<Matcher>) -> Matcher) -> Option<Matcher> {
    if parts.len() > 1 { Some(join(parts)) } else { parts.pop() }
}

/// A question, and the values it is asked for.
pub(super) type Question = (String, Vec<Value>);

/// One kind of resource, as far as filters go.
pub(super) struct Cover<'a> {
    pub(super) kind: &'a KindPlan,
    pub(super) scope: Scope<'a>,
}

impl Cover<'_> {
    /// Who can answer a filter.
    pub(super) fn coverage(&self, matcher: Option<&Matcher>) -> Coverage {
        if self.kind.remembered {
            return Coverage::NoPlace;
        }
        match matcher {
            Some(matcher) => self.part(matcher),
            None if self.kind.row(ALL).is_some() => Coverage::Asked,
            None => Coverage::Unanswerable,
        }
    }

    fn part(&self, matcher: &Matcher) -> Coverage {
        match matcher {
            Matcher::Compare(place, operator, operand) => {
                self.comparison(place, *operator, operand.to_value())
            }
            Matcher::Present(place) => match self.element(place) {
                Some((question, values)) => self.asked(&question, &values),
                None if self.has_room(place) => self.scan(),
                None => Coverage::NoPlace,
            },
            Matcher::All(parts) => {
                parts.iter().map(|part| self.part(part)).fold(self.scan(), Coverage::and)
            }
            Matcher::Any(parts) => {
                parts.iter().map(|part| self.part(part)).fold(Coverage::Nobody, Coverage::or)
            }
            // Whoever has no value is meant too, so memory cannot decide it.
            Matcher::Not(_) => self.scan(),
        }
    }

    fn recalled(&self, matcher: &Matcher) -> Option<Matcher> {
        if self.kind.remembered {
            return Some(matcher.clone());
        }
        if !matches!(self.part(matcher), Coverage::NoPlace | Coverage::Divided) {
            return None;
        }
        match matcher {
            Matcher::All(parts) => {
                let own = parts.iter().filter(|part| self.part(part) == Coverage::NoPlace);
                let own = own.filter_map(|part| self.recalled(part)).collect();
                // Else the same part of which the LMS is asked the rest.
                let easiest = || parts.iter().min_by_key(|part| self.part(part));
                joined(own, Matcher::All).or_else(|| self.recalled(easiest()?))
            }
            Matcher::Any(parts) => {
                let own = parts.iter().filter_map(|part| self.recalled(part)).collect();
                joined(own, Matcher::Any)
            }
            Matcher::Compare(..) | Matcher::Present(_) | Matcher::Not(_) => Some(matcher.clone()),
        }
    }

    fn comparison(&self, place: &Place, operator: Operator, value: Value) -> Coverage {
        if let Some(question) = self.direct(place, operator) {
            return self.asked(&question, &self.values(place, value));
        }
        if let Some(question) = self.indirect(place, operator) {
            // The LMS has one of them; others may be remembered of what a client sent.
            return self.asked(&question, &self.values(place, value)).or(Coverage::NoPlace);
        }
        // `ne` means those too who have no value.
        if operator == Operator::Ne || self.has_room(place) {
            return self.scan();
        }
        Coverage::NoPlace
    }

    /// Who answers a question that the table knows.
    fn asked(&self, question: &str, values: &[Value]) -> Coverage {
        let Some(row) = self.kind.row(question) else { return self.scan() };
        if self.is_off(row) {
            return Coverage::NoPlace;
        }
        if values.iter().any(|value| row.prepared(value, &self.scope).is_some()) {
            Coverage::Asked
        } else {
            Coverage::Nobody
        }
    }

    /// Whether the settings alone say that a row finds nobody, whatever it is
    /// asked for.
    fn is_off(&self, row: &Row) -> bool {
        let possible = row.possible.as_ref().filter(|possible| !possible.mentions("value"));
        possible.is_some_and(|possible| !possible.holds(&self.scope))
    }

    fn scan(&self) -> Coverage {
        let allowed = self.kind.scan && self.kind.row(ALL).is_some();
        if allowed { Coverage::Scan } else { Coverage::Unanswerable }
    }

    /// Whether the LMS shows anything that could stand at a place.
    fn has_room(&self, place: &Place) -> bool {
        let own = ["id", "schemas"].iter().any(|name| place.attr.name.is(name));
        let members = place.attr.name.is("members") && self.kind.members.is_some();
        let mut attributes = self.kind.attributes.iter();
        (own && place.schema.is_none())
            || members
            || attributes.any(|attribute| {
                attribute.may_stand_at(place)
                    && match &attribute.read {
                        Some(field) => field.may_exist(&self.scope),
                        None => attribute.from_lms.is_some(),
                    }
            })
    }

    /// The questions to ask. A `loose` caller answers from its own memory what
    /// the LMS has no place for.
    pub(super) fn questions(
        &self,
        matcher: Option<&Matcher>,
        loose: bool,
    ) -> Result<Vec<Question>, Failure> {
        let kind = self.kind;
        let everything = || vec![(ALL.to_owned(), Vec::new())];
        let listable = kind.row(ALL).is_some() || kind.remembered;
        let Some(matcher) = matcher else {
            return if listable { Ok(everything()) } else { Err(refused(kind, "list everybody")) };
        };
        // A question leaves out by itself what nobody can have.
        if let Some(found) = self.covered(matcher, loose) {
            return Ok(found);
        }
        if loose && matches!(self.part(matcher), Coverage::NoPlace | Coverage::Nobody) {
            return Ok(Vec::new());
        }
        if kind.remembered || (listable && kind.scan) {
            return Ok(everything());
        }
        Err(refused(kind, "answer this filter"))
    }

    /// The questions that find at least everything a filter means.
    fn covered(&self, matcher: &Matcher, loose: bool) -> Option<Vec<Question>> {
        match matcher {
            Matcher::Compare(place, operator, operand) => {
                let question = self.question(place, *operator)?;
                Some(vec![(question, self.values(place, operand.to_value()))])
            }
            // Whatever one part finds, the others only narrow. The questions of a
            // divided part find less than all it means.
            Matcher::All(parts) if loose => {
                let easiest = parts.iter().min_by_key(|part| self.part(part))?;
                self.covered(easiest, loose)
            }
            Matcher::All(parts) => parts.iter().find_map(|part| self.covered(part, loose)),
            Matcher::Any(parts) => {
                let mut all: Vec<Question> = Vec::new();
                for part in parts {
                    if loose && self.part(part) == Coverage::NoPlace {
                        continue;
                    }
                    for (text, values) in self.covered(part, loose)? {
                        match all.iter_mut().find(|(known, _)| *known == text) {
                            Some((_, known)) => known.extend(values),
                            None => all.push((text, values)),
                        }
                    }
                }
                Some(all)
            }
            Matcher::Present(place) => self.element(place).map(|question| vec![question]),
            Matcher::Not(_) => None,
        }
    }

    /// `emails[type eq "work" and value eq "x"]` asks what
    /// `emails[type eq "work"].value eq "x"` asks.
    fn element(&self, place: &Place) -> Option<Question> {
        let terms = place.slot()?;
        self.kind.attributes.iter().find_map(|attribute| {
            let slot = &attribute.slot;
            let sub = slot.place.sub.as_ref()?;
            let labelled = slot.label.iter().all(|(key, value)| {
                terms.iter().any(|(name, wanted)| name.is(key) && wanted == value)
            });
            let (_, value) = terms.iter().find(|(name, _)| *name == sub.name)?;
            let question = format!("{} eq", attribute.name);
            let known = self.kind.row(&question).is_some();
            let fits = labelled && slot.place.shares_attribute(place) && known;
            fits.then(|| (question, vec![value.clone()]))
        })
    }

    /// The row that answers a comparison, as far as the LMS can.
    fn question(&self, place: &Place, operator: Operator) -> Option<String> {
        self.direct(place, operator).or_else(|| self.indirect(place, operator))
    }

    /// The row that is about this place.
    fn direct(&self, place: &Place, operator: Operator) -> Option<String> {
        let direct = format!("{place} {}", operator.as_str());
        self.kind.row(&direct).map(|_| direct)
    }

    /// `emails.value` means any address; where the LMS has only one, that one.
    fn indirect(&self, place: &Place, operator: Operator) -> Option<String> {
        let mut slots = self.kind.attributes.iter().filter(|attribute| {
            attribute.slot.place.shares_attribute(place)
                && attribute.slot.place.leaf().name == place.leaf().name
        });
        let only = slots.next().filter(|_| slots.next().is_none())?;
        let indirect = format!("{} {}", only.name, operator.as_str());
        (place.element.is_none() && self.kind.row(&indirect).is_some()).then_some(indirect)
    }

    /// Ids are asked for as the LMS knows them; other values as they are.
    fn values(&self, place: &Place, value: Value) -> Vec<Value> {
        let kind = self.kind;
        if place.is_id() {
            return value.as_str().and_then(|id| kind.id.decode(id)).into_iter().collect();
        }
        if place.attr.name.is("members") {
            let members = kind.members.as_ref();
            let text = value.as_str().unwrap_or_default();
            return members.and_then(|members| members.native(text)).into_iter().collect();
        }
        vec![value]
    }
}

impl Attribute {
    /// Whether its value, or what its element is told by, could stand at a place
    /// that a filter names.
    fn may_stand_at(&self, place: &Place) -> bool {
        if !self.slot.place.shares_attribute(place) {
            return false;
        }
        let part = match (&place.sub, &self.slot.place.sub) {
            (Some(wanted), Some(own)) => {
                wanted.name == own.name
                    || self.slot.label.iter().any(|(key, _)| wanted.name.is(key))
            }
            (None, _) | (_, None) => true,
        };
        // Terms of another sort than an equality may hold for any element.
        let terms = place.slot().unwrap_or_default();
        let other = self.slot.label.iter().any(|(key, value)| {
            terms.iter().any(|(name, wanted)| name.is(key) && !alike(wanted, value))
        });
        part && !other
    }
}

fn alike(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

fn refused(kind: &KindPlan, what: &str) -> Failure {
    let known: Vec<&str> = kind.rows.iter().map(|row| row.question.as_str()).collect();
    let says = format!("this LMS cannot {what}; it answers {}", known.join(", "));
    Failure::new(Class::Unsupported, says).on("filter")
}
