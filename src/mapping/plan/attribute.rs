//! Attributes: what SCIM calls them, where the LMS keeps them, what happens to
//! a value on its way.

use serde_json::Value;

use crate::mapping::expr::{Expr, Pattern};
use crate::mapping::field::Field;
use crate::scim::{Edits, Mutability, Outcome, Place, Resource};

/// One SCIM attribute, or one slot of a multi-valued one.
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the language")]
#[derive(Debug)]
pub struct Attribute {
    /// The SCIM path as printed.
    pub name: String,
    /// Where it stands in a resource.
    pub slot: Slot,
    /// Where else the value is taken from, in order, where it is not in its own place.
    pub or: Vec<Slot>,
    /// Where the LMS shows it.
    pub read: Option<Field>,
    /// Where a create writes it.
    pub create: Option<Field>,
    /// Where a change writes it.
    pub update: Option<Field>,
    /// SCIM value to LMS value.
    pub to_lms: Option<Expr>,
    /// LMS value to SCIM value.
    pub from_lms: Option<Expr>,
    /// Value table.
    pub values: Option<Values>,
    /// What a value must look like before it is sent.
    pub check: Option<Check>,
    /// It is written only if this holds.
    pub when: Option<Expr>,
    /// A create that has no value.
    pub absent: Policy,
    /// A change that takes the value away.
    pub cleared: Policy,
    /// What it is when the LMS shows nothing.
    pub missing: Option<Value>,
    /// The derived field that carries it to the LMS.
    pub via: Option<String>,
    /// Whether the LMS cannot do without it.
    pub required: bool,
    /// Whether the LMS refuses a second one.
    pub unique: bool,
    /// Whether it may never be shown.
    pub secret: bool,
    /// Whether mapping there and back loses something, knowingly.
    pub lossy: bool,
    /// Whether a client may write it all the same, where the LMS is never told:
    /// the gateway remembers what it wrote.
    pub kept: bool,
    /// Whether case matters.
    pub exact: Option<bool>,
    /// Who may write it.
    pub mutability: Mutability,
    /// The joins that reading it needs.
    pub joins: Vec<usize>,
}

/// A place in a resource that holds one value.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The place, as the schema knows it.
    pub place: Place,
    /// What the element of a multi-valued attribute is told by.
    pub label: Vec<(String, Value)>,
}

/// What is sent for a value that is not there.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// Nothing.
    Omit,
    /// `null`.
    Null,
    /// The empty text.
    Empty,
    /// This.
    Send(Value),
    /// The request is refused: the LMS cannot do without.
    Refuse,
    /// A password that nobody knows.
    Invent,
}

/// A value table: SCIM on the left, LMS on the right.
#[derive(Clone, Debug)]
pub struct Values {
    /// SCIM value, and the LMS values that mean it; the first is written.
    pub pairs: Vec<(Value, Vec<Value>)>,
    /// The SCIM value of every LMS value that is not listed.
    pub otherwise: Option<Value>,
    /// Whether a SCIM value that is not listed is left out instead of refused.
    pub drop: bool,
}

/// What a value must look like before it is sent.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// A pattern it must match.
    pub pattern: Option<Pattern>,
    /// The most characters.
    pub most: Option<u64>,
    /// The fewest characters.
    pub least: Option<u64>,
    /// Words for the client.
    pub says: Option<String>,
    /// Whether a value that does not fit is left out instead of refused.
    pub drop: bool,
}

/// A field of the LMS that is made from several attributes.
#[derive(Debug)]
pub struct Derived {
    /// Its name, as `via` names it.
    pub name: String,
    /// Where it is written.
    pub field: Field,
    /// The attributes it is made from.
    pub from: Vec<String>,
    /// How, over `user`.
    pub value: Expr,
}

impl Attribute {
    /// Where the value may stand: in its own place, or in another.
    fn slots(&self) -> impl Iterator<Item = &Slot> {
        std::iter::once(&self.slot).chain(&self.or)
    }

    /// The slot that a resource's value for this attribute stands in.
    pub fn source(&self, resource: &Resource) -> Option<&Slot> {
        self.slots().find(|slot| slot.read(resource).is_some())
    }

    /// A resource's value for this attribute.
    pub fn value<'r>(&self, resource: &'r Resource) -> Option<&'r Value> {
        self.slots().find_map(|slot| slot.read(resource))
    }

    /// What becomes of the value by edits. What happens in another place is of no
    /// account while there is a value in its own, and whether there is one, nobody
    /// knows before the resource is read.
    pub fn outcome(&self, edits: &Edits) -> Outcome {
        let own = edits.outcome(&self.slot.place);
        let mut others = self.or.iter().map(|slot| edits.outcome(&slot.place));
        match own {
            Outcome::Set(_) | Outcome::Unknown => own,
            Outcome::Untouched if others.all(|other| other == Outcome::Untouched) => own,
            Outcome::Untouched => Outcome::Unknown,
            Outcome::Cleared => match others.find(|other| *other != Outcome::Cleared) {
                Some(Outcome::Set(value)) => Outcome::Set(value),
                Some(_) => Outcome::Unknown,
                None => own,
            },
        }
    }

    /// The value that edits give, in whichever place.
    pub fn given(&self, edits: &Edits) -> Option<Value> {
        self.slots().find_map(|slot| match edits.outcome(&slot.place) {
            Outcome::Set(value) => Some(value),
            Outcome::Untouched | Outcome::Cleared | Outcome::Unknown => None,
        })
    }

    /// Whether another place may do for one that the LMS cannot do without.
    pub(in crate::mapping) fn may_come_otherwise(&self) -> bool {
        self.required && !self.or.is_empty()
    }
}

impl Values {
    /// The LMS value of a SCIM value.
    pub fn lower(&self, value: &Value) -> Option<&Value> {
        self.pairs.iter().find(|(scim, _)| same(scim, value))?.1.first()
    }

    /// The SCIM value of an LMS value.
    pub fn lift(&self, value: &Value) -> Option<&Value> {
        let meant = |(_, lms): &&(Value, Vec<Value>)| lms.iter().any(|known| same(known, value));
        self.pairs.iter().find(meant).map(|(scim, _)| scim).or(self.otherwise.as_ref())
    }
}

/// Equal, or equal once written out: `1` and `"1"`, `true` and `"True"`.
fn same(left: &Value, right: &Value) -> bool {
    use crate::mapping::expr::plain_text;
    left == right
        || match (plain_text(left), plain_text(right)) {
            (Some(left), Some(right)) => left.eq_ignore_ascii_case(&right),
            _ => false,
        }
}
