//! Recorded exchanges as data: a request, and what a real site answered.

use std::fmt;
use std::fs;
use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON that knows the order of its keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Ordered>),
    Record(Vec<(String, Ordered)>),
}

#[derive(serde::Deserialize)]
pub(super) struct Exchange {
    pub(super) caller: Option<String>,
    pub(super) request: Request,
    pub(super) response: Response,
}

#[derive(serde::Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    path: String,
    content_type: Option<String>,
    form: Option<Vec<(String, String)>>,
    body_raw: Option<String>,
}

#[derive(serde::Deserialize)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Ordered,
    #[serde(default, deserialize_with = "present")]
    pub(super) body: Option<Ordered>,
    pub(super) body_raw: Option<String>,
    pub(super) bytes: Option<usize>,
    /// How many there were, where the record keeps only the first.
    pub(super) items: Option<usize>,
    #[serde(default)]
    pub(super) trimmed: bool,
}

/// A body that is `null` is a body.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ordered>, D::Error> {
    Ordered::deserialize(deserializer).map(Some)
}

impl Exchange {
    pub(super) fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moodle");
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Query and form as they went over the wire. PHP reads only forms that say
    /// so, and only from a POST.
    pub(super) fn wire(&self, token: &str) -> (String, String) {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let fill = |text: &str| text.replace("TOKEN", token);
        let body = match (&self.request.form, &self.request.body_raw) {
            (Some(form), _) => {
                let pair = |(key, value): &(String, String)| {
                    format!("{}={}", encoded(key), encoded(&fill(value)))
                };
                form.iter().map(pair).collect::<Vec<_>>().join("&")
            }
            (None, raw) => fill(raw.as_deref().unwrap_or_default()),
        };
        let query = self.request.path.split_once('?').map_or("", |(_, query)| query);
        let form = self.request.content_type.as_deref();
        let posted =
            self.request.method == "POST" && form.is_some_and(|kind| kind.contains("urlencoded"));
        match (&self.request.form, posted) {
            (Some(_), false) if self.request.method == "GET" => (body, String::new()),
            (_, false) => (fill(query), String::new()),
            (_, true) => (fill(query), body),
        }
    }
}

impl Ordered {
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Record(entries) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Rewrites every value that stands under a key.
    pub(super) fn each(&mut self, change: &mut impl FnMut(&str, &mut Self)) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.each(change)),
            Self::Record(entries) => {
                for (key, value) in entries {
                    change(key, value);
                    value.each(change);
                }
            }
            _ => {}
        }
    }

    /// Drops a key wherever it stands.
    pub(super) fn without(&mut self, key: &str) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.without(key)),
            Self::Record(entries) => {
                entries.retain(|(name, _)| name != key);
                for (_, value) in entries {
                    value.without(key);
                }
            }
            _ => {}
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without decimals")
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Number(i64::try_from(value).unwrap()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Ordered::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered::Record(entries))
    }
}
