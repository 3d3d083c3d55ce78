//! What a client wrote, held against the schemas: bodies of POST and PUT, and
//! the names within them.

use super::edit::{Act, Edit, Edits};
use super::error::Error;
use super::name::{AttrName, SchemaUri};
use super::path::{Path, Target};
use super::place::Place;
use super::resource::Resource;
use super::rules::{Rules, Unknown};
use super::schema::{Mutability, ResourceType};
use super::unknown::MOST_UNKNOWN;
use super::value;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a PUT leaves alone where the body does not say it. Who omits these
/// did not mean to disable a person or to empty a group.
const KEPT_BY_PUT: [&str; 3] = ["active", "members", "password"];

/// More faults than a person will read in one message.
const MOST_FAULTS: usize = 20;

/// Reads the JSON of a body. Nesting is bounded by the parser.
pub fn parse_json(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let why = error.to_string();
        let why = why.split(" at line").next().unwrap_or_default();
        Error::invalid_syntax(format!("The body is not JSON: line {line}, column {column}: {why}."))
    })
}

impl ResourceType {
    /// The resource that the body of a POST describes. Every fault is told in
    /// one error; read-only attributes are passed over (RFC 7644 §3.3).
    pub fn create(&self, body: Value, rules: Rules) -> Result<Resource, Error> {
        self.intake(body, rules)?.finish()
    }

    fn intake(&self, body: Value, rules: Rules) -> Result<Intake<'_>, Error> {
        let mut intake = Intake::new(self, rules);
        for (key, value) in members_of(body)? {
            for entry in self.entries(&key, value, rules) {
                intake.take(entry);
            }
        }
        Ok(intake)
    }

    /// The edits that the body of a PUT asks for. What is omitted is cleared,
    /// but for what the client cannot have meant to clear.
    pub fn replace(&self, body: Value, rules: Rules) -> Result<Edits, Error> {
        let mut intake = self.intake(body, rules)?;
        let emptied = std::mem::take(&mut intake.emptied);
        let emptied = |place: &Place| emptied.iter().any(|other| other.shares_attribute(place));
        let resource = intake.finish()?;
        let mut edits = Edits { complete: true, strict: rules.strict, ..Edits::default() };
        for place in self.attributes().chain(self.unknown_places(&resource)) {
            match resource.whole(&place) {
                Some(value) => edits.push(Edit { act: Act::Set(value.clone()), place }),
                None if self.cleared_by_put(&place) || emptied(&place) => {
                    edits.push(Edit { place, act: Act::Clear });
                }
                None => {}
            }
        }
        Ok(edits)
    }

    fn cleared_by_put(&self, place: &Place) -> bool {
        let writable = place.attr.mutability == Mutability::ReadWrite;
        place.is_offered() && writable && !self.kept_by_put(place)
    }

    /// Whether a PUT that does not say this leaves it alone.
    pub(super) fn kept_by_put(&self, place: &Place) -> bool {
        let kept = KEPT_BY_PUT.iter().any(|name| place.attr.name.is(name));
        place.schema.is_none() && (kept || self.common_name(place))
    }

    /// Whether a place is `id`, `meta` or `schemas`.
    pub(super) fn common_name(&self, place: &Place) -> bool {
        place.schema.is_none() && self.common().iter().any(|known| known.name == place.attr.name)
    }

    /// N2: what one key of a body means. An extension's object is taken apart
    /// into its members; everything else is one place.
    pub(super) fn entries(
        &self,
        key: &str,
        value: Value,
        rules: Rules,
    ) -> Vec<Result<Entry, Error>> {
        // Nearly every key is the name of an attribute, and needs no parser.
        if let Some((urn, attribute)) = self.attribute(None, key).filter(|(_, it)| it.offered) {
            return vec![Ok(Entry { place: Place::of(urn, attribute), value })];
        }
        if let Some(extension) = self.extension(key) {
            return self.members_of_schema(&extension.schema.id, value, rules);
        }
        if let Some(urn) = self.unknown_schema(key, &value) {
            return self.members_of_schema(&urn, value, rules);
        }
        match Target::parse(key, self.urns()) {
            Ok(Target::Schema(urn)) => self.members_of_schema(&urn, value, rules),
            Ok(Target::Attribute(path)) => self.entry(&path, value, rules).into_iter().collect(),
            // A key that is no path cannot be kept under a name.
            Err(_) if rules.unknown != Unknown::Reject => Vec::new(),
            Err(error) => vec![Err(Error::invalid_path(format!("`{key}`: {error}")))],
        }
    }

    pub(super) fn members_of_schema(
        &self,
        urn: &SchemaUri,
        value: Value,
        rules: Rules,
    ) -> Vec<Result<Entry, Error>> {
        match value {
            Value::Object(members) => members
                .into_iter()
                .filter_map(|(name, value)| {
                    let known = self.attribute(Some(urn), &name).filter(|(_, it)| it.offered);
                    if let Some((urn, attribute)) = known {
                        return Some(Ok(Entry { place: Place::of(urn, attribute), value }));
                    }
                    let path = Target::parse(&name, self.urns());
                    match path {
                        Ok(Target::Attribute(path)) => {
                            let path = Path { schema: path.schema.or(Some(urn.clone())), ..path };
                            self.entry(&path, value, rules)
                        }
                        Ok(Target::Schema(_)) | Err(_) => (rules.unknown == Unknown::Reject)
                            .then(|| Err(Error::invalid_path(format!("`{urn}:{name}`")))),
                    }
                })
                .collect(),
            Value::Null => Vec::new(),
            _ => vec![Err(Error::invalid_value(format!("`{urn}`: expected an object")))],
        }
    }

    fn entry(&self, path: &Path, value: Value, rules: Rules) -> Option<Result<Entry, Error>> {
        match self.place_by(path, rules) {
            Ok(place) => Some(Ok(Entry { place: place?, value })),
            Err(error) => Some(Err(error)),
        }
    }

    /// The place a path means under the tenant's rules: nothing where it is to
    /// be passed over.
    pub(super) fn place_by(&self, path: &Path, rules: Rules) -> Result<Option<Place>, Error> {
        let known = self.place(path);
        let offered =
            known.as_ref().is_ok_and(|place| place.is_offered() || self.common_name(place));
        match (known, rules.unknown) {
            (Ok(place), _) if offered => Ok(Some(place)),
            (Ok(place), Unknown::Keep) => Ok(Some(place)),
            (Err(_), Unknown::Keep) => self.kept(path),
            (_, Unknown::Ignore) => Ok(None),
            // RFC 7644 §3.3: what no client may say is passed over, known to the LMS or
            // not. Okta sends `groups` with every person.
            (Ok(place), Unknown::Reject) if place.is_read_only() => Ok(None),
            (Ok(_), Unknown::Reject) => {
                Err(Error::invalid_path(format!("`{path}`: this LMS has no such attribute")))
            }
            (Err(error), Unknown::Reject) => Err(error),
        }
    }
}

/// A body on its way to becoming a resource.
struct Intake<'a> {
    resource_type: &'a ResourceType,
    rules: Rules,
    resource: Resource,
    /// What could not be put in place at once: parts and elements.
    edits: Edits,
    seen: HashSet<Seen>,
    faults: Vec<String>,
    misgiven: Vec<Place>,
    /// Lists that were given without an element: a PUT empties these, even
    /// those it would leave alone if they had been omitted.
    emptied: Vec<Place>,
}

/// What tells places apart: the attribute, and what lies within it as text.
type Seen = (Option<SchemaUri>, AttrName, Option<String>);

impl<'a> Intake<'a> {
    fn new(resource_type: &'a ResourceType, rules: Rules) -> Self {
        Self {
            resource_type,
            rules,
            resource: Resource::new(resource_type.kind()),
            edits: Edits { strict: rules.strict, ..Edits::default() },
            seen: HashSet::new(),
            faults: Vec::new(),
            misgiven: Vec::new(),
            emptied: Vec::new(),
        }
    }

    fn take(&mut self, entry: Result<Entry, Error>) {
        let Entry { place, value } = match entry {
            Ok(entry) => entry,
            Err(error) => return self.faults.push(error.detail().to_owned()),
        };
        if place.is_read_only() || says_nothing_of_its_own(&place, &value) {
            return;
        }
        let listed = value.is_array() || (self.rules.strict && value.is_null());
        match typed(&place, value, self.rules) {
            Ok(None) if listed && place.attr.multi_valued => self.emptied.push(place),
            Ok(None) => {}
            Ok(Some(_)) if !place.attr.declared && self.seen.len() > MOST_UNKNOWN => {}
            Ok(Some(_)) if !self.is_first(&place) => {
                self.faults.push(format!("`{place}` is given twice"));
            }
            Ok(value) if place.element.is_none() && place.sub.is_none() => {
                self.resource.put(&place, value);
            }
            Ok(Some(value)) => self.edits.push(Edit { place, act: Act::Set(value) }),
            Err(error) => {
                self.faults.push(error.detail().to_owned());
                self.misgiven.push(place);
            }
        }
    }

    fn is_first(&mut self, place: &Place) -> bool {
        let whole = place.element.is_none() && place.sub.is_none();
        if whole && place.attr.declared {
            return self.resource.whole(place).is_none();
        }
        let within = (!whole).then(|| place.to_string());
        self.seen.insert((place.schema.clone(), place.attr.name.clone(), within))
    }

    fn finish(mut self) -> Result<Resource, Error> {
        self.resource_type.bound_unknown(&self.resource)?;
        self.edits.apply(self.resource_type, &mut self.resource)?;
        self.faults.extend(self.missing());
        if self.faults.is_empty() { Ok(self.resource) } else { Err(told_at_once(&self.faults)) }
    }

    /// What the resource must have and does not; what was given wrongly is
    /// not missing.
    fn missing(&self) -> Option<String> {
        let given = |place: &&Place| self.misgiven.iter().any(|it| it.shares_attribute(place));
        let lacks = |place: &&Place| !self.resource.has(place) && !given(place);
        let missing = self.resource_type.required().iter().filter(lacks);
        let missing: Vec<_> = missing.map(|place| format!("`{place}`")).collect();
        let (is, s) = if missing.len() == 1 { ("is", "") } else { ("are", "s") };
        (!missing.is_empty()).then(|| {
            format!("{} {is} missing; this LMS needs the attribute{s}", missing.join(", "))
        })
    }
}

/// One key of a body: where it points, and what it says.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// Whether a reference says only what is the gateway's to say, as a manager by name
/// alone: in a whole body that is passed over, and no reason to refuse a person.
fn says_nothing_of_its_own(place: &Place, value: &Value) -> bool {
    let read_only = |name: &String| {
        let part = place.attr.sub(name).filter(|_| !name.eq_ignore_ascii_case("$ref"));
        part.is_some_and(|part| part.mutability == Mutability::ReadOnly)
    };
    let parts = value.as_object().filter(|parts| !parts.is_empty());
    let reference = place.sub.is_none() && place.attr.is_single_reference();
    reference && parts.is_some_and(|parts| parts.keys().all(read_only))
}

/// A value brought into the type of its place.
pub(super) fn typed(place: &Place, value: Value, rules: Rules) -> Result<Option<Value>, Error> {
    let typed = match (&place.sub, &place.element) {
        (Some(sub), _) => value::of_attribute(sub, value, rules),
        (None, Some(_)) => value::one(&place.attr, value, rules),
        (None, None) => value::of_attribute(&place.attr, value, rules),
    };
    typed.map_err(|why| Error::invalid_value(format!("`{place}`: {why}")))
}

pub(super) fn members_of(body: Value) -> Result<Map<String, Value>, Error> {
    match body {
        Value::Object(members) => Ok(members),
        _ => Err(Error::invalid_syntax("The body must be a JSON object.")),
    }
}

fn told_at_once(faults: &[String]) -> Error {
    let told = faults.iter().take(MOST_FAULTS).cloned().collect::<Vec<_>>().join("; ");
    let more = match faults.len().saturating_sub(MOST_FAULTS) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Error::invalid_value(format!("{told}{more}."))
}
