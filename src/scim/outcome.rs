//! What edits come to, without the resource they will be applied to.
//!
//! Most changes that clients ask for say all there is to say: the new work
//! address, the new name, these members more. Such a change can be sent to the
//! LMS as it stands. Only where the result depends on what is there now does
//! it cost a read first, and this file knows which those are.

use super::edit::{Act, Edit, Edits};
use super::elements::Elements;
use super::place::Place;
use super::schema::Attribute;
use super::slot::slot;
use super::work::Work;
use serde_json::{Map, Value};

/// What one place holds after the edits.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// What it held before.
    Untouched,
    /// This.
    Set(Value),
    /// Nothing.
    Cleared,
    /// It depends on what is there: the attribute must be read first.
    Unknown,
}

/// What edits do to a list of references, such as the members of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// Whether `added` is all there will be.
    pub replaced: bool,
    /// Elements that will be there.
    pub added: Vec<Value>,
    /// Elements that will not be there.
    pub dropped: Vec<Value>,
}

impl Edits {
    /// What `place` holds afterwards.
    ///
    /// ```
    /// use matricula::scim::{Outcome, Path, ResourceType, Rules};
    /// use serde_json::json;
    ///
    /// let user = ResourceType::user();
    /// let place = |text| user.place(&Path::parse(text, user.urns()).unwrap()).unwrap();
    /// let body = json!({ "Operations": [
    ///     { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "nina@hoch.example" },
    /// ] });
    /// let edits = user.patch(body, None, Rules::default()).unwrap();
    /// let work = edits.outcome(&place(r#"emails[type eq "work"].value"#));
    /// assert_eq!(work, Outcome::Set(json!("nina@hoch.example")));
    /// assert_eq!(edits.outcome(&place("title")), Outcome::Untouched);
    /// ```
    pub fn outcome(&self, place: &Place) -> Outcome {
        let mut outcome = Outcome::Untouched;
        // Once the whole list has been set, it is known, and the edits that
        // follow can be carried out on it.
        let mut known: Option<Elements<'_>> = None;
        let mut work = Work::default();
        for edit in self.iter().filter(|edit| edit.place.shares_attribute(place)) {
            if !place.attr.multi_valued {
                outcome = single(outcome, edit, place);
            } else if let Some(Known(list)) = whole_list(edit) {
                known = Some(Elements::of(&edit.place.attr, list));
            } else if let Some(list) = known.take() {
                known = self.edited(edit, list, &mut work);
                outcome = Outcome::Unknown;
            } else {
                outcome = slot(outcome, edit, place);
            }
        }
        match known {
            Some(list) => read(list.into_value(), place),
            None => outcome,
        }
    }

    /// Which of `places` must be read before the edits can be carried out.
    /// None, for nearly everything that Entra sends.
    pub fn needs<'a>(&self, places: impl IntoIterator<Item = &'a Place>) -> Vec<&'a Place> {
        places.into_iter().filter(|place| self.outcome(place) == Outcome::Unknown).collect()
    }

    /// What the edits do to the references in the attribute of `place`;
    /// nothing where they choose elements by something other than their value,
    /// so that the list must be read first.
    pub fn delta(&self, place: &Place) -> Option<Delta> {
        let mut replaced = false;
        let mut added = Elements::of(&place.attr, None);
        let mut dropped = Elements::of(&place.attr, None);
        for edit in self.iter().filter(|edit| edit.place.shares_attribute(place)) {
            match (whole_list(edit), &edit.act) {
                (Some(Known(list)), _) => {
                    replaced = true;
                    added = Elements::of(&place.attr, list);
                    dropped = Elements::of(&place.attr, None);
                }
                (None, Act::Add(elements)) => {
                    for element in elements {
                        dropped.drop(element);
                        added.add(element.clone());
                    }
                }
                (None, Act::Drop(elements)) => {
                    for element in elements {
                        added.drop(element);
                        dropped.add(element.clone());
                    }
                }
                (None, Act::Set(_) | Act::Clear) => return None,
                (None, Act::Expect(_)) => {}
            }
        }
        let dropped = if replaced { Vec::new() } else { listed(dropped.into_value()) };
        Some(Delta { replaced, added: listed(added.into_value()), dropped })
    }

    /// A known list after an edit; nothing, where that is not known or is too much
    /// work, which is then refused where it is done.
    fn edited<'a>(
        &self,
        edit: &'a Edit,
        list: Elements<'a>,
        work: &mut Work,
    ) -> Option<Elements<'a>> {
        work.spend(edit, &list).ok()?;
        self.edit_elements(edit, list).ok()
    }
}

/// A list that is known whole, whatever was there before.
struct Known(Option<Value>);

fn listed(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(elements)) => elements,
        Some(single) => vec![single],
        None => Vec::new(),
    }
}

/// The list that an edit leaves behind whatever was there.
fn whole_list(edit: &Edit) -> Option<Known> {
    let whole = edit.place.element.is_none() && edit.place.sub.is_none();
    match &edit.act {
        Act::Set(list) if whole => Some(Known(Some(list.clone()))),
        Act::Clear if whole => Some(Known(None)),
        Act::Set(_) | Act::Clear | Act::Add(_) | Act::Drop(_) | Act::Expect(_) => None,
    }
}

fn read(list: Option<Value>, place: &Place) -> Outcome {
    let Some(list) = list else { return Outcome::Cleared };
    if place.element.is_none() && place.sub.is_none() {
        return Outcome::Set(list);
    }
    let home = Map::from_iter([(place.attr.name.as_str().to_owned(), list)]);
    let local = Place { schema: None, ..place.clone() };
    let mut outcome = Outcome::Cleared;
    local.any(&home, |value| {
        outcome = Outcome::Set(value.clone());
        true
    });
    outcome
}

fn single(before: Outcome, edit: &Edit, place: &Place) -> Outcome {
    let part = |value: &Value, sub: &Attribute| match value.get(sub.name.as_str()) {
        Some(part) => Outcome::Set(part.clone()),
        None => Outcome::Cleared,
    };
    match (&edit.act, &edit.place.sub, &place.sub) {
        (Act::Set(value), None, None) => Outcome::Set(value.clone()),
        (Act::Set(value), None, Some(sub)) => part(value, sub),
        (Act::Set(value), Some(one), Some(other)) if one.name == other.name => {
            Outcome::Set(value.clone())
        }
        (Act::Clear | Act::Drop(_), None, _) => Outcome::Cleared,
        (Act::Clear, Some(one), Some(other)) if one.name == other.name => Outcome::Cleared,
        (Act::Set(_) | Act::Clear, Some(_), Some(_)) | (Act::Expect(_), ..) => before,
        (Act::Set(value), Some(sub), None) => with_part(before, sub, Some(value)),
        (Act::Clear, Some(sub), None) => with_part(before, sub, None),
        (Act::Add(_), ..) | (Act::Drop(_), Some(_), _) => Outcome::Unknown,
    }
}

/// The whole of a complex attribute of which one part changed.
fn with_part(before: Outcome, sub: &Attribute, value: Option<&Value>) -> Outcome {
    let mut parts = match before {
        Outcome::Set(Value::Object(parts)) => parts,
        Outcome::Cleared => Map::new(),
        Outcome::Set(_) | Outcome::Untouched | Outcome::Unknown => return Outcome::Unknown,
    };
    match value {
        Some(value) => parts.insert(sub.name.as_str().to_owned(), value.clone()),
        None => parts.remove(sub.name.as_str()),
    };
    if parts.is_empty() { Outcome::Cleared } else { Outcome::Set(Value::Object(parts)) }
}
