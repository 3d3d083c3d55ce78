//! Edits: the one small form that PATCH, in all of its dialects, and PUT are
//! brought into.

use super::place::Place;
use serde_json::Value;
use std::fmt;

/// One change of one place.
#[derive(Clone, PartialEq)]
pub struct Edit {
    /// Where.
    pub place: Place,
    /// What.
    pub act: Act,
}

/// What is done at a place. Values are in the type of the place.
#[derive(Clone, PartialEq)]
pub enum Act {
    /// Afterwards the place holds exactly this. A slot without an element is
    /// given one.
    Set(Value),
    /// These elements are there too; those that are there already stay.
    Add(Vec<Value>),
    /// These elements are gone; those that are not there are no error.
    Drop(Vec<Value>),
    /// Nothing is assigned here.
    Clear,
    /// The place is read-only and must hold this already.
    Expect(Value),
}

impl Act {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Add(_) => "add",
            Self::Drop(_) => "drop",
            Self::Clear => "clear",
            Self::Expect(_) => "expect",
        }
    }
}

/// The changes one request asks for, in order. All of them happen, or none.
#[derive(Clone, Default, PartialEq)]
pub struct Edits {
    pub(super) list: Vec<Edit>,
    /// Whether what no edit names goes away: the request was a PUT.
    pub(super) complete: bool,
    /// Whether a filter without a match is refused.
    pub(super) strict: bool,
}

impl Edits {
    /// The edits in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Edit> {
        self.list.iter()
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && !self.complete
    }

    /// Whether what no edit names goes away, as a PUT asks.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether any edit touches the attribute that `place` lies in.
    pub fn touch(&self, place: &Place) -> bool {
        self.list.iter().any(|edit| edit.place.shares_attribute(place))
    }

    /// The same, but for edits of some places.
    pub fn without(&self, left_out: impl Fn(&Place) -> bool) -> Self {
        let list = self.list.iter().filter(|edit| !left_out(&edit.place)).cloned().collect();
        Self { list, ..*self }
    }

    /// The same, after others that were asked for before.
    #[must_use]
    pub fn after(&self, earlier: &Self) -> Self {
        let mut all = Self { list: earlier.list.clone(), ..*self };
        self.list.iter().cloned().for_each(|edit| all.push(edit));
        all
    }

    /// Appends an edit. Additions to one attribute that follow each other are
    /// one addition: authentik sends an operation for each member.
    pub(super) fn push(&mut self, edit: Edit) {
        if let Some(last) = self.list.last_mut()
            && last.place.element.is_none()
            && last.place == edit.place
        {
            match (&mut last.act, edit.act) {
                (Act::Add(known), Act::Add(more)) | (Act::Drop(known), Act::Drop(more)) => {
                    known.extend(more);
                }
                (_, act) => self.list.push(Edit { place: edit.place, act }),
            }
            return;
        }
        self.list.push(edit);
    }
}

impl FromIterator<Edit> for Edits {
    fn from_iter<I: IntoIterator<Item = Edit>>(edits: I) -> Self {
        let mut all = Self::default();
        edits.into_iter().for_each(|edit| all.push(edit));
        all
    }
}

impl<'a> IntoIterator for &'a Edits {
    type Item = &'a Edit;
    type IntoIter = std::slice::Iter<'a, Edit>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Places and verbs only; values are personal data.
impl fmt::Debug for Edit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.act.word(), self.place)
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl fmt::Debug for Edits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(&self.list).finish()
    }
}
