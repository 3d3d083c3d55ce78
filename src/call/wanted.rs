//! What of a long answer anybody will look at. An LMS tells more of each person than a
//! mapping asks for, and all that is not wanted is passed over while it is read.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Rows;

/// What of a reply is wanted: all of it, but of its objects these fields alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The key of the body under which the objects are; the body itself, if there is
    /// none.
    at: Option<String>,
    /// In order.
    fields: Vec<String>,
    /// Where each of them is, by its mark: a long list has the same names over and over,
    /// and most of them nobody wants.
    marks: Vec<Marked>,
    /// Whether the objects are wanted as rows, where a reply is what it should be.
    rows: bool,
}

impl Wanted {
    /// Of the objects there, these fields.
    pub fn new(at: Option<String>, mut fields: Vec<String>) -> Self {
        fields.sort_unstable();
        fields.dedup();
        let mut marks = vec![Marked::None; MARKS];
        for (index, field) in fields.iter().enumerate() {
            if let Some(place) = marks.get_mut(mark(field)) {
                *place = if *place == Marked::None { Marked::One(index) } else { Marked::Several };
            }
        }
        Self { at, fields, marks, rows: false }
    }

    /// The same, as rows.
    pub fn in_rows(self) -> Self {
        Self { rows: true, ..self }
    }

    /// Reads a success as rows, if they are wanted, and if it is what it should be.
    pub(super) fn rows(&self, status: u16, text: &str) -> Option<Rows> {
        let wanted = self.rows && status == 200;
        wanted.then(|| Rows::read(self, text).ok()).flatten()
    }

    /// How many fields are wanted.
    pub fn width(&self) -> usize {
        self.fields.len()
    }

    /// Which of the fields it is, if it is wanted.
    pub fn index(&self, field: &str) -> Option<usize> {
        match *self.marks.get(mark(field))? {
            Marked::None => None,
            Marked::One(index) => {
                self.fields.get(index).is_some_and(|it| it == field).then_some(index)
            }
            Marked::Several => self.fields.binary_search_by(|it| it.as_str().cmp(field)).ok(),
        }
    }

    /// The key of the body under which the objects are.
    pub fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// Reads JSON, without what is not wanted.
    pub(super) fn read(&self, text: &str) -> Result<Value, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let level = if self.at.is_some() { Level::Around } else { Level::List };
        let value = Seed { wanted: self, level }.deserialize(&mut reader)?;
        reader.end().map(|()| value)
    }
}

/// How many marks there are.
const MARKS: usize = 256;

/// Which of the fields have a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marked {
    None,
    One(usize),
    Several,
}

/// A mark of a name, by its length and three of its letters.
fn mark(field: &str) -> usize {
    let bytes = field.as_bytes();
    let letter = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0));
    let (first, middle, last) =
        (letter(0), letter(bytes.len() / 2), letter(bytes.len().wrapping_sub(1)));
    let sum = first.wrapping_mul(5) ^ middle.wrapping_mul(31) ^ last.wrapping_mul(109);
    (sum ^ bytes.len().wrapping_mul(17)) % MARKS
}

/// Where in a reply we are.
#[derive(Clone, Copy)]
enum Level {
    /// In what is around the list of objects.
    Around,
    /// In the list, if it is one.
    List,
    /// In one of the objects.
    Object,
    /// Below, where all is wanted.
    Below,
}

#[derive(Clone, Copy)]
struct Seed<'w> {
    wanted: &'w Wanted,
    level: Level,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self.level {
            Level::Below => serde::Deserialize::deserialize(reader),
            Level::Around | Level::List | Level::Object => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let level = if matches!(self.level, Level::List) { Level::Object } else { Level::Below };
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Self { level, ..self })? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::with_capacity(self.wanted.fields.len());
        while let Some(key) = map.next_key_seed(Key(self))? {
            let Some(key) = key else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let is_list = matches!(self.level, Level::Around) && self.wanted.at() == Some(&*key);
            let level = if is_list { Level::List } else { Level::Below };
            let value = map.next_value_seed(Seed { level, ..self })?;
            pairs.push((key, value));
        }
        Ok(Value::Object(Map::from_iter(pairs)))
    }
}

/// A key, unless it is not wanted.
struct Key<'w>(Seed<'w>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<String>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let all = !matches!(self.0.level, Level::Object);
        Ok((all || self.0.wanted.index(key).is_some()).then(|| key.to_owned()))
    }
}
