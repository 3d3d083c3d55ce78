//! What create and update take, and writing it into a row.

use crate::sandbox::form::Array;
use crate::sandbox::person::Person;
use crate::sandbox::rules;
use crate::sandbox::shape::{Key, Kind, Shape, may, must};
use crate::sandbox::site::{Field, FieldKind, Site};

const CUSTOM: Shape = Shape::Many(&Shape::Record(&[
    must("type", Shape::One(Kind::Name)),
    must("value", Shape::One(Kind::Raw)),
]));

const PREFERENCES: Shape = Shape::Many(&Shape::Record(&[
    must("type", Shape::One(Kind::Raw)),
    must("value", Shape::One(Kind::Raw)),
]));

/// What `core_user_create_users` takes.
pub(in crate::sandbox) const CREATE: &[Key] = &[must(
    "users",
    Shape::Many(&Shape::Record(&[
        may("createpassword", Shape::One(Kind::Bool)),
        must("username", Shape::One(Kind::Username)),
        may("auth", Shape::One(Kind::Auth)),
        may("password", Shape::One(Kind::Raw)),
        must("firstname", Shape::One(Kind::Plain)),
        must("lastname", Shape::One(Kind::Plain)),
        must("email", Shape::One(Kind::Raw)),
        may("maildisplay", Shape::One(Kind::Int)),
        may("city", Shape::One(Kind::Raw)),
        may("country", Shape::One(Kind::Raw)),
        may("timezone", Shape::One(Kind::Raw)),
        may("description", Shape::One(Kind::Raw)),
        may("firstnamephonetic", Shape::One(Kind::Plain)),
        may("lastnamephonetic", Shape::One(Kind::Plain)),
        may("middlename", Shape::One(Kind::Plain)),
        may("alternatename", Shape::One(Kind::Plain)),
        may("interests", Shape::One(Kind::Raw)),
        may("idnumber", Shape::One(Kind::Raw)),
        may("institution", Shape::One(Kind::Raw)),
        may("department", Shape::One(Kind::Raw)),
        may("phone1", Shape::One(Kind::Plain)),
        may("phone2", Shape::One(Kind::Plain)),
        may("address", Shape::One(Kind::Raw)),
        may("lang", Shape::One(Kind::Lang)),
        may("calendartype", Shape::One(Kind::Raw)),
        may("theme", Shape::One(Kind::Raw)),
        may("mailformat", Shape::One(Kind::Int)),
        may("customfields", CUSTOM),
        may("preferences", PREFERENCES),
    ])),
)];

/// What `core_user_update_users` takes: nothing is required but the id, and
/// here `suspended` exists.
pub(in crate::sandbox) const UPDATE: &[Key] = &[must(
    "users",
    Shape::Many(&Shape::Record(&[
        must("id", Shape::One(Kind::Int)),
        may("username", Shape::One(Kind::Username)),
        may("auth", Shape::One(Kind::Auth)),
        may("suspended", Shape::One(Kind::Bool)),
        may("password", Shape::One(Kind::Raw)),
        may("firstname", Shape::One(Kind::Plain)),
        may("lastname", Shape::One(Kind::Plain)),
        may("email", Shape::One(Kind::Raw)),
        may("maildisplay", Shape::One(Kind::Int)),
        may("city", Shape::One(Kind::Raw)),
        may("country", Shape::One(Kind::Raw)),
        may("timezone", Shape::One(Kind::Raw)),
        may("description", Shape::One(Kind::Raw)),
        may("userpicture", Shape::One(Kind::Int)),
        may("firstnamephonetic", Shape::One(Kind::Plain)),
        may("lastnamephonetic", Shape::One(Kind::Plain)),
        may("middlename", Shape::One(Kind::Plain)),
        may("alternatename", Shape::One(Kind::Plain)),
        may("interests", Shape::One(Kind::Raw)),
        may("idnumber", Shape::One(Kind::Raw)),
        may("institution", Shape::One(Kind::Raw)),
        may("department", Shape::One(Kind::Raw)),
        may("phone1", Shape::One(Kind::Plain)),
        may("phone2", Shape::One(Kind::Plain)),
        may("address", Shape::One(Kind::Raw)),
        may("lang", Shape::One(Kind::Lang)),
        may("calendartype", Shape::One(Kind::Raw)),
        may("theme", Shape::One(Kind::Raw)),
        may("mailformat", Shape::One(Kind::Int)),
        may("customfields", CUSTOM),
        may("preferences", PREFERENCES),
    ])),
)];

/// Writes what a record says into a row.
pub(super) fn write(record: &Array, site: &Site, person: &mut Person) {
    for (name, _) in record.entries() {
        let Some(text) = record.text(name) else { continue };
        let text = match name {
            // Any word that is no code is dropped, and on update it erases.
            "country" if !rules::country(text) => "",
            _ => text,
        };
        if let Some(column) = person.column(name) {
            text.clone_into(column);
        }
    }
    if let Some(tags) = record.text("interests") {
        let tags: Vec<_> = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        person.interests = tags.join(", ");
    }
    if let Some(number) = record.number("mailformat") {
        person.mailformat = number;
    }
    if let Some(number) = record.number("maildisplay") {
        person.maildisplay = number;
    }
    if let Some(suspended) = record.switch("suspended") {
        person.suspended = suspended;
    }
    for custom in record.records("customfields") {
        let Some((name, value)) = custom.text("type").zip(custom.text("value")) else { continue };
        // A field that does not exist is passed over in silence.
        if let Some(field) = site.fields.iter().find(|field| field.shortname == name) {
            person.custom.insert(name.to_owned(), stored(field, value));
        }
    }
}

/// Whether a column is too short for what a record says.
pub(super) fn too_long(record: &Array) -> bool {
    record.entries().any(|(name, _)| {
        let known = Person::default().column(name).is_some();
        known && record.text(name).is_some_and(|text| text.chars().count() > rules::longest(name))
    })
}

fn stored(field: &Field, value: &str) -> String {
    match &field.kind {
        FieldKind::Menu(options) if !options.iter().any(|option| option == value) => String::new(),
        FieldKind::Datetime if value.parse::<i64>().is_err() => value
            .parse::<jiff::civil::Date>()
            .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC))
            .map(|day| day.timestamp().as_second().to_string())
            .unwrap_or_default(),
        _ => value.to_owned(),
    }
}
