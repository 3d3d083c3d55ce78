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
    /// Attributes that lie in another SCIM attribute than the one before them.
    turns: Vec<bool>,
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
                Some(key) => match plain.iter_mut().find(|(known, _)| known == key) {
                    Some((_, attributes)) => attributes.push(index),
                    None => plain.push((key.to_owned(), vec![index])),
                },
                None if attribute.is_shown() && !matches!(read, Reading::Off) => rest.push(index),
                None => {}
            }
        }
        plain.sort();
        let alone = (0..reads.len()).map(|index| is_alone(kind, &reads, index)).collect();
        Self { alone, turns: turns(&kind.attributes), reads, plain, rest }
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

    /// Whether the echo of an attribute can be worked out without the others.
    pub(super) fn is_alone(&self, index: usize) -> bool {
        self.alone.get(index).copied().unwrap_or(false)
    }

    /// Whether an attribute lies in another SCIM attribute than the one before.
    pub(super) fn turns(&self, index: usize) -> bool {
        self.turns.get(index).copied().unwrap_or(true)
    }
}

impl Reading {
    fn of(field: Option<&Field>, scope: &Scope<'_>) -> Self {
        match field {
            None => Self::Nowhere,
            Some(field) if field.mentions_only("settings") => {
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
    fn may_meet(&self, other: Option<&Self>) -> bool {
        match (self, other) {
            (Self::Off, _) | (_, Some(Self::Off)) => false,
            (Self::At(one), Some(Self::At(other))) => one.head() == other.head(),
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
fn is_alone(kind: &KindPlan, reads: &[Reading], index: usize) -> bool {
    let told = |(other, attribute): (usize, &Attribute)| {
        other != index
            && attribute.is_two_way()
            && reads.get(other).is_none_or(|other| other.may_meet(reads.get(index)))
    };
    let own = kind.attributes.get(index);
    own.is_some_and(|own| own.via.is_none() && own.read.is_some() && own.needs_only_its_field())
        && kind.derived.is_empty()
        && !kind.attributes.iter().enumerate().any(told)
}

fn turns(attributes: &[Attribute]) -> Vec<bool> {
    let before = std::iter::once(None).chain(attributes.iter().map(Some));
    let pairs = attributes.iter().zip(before);
    pairs
        .map(|(one, before)| {
            before.is_none_or(|before| !one.slot.place.shares_attribute(&before.slot.place))
        })
        .collect()
}
