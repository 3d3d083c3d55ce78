//! A kind of resource in one installation: what follows from the mapping and the
//! settings alone, worked out once, so that a read costs as little as it can.

use std::borrow::Cow;

use serde_json::Value;

use super::expr::{Expr, Fuel, Scope};
use super::field::{Field, Filled};
use super::plan::{Attribute, KindPlan};

/// What is known beforehand of one kind.
#[derive(Clone)]
pub(super) struct Ready {
    /// Where each attribute is read, in the order of the mapping.
    reads: Vec<Reading>,
    /// Attributes that are a field of the object and no more, by the field and
    /// in its order: an object is taken apart in one pass.
    pub(super) plain: Vec<(String, Vec<usize>)>,
    /// Attributes that need the object as a whole.
    pub(super) rest: Vec<usize>,
    /// Attributes whose echo does not depend on that of others.
    alone: Vec<bool>,
    /// The names that expressions of attributes mention beside the settings.
    pub(super) mentions: Mentions,
    /// Whether who answers a filter, and how, depends on more than the settings.
    pub(super) looks_around: bool,
}

/// What has to be laid out for the expressions of attributes.
#[derive(Clone, Copy)]
pub(super) struct Mentions {
    pub(super) now: bool,
    pub(super) lookups: bool,
    pub(super) user: bool,
}

/// Where an attribute is read.
#[derive(Clone)]
enum Reading {
    /// Nowhere in particular: by an expression alone, or not at all.
    Nowhere,
    /// Nowhere: a setting that is not set switches it off.
    Off,
    /// Here.
    At(Filled),
    /// Where this leads, which is not known before the operation.
    Along,
}

/// Where to read, in the operation at hand.
pub(super) enum Spot<'a> {
    Nowhere,
    Off,
    At(Cow<'a, Filled>),
}

impl Ready {
    /// What is known of a kind where these are the settings.
    pub(super) fn new(kind: &KindPlan, settings: &Value) -> Self {
        let names = [("settings", settings)];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let reads: Vec<_> =
            kind.attributes.iter().map(|it| Reading::of(it.read.as_ref(), &scope)).collect();
        let mut plain: Vec<(String, Vec<usize>)> = Vec::new();
        let mut rest = Vec::new();
        for (index, (attribute, read)) in kind.attributes.iter().zip(&reads).enumerate() {
            match read.key().filter(|_| attribute.needs_only_its_field()) {
                Some(key) => put(&mut plain, key, index),
                None if attribute.is_shown() && !matches!(read, Reading::Off) => rest.push(index),
                None => {}
            }
        }
        plain.sort();
        let derived = kind.derived.iter().map(|it| Reading::of(Some(&it.field), &scope));
        let derived: Vec<Reading> = derived.collect();
        let alone = |index| is_alone(kind, (&reads, &derived), index);
        let alone = (0..reads.len()).map(alone).collect();
        let (mentions, looks_around) = (Mentions::of(kind), looks_around(kind));
        Self { reads, plain, rest, alone, mentions, looks_around }
    }

    /// Where an attribute is read.
    pub(super) fn spot<'a>(
        &'a self,
        index: usize,
        attribute: &'a Attribute,
        scope: &Scope<'_>,
    ) -> Spot<'a> {
        match self.reads.get(index) {
            Some(Reading::At(filled)) => Spot::At(Cow::Borrowed(filled)),
            Some(Reading::Off) => Spot::Off,
            Some(Reading::Along) => {
                let filled = attribute.read.as_ref().and_then(|field| field.fill(scope));
                filled.map_or(Spot::Off, Spot::At)
            }
            Some(Reading::Nowhere) | None => Spot::Nowhere,
        }
    }

    /// The field of the object in which an attribute stands, where that alone says what
    /// it is.
    pub(super) fn head_of(&self, index: usize) -> Option<&str> {
        self.place(index)?.head()
    }

    /// What is shown of an attribute in that field.
    pub(super) fn below<'v>(&self, index: usize, field: &'v Value) -> Option<&'v Value> {
        self.place(index)?.below(field)
    }

    fn place(&self, index: usize) -> Option<&Filled> {
        match self.reads.get(index)? {
            Reading::At(filled) => Some(filled),
            Reading::Nowhere | Reading::Off | Reading::Along => None,
        }
    }

    /// Whether the echo of an attribute can be worked out without the others.
    pub(super) fn is_alone(&self, index: usize) -> bool {
        self.alone.get(index).copied().unwrap_or(false)
    }
}

impl Mentions {
    fn of(kind: &KindPlan) -> Self {
        let attributes = kind.attributes.iter();
        let exprs = attributes.flat_map(|it| [&it.to_lms, &it.from_lms, &it.when]).flatten();
        let exprs = exprs.chain(kind.derived.iter().map(|derived| &derived.value));
        let fields = kind.attributes.iter().flat_map(|it| [&it.read, &it.create, &it.update]);
        let fields: Vec<&Field> = fields.flatten().collect();
        let exprs: Vec<&Expr> = exprs.collect();
        let mentions = |name: &str| {
            exprs.iter().any(|expr| expr.mentions(name))
                || fields.iter().any(|field| field.mentions(name))
        };
        Self { now: mentions("now"), lookups: mentions("lookup"), user: mentions("user") }
    }
}

/// Whether a row looks at the time or at a list of the LMS.
fn looks_around(kind: &KindPlan) -> bool {
    let mut exprs = kind.rows.iter().flat_map(|row| [&row.value, &row.possible]).flatten();
    exprs.any(|expr| ["now", "lookup"].iter().any(|name| expr.mentions(name)))
}

/// Adds an attribute to those under a key.
fn put(keys: &mut Vec<(String, Vec<usize>)>, key: &str, index: usize) {
    match keys.iter_mut().find(|(known, _)| known == key) {
        Some((_, attributes)) => attributes.push(index),
        None => keys.push((key.to_owned(), vec![index])),
    }
}

impl Reading {
    fn of(field: Option<&Field>, scope: &Scope<'_>) -> Self {
        match field {
            None => Self::Nowhere,
            Some(field) if field.follows_from_settings() => {
                field.fill(scope).map_or(Self::Off, |filled| Self::At(filled.into_owned()))
            }
            Some(_) => Self::Along,
        }
    }

    /// The key, where it is nothing but a field of the object.
    fn key(&self) -> Option<&str> {
        match self {
            Self::At(filled) => filled.key(),
            Self::Nowhere | Self::Off | Self::Along => None,
        }
    }

    /// Whether both may be in one field of the object.
    fn may_meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Off, _) | (_, Self::Off) => false,
            (Self::At(one), Self::At(other)) => one.head() == other.head(),
            _ => true,
        }
    }
}

impl Attribute {
    fn is_shown(&self) -> bool {
        self.read.is_some() || self.from_lms.is_some() || self.missing.is_some()
    }

    /// Whether nothing but its field says what it is, and nothing is assumed
    /// where that is missing.
    fn needs_only_its_field(&self) -> bool {
        let looks_around = |it: &Expr| it.mentions("lms") || it.mentions("joins");
        self.missing.is_none() && !self.from_lms.as_ref().is_some_and(looks_around)
    }
}

/// Whether no other attribute is told where this one is shown. One that is made
/// into a field with others, or that looks around, echoes what became of all.
fn is_alone(kind: &KindPlan, (reads, derived): (&[Reading], &[Reading]), index: usize) -> bool {
    let (Some(own), Some(read)) = (kind.attributes.get(index), reads.get(index)) else {
        return false;
    };
    let mut others = kind.attributes.iter().zip(reads).enumerate();
    let met = others.any(|(other, (attribute, place))| {
        other != index && attribute.is_two_way() && place.may_meet(read)
    });
    let plain = own.via.is_none() && own.read.is_some() && own.needs_only_its_field();
    plain && !met && !derived.iter().any(|place| place.may_meet(read))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn objects_are_in_the_order_of_their_keys() {
        let object: Value = serde_json::from_str(r#"{"b": 1, "a": 2}"#).unwrap();
        let keys: Vec<_> = object.as_object().into_iter().flat_map(|it| it.keys()).collect();
        // Whole lists are read in one pass because of it.
        assert_eq!(keys, ["a", "b"], "serde_json's `preserve_order` is on: {}", json!(keys));
    }
}
