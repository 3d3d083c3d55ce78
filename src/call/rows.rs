//! The objects of a reply as rows: of each, the values of the fields that are wanted,
//! in their order. No names are kept and nothing is sorted, so a long list costs half
//! of what a tree of it would.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Wanted;

/// One object: a value for each field that is wanted, where it has one.
pub type Row = Vec<Option<Value>>;

/// A reply that is a list of objects, perhaps with something around it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The objects.
    pub list: Vec<Row>,
    /// What is beside the list.
    pub around: Map<String, Value>,
}

impl Rows {
    /// Reads JSON of that shape; anything else is an error.
    pub(super) fn read(wanted: &Wanted, text: &str) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let rows = match wanted.at() {
            None => Self { list: reader.deserialize_seq(List(wanted))?, around: Map::new() },
            Some(at) => reader.deserialize_map(Around(wanted, at))?,
        };
        reader.end().map(|()| rows)
    }
}

/// The object around a list.
struct Around<'w>(&'w Wanted, &'w str);

impl<'de> Visitor<'de> for Around<'_> {
    type Value = Rows;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with a list in it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
        let (mut list, mut around) = (None, Map::new());
        while let Some(key) = map.next_key::<String>()? {
            if key == self.1 {
                list = Some(map.next_value_seed(List(self.0))?);
            } else {
                around.insert(key, map.next_value()?);
            }
        }
        let list = list.ok_or_else(|| A::Error::custom("the list is missing"))?;
        Ok(Rows { list, around })
    }
}

/// A list of objects.
#[derive(Clone, Copy)]
struct List<'w>(&'w Wanted);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<Row>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<Row>, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Row>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Row>, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = list.next_element_seed(Object(self.0))? {
            rows.push(row);
        }
        Ok(rows)
    }
}

/// One object.
struct Object<'w>(&'w Wanted);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Row;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Row, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Row;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        // Made one by one: to clone nothing costs more than to say it.
        let mut row: Row = std::iter::repeat_with(|| None).take(self.0.width()).collect();
        while let Some(field) = map.next_key_seed(Field(self.0))? {
            match field.and_then(|field| row.get_mut(field)) {
                Some(place) => *place = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(row)
    }
}

/// The name of a field; which of the wanted ones it is.
struct Field<'w>(&'w Wanted);

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Field<'_> {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.index(name))
    }
}
