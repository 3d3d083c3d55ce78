//! What a client wrote, held against the schemas: bodies of POST and PUT, and
//! the names within them.

use super::edit::{Act, Edit, Edits};
use super::error::Error;
use super::name::{AttrName, SchemaUri};
use super::path::{Path, Target};
use super::place::Place;
use super::resource::Resource;
use super::rules::{Rules, Unknown};
use super::schema::{Attribute, Mutability, ResourceType, Type};
use super::value;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// What a PUT leaves alone where the body does not say it. Who omits these
/// did not mean to disable a person or to empty a group.
const KEPT_BY_PUT: [&str; 3] = ["active", "members", "password"];

/// What no schema knows is kept, but not without end.
const MOST_UNKNOWN: usize = 256;

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

    /// Refuses a resource with more unknown attributes than anybody means.
    pub(super) fn bound_unknown(&self, resource: &Resource) -> Result<(), Error> {
        let unknown = self.unknown_places(resource).len();
        if unknown <= MOST_UNKNOWN {
            return Ok(());
        }
        Err(Error::invalid_value(format!(
            "More than {MOST_UNKNOWN} attributes are unknown here; no more of them are kept."
        )))
    }

    /// The places of everything in a resource that no schema knows.
    pub(super) fn unknown_places(&self, resource: &Resource) -> Vec<Place> {
        let mut places = Vec::new();
        let unknown = |urn: Option<&SchemaUri>, name| {
            let name = AttrName::parse(name).filter(|_| self.attribute(urn, name).is_none())?;
            Some(Place::of(urn, &Arc::new(Attribute::unknown(name, Type::Any))))
        };
        for (key, value) in resource.attributes() {
            match (SchemaUri::parse(key), value) {
                (Some(urn), Value::Object(members)) => {
                    places.extend(members.keys().filter_map(|name| unknown(Some(&urn), name)));
                }
                _ => places.extend(unknown(None, key)),
            }
        }
        places
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

    /// A key that is the URN of a schema nobody registered.
    fn unknown_schema(&self, key: &str, value: &Value) -> Option<SchemaUri> {
        let registered =
            |urn: &SchemaUri| key.get(..urn.as_str().len()).is_some_and(|head| urn.is(head));
        let unknown = value.is_object() && !self.urns().iter().any(registered);
        SchemaUri::parse(key).filter(|_| unknown)
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
            (Err(_), Unknown::Keep) => kept(self, path),
            (_, Unknown::Ignore) => Ok(None),
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
        let read_only = |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly;
        if read_only(&place.attr) || read_only(place.leaf()) {
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

/// A place for an attribute that no schema knows, made from the shape of its
/// path, so that it can be kept under the name the client gave it.
fn kept(resource_type: &ResourceType, path: &Path) -> Result<Option<Place>, Error> {
    // Half of the path is known, so the rest is a mistake and not a surprise.
    let known = resource_type.attribute(path.schema.as_ref(), path.attr.as_str());
    if let Some((schema, attribute)) = known {
        let Some(sub) = path.sub.as_ref().filter(|_| attribute.kind == Type::Complex) else {
            return resource_type.place(path).map(Some);
        };
        let whole = resource_type.place(&Path { sub: None, ..path.clone() })?;
        let sub = Arc::new(Attribute::unknown(sub.clone(), Type::Any));
        return Ok(Some(Place { sub: Some(sub), schema: schema.cloned(), ..whole }));
    }
    let kind = if path.filter.is_some() || path.sub.is_some() { Type::Complex } else { Type::Any };
    let mut attribute = Attribute::unknown(path.attr.clone(), kind);
    attribute.multi_valued = path.filter.is_some();
    attribute.sub_attributes = Attribute::customary_parts();
    if let Some(sub) = path.sub.as_ref().filter(|sub| attribute.sub(sub.as_str()).is_none()) {
        attribute.sub_attributes.push(Arc::new(Attribute::unknown(sub.clone(), Type::Any)));
    }
    if attribute.kind == Type::Any {
        attribute.sub_attributes.clear();
    }
    let attribute = Arc::new(attribute);
    let element = match &path.filter {
        Some(filter) => Some(Box::new(super::filter::Matcher::of_elements(&attribute, filter)?)),
        None => None,
    };
    let sub = path.sub.as_ref().and_then(|sub| attribute.sub(sub.as_str()).cloned());
    Ok(Some(Place { schema: path.schema.clone(), attr: attribute, element, sub }))
}
