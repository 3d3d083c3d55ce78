//! What the LMS shows, written straight as the text that a client reads. Of most
//! accounts nothing is known beside; then no resource has to be made on the way.
//!
//! Where each value stands in the text follows from the mapping alone, and is worked
//! out once. Of a kind whose attributes get into each other's way there is no sheet:
//! there the long way is the only one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::picture::{Shown, Sight};
use super::plan::{Attribute, Slot};
use crate::scim::{ETag, ResourceType, Returned, Type, Writing, Written, key_of, write_json};

/// The keys of a resource, in their order.
#[derive(Debug)]
pub struct Sheet(Vec<(Key, Part)>);

/// A key, and how it is written.
#[derive(Debug)]
struct Key {
    name: String,
    text: Vec<u8>,
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        let mut text = Vec::new();
        key_of(&name, &mut text);
        Self { name, text }
    }
}

/// What stands under a key, by the places of attributes.
#[derive(Debug)]
enum Part {
    /// The value of one.
    Whole(usize),
    /// An object, in the order of its keys.
    Object(Vec<(Key, Part)>),
    /// A list, each element with what tells it from the others.
    List(Vec<Element>),
}

/// An element of a list, in the order of its keys.
#[derive(Debug)]
struct Element(Vec<(Key, Piece)>);

#[derive(Debug)]
enum Piece {
    /// What is always there, as it is written.
    Label(Vec<u8>),
    Held(usize),
}

impl Sheet {
    /// The sheet of a kind with these attributes, under those keys.
    pub(super) fn of(attributes: &[Attribute], homes: &[(String, Vec<usize>)]) -> Option<Self> {
        let mut keys = Vec::new();
        for (key, indices) in homes {
            let named = indices.iter().filter_map(|index| Some((*index, attributes.get(*index)?)));
            let shown: Vec<_> = named.filter(|(_, one)| one.slot.is_told()).collect();
            if ["id", "meta", "schemas", "members"].contains(&key.as_str()) {
                return None;
            }
            let slots = shown.iter().map(|(index, attribute)| (*index, &attribute.slot));
            let slots: Vec<(usize, &Slot)> = slots.collect();
            match slots.first() {
                None => {}
                Some((_, slot)) if slot.place.schema.is_some() => {
                    let mut inner: BTreeMap<String, Vec<(usize, &Slot)>> = BTreeMap::new();
                    for (index, slot) in slots {
                        inner.entry(slot.name().to_owned()).or_default().push((index, slot));
                    }
                    let parts = inner.into_iter();
                    let parts = parts.map(|(name, own)| Some((Key::from(name), part(&own)?)));
                    keys.push((key.clone().into(), Part::Object(parts.collect::<Option<_>>()?)));
                }
                Some(_) => keys.push((key.clone().into(), part(&slots)?)),
            }
        }
        Some(Self(keys))
    }
}

/// What stands under the name of an attribute.
fn part(slots: &[(usize, &Slot)]) -> Option<Part> {
    if let [(index, slot)] = slots
        && slot.place.sub.is_none()
    {
        return slot.is_simple().then_some(Part::Whole(*index));
    }
    let mut fields: BTreeMap<String, Part> = BTreeMap::new();
    let mut elements: Vec<(&Slot, BTreeMap<String, Piece>)> = Vec::new();
    for (index, slot) in slots {
        let sub = slot.place.sub.as_ref()?.name.as_str().to_owned();
        if !slot.place.attr.multi_valued {
            fields.insert(sub, Part::Whole(*index)).is_none().then_some(())?;
            continue;
        }
        let known = elements.iter().position(|(other, _)| other.label == slot.label);
        if known.is_none() {
            let distinct = elements.iter().all(|(other, _)| other.is_apart_from(slot));
            distinct.then_some(())?;
            let label = slot.label.iter().map(|(key, value)| (key.clone(), value));
            let label = label.map(|(key, value)| (key, Piece::Label(json(value))));
            elements.push((slot, label.collect()));
        }
        let at = known.unwrap_or(elements.len().saturating_sub(1));
        let (_, element) = elements.get_mut(at)?;
        element.insert(sub, Piece::Held(*index)).is_none().then_some(())?;
    }
    let keyed = |pieces: BTreeMap<String, Piece>| {
        Element(pieces.into_iter().map(|(name, piece)| (name.into(), piece)).collect())
    };
    let elements: Vec<_> = elements.into_iter().map(|(_, pieces)| keyed(pieces)).collect();
    match (fields.is_empty(), elements.is_empty()) {
        (false, true) => {
            Some(Part::Object(fields.into_iter().map(|(key, part)| (key.into(), part)).collect()))
        }
        (true, false) => Some(Part::List(elements)),
        _ => None,
    }
}

impl Slot {
    fn name(&self) -> &str {
        self.place.attr.name.as_str()
    }

    /// Whether a plain answer shows it.
    fn is_told(&self) -> bool {
        let told = |returned| matches!(returned, Returned::Always | Returned::Default);
        told(self.place.attr.returned) && told(self.place.leaf().returned)
    }

    /// Whether a plain answer shows all that may be in it.
    fn is_simple(&self) -> bool {
        let attribute = &self.place.attr;
        let all = || attribute.sub_attributes.iter().all(|it| it.returned == Returned::Default);
        attribute.kind != Type::Complex || all()
    }

    /// Whether no element can be taken for both.
    fn is_apart_from(&self, other: &Self) -> bool {
        let differs = |(key, value): &(String, Value)| {
            let theirs = other.label.iter().find(|(known, _)| known == key);
            theirs.is_some_and(|(_, theirs)| match (value.as_str(), theirs.as_str()) {
                (Some(own), Some(theirs)) => own.to_lowercase() != theirs.to_lowercase(),
                _ => value != theirs,
            })
        };
        self.label.iter().any(differs)
    }
}

impl Sight {
    /// Its text and its version, as a plain answer shows it; nothing, where it has
    /// to go the long way.
    pub(super) fn written(&self, resource_type: &ResourceType) -> Option<(Written, ETag)> {
        let Sheet(keys) = self.kind.sheet.as_ref()?;
        let id = self.id.as_ref()?.as_str();
        let used = |urn: &str| keys.iter().any(|(key, part)| key.name == urn && self.has(part));
        let extensions = resource_type.extensions().iter().map(|it| it.schema.id.as_str());
        let core = std::iter::once(resource_type.core().id.as_str());
        let schemas: Vec<&str> = core.chain(extensions.filter(|urn| used(urn))).collect();
        let mut writing = Writing::new(self.kind.kind, &schemas, Some(id));
        writing.pair("id", true, |text| write_json(text, id));
        let mut members = self.members.as_ref();
        for (key, part) in keys {
            if key.name.as_str() > "members"
                && let Some(members) = members.take()
            {
                writing.pair("members", true, |text| write_json(text, members));
            }
            if self.has(part) {
                writing.keyed((&key.name, &key.text), true, |text| self.write(part, text));
            }
        }
        if let Some(members) = members {
            writing.pair("members", true, |text| write_json(text, members));
        }
        Some(writing.done())
    }

    fn held(&self, index: usize) -> Option<&Value> {
        match self.shown.get(index)? {
            Shown::Value(value) => Some(value),
            Shown::Empty | Shown::Hidden => None,
        }
    }

    fn has(&self, part: &Part) -> bool {
        match part {
            Part::Whole(index) => self.held(*index).is_some(),
            Part::Object(parts) => parts.iter().any(|(_, part)| self.has(part)),
            Part::List(elements) => elements.iter().any(|element| self.first(element).is_some()),
        }
    }

    /// The first attribute that an element has.
    fn first(&self, element: &Element) -> Option<usize> {
        let held = |piece: &Piece| match piece {
            Piece::Held(index) => self.held(*index).map(|_| *index),
            Piece::Label(_) => None,
        };
        element.0.iter().filter_map(|(_, piece)| held(piece)).min()
    }

    fn write(&self, part: &Part, text: &mut Vec<u8>) {
        match part {
            Part::Whole(index) => self.whole(*index, text),
            Part::Object(parts) => {
                let there = parts.iter().filter(|(_, part)| self.has(part));
                within(text, *b"{}", there, |(key, part), text| {
                    text.extend_from_slice(&key.text);
                    self.write(part, text);
                });
            }
            Part::List(elements) => {
                let there = elements.iter().filter_map(|it| Some((self.first(it)?, it)));
                let mut there: Vec<_> = there.collect();
                if there.len() > 1 {
                    there.sort_by_key(|(first, _)| *first);
                }
                within(text, *b"[]", there.iter(), |(_, element), text| {
                    self.element(element, text);
                });
            }
        }
    }

    fn whole(&self, index: usize, text: &mut Vec<u8>) {
        if let Some(held) = self.held(index) {
            write_json(text, held);
        }
    }

    fn element(&self, element: &Element, text: &mut Vec<u8>) {
        let there = |piece: &Piece| match piece {
            Piece::Label(_) => true,
            Piece::Held(index) => self.held(*index).is_some(),
        };
        let pieces = element.0.iter().filter(|(_, piece)| there(piece));
        within(text, *b"{}", pieces, |(key, piece), text| {
            text.extend_from_slice(&key.text);
            match piece {
                Piece::Label(label) => text.extend_from_slice(label),
                Piece::Held(index) => self.whole(*index, text),
            }
        });
    }
}

fn json(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    write_json(&mut text, value);
    text
}

/// Some things between brackets, with commas.
fn within<T>(
    text: &mut Vec<u8>,
    [open, close]: [u8; 2],
    items: impl Iterator<Item = T>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(b',');
        }
        write(item, text);
    }
    text.push(close);
}
