//! A user as a caller may see it: what is empty or hidden is left out, and
//! nothing says which of the two it was.

use serde::Serialize;

use crate::sandbox::answer::{Outcome, Trouble};
use crate::sandbox::moodle::Moodle;
use crate::sandbox::person::Person;
use crate::sandbox::rules;
use crate::sandbox::site::{Field, FieldKind, Release};
use crate::sandbox::token::{Caller, Right};

/// A user in an answer, in Moodle's order.
#[derive(Debug, Serialize)]
pub(in crate::sandbox) struct Shown<'a> {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firstname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lastname: Option<&'a str>,
    fullname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone1: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone2: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idnumber: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interests: Option<&'a str>,
    firstaccess: i64,
    lastaccess: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    suspended: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<&'a str>,
    timezone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mailformat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trackforums: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    descriptionformat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    profileimageurlsmall: String,
    profileimageurl: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    customfields: Vec<Custom<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preferences: Vec<Preference>,
}

#[derive(Debug, Serialize)]
struct Custom<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
    displayvalue: String,
    name: &'a str,
    shortname: &'a str,
}

#[derive(Debug, Serialize)]
struct Preference {
    name: &'static str,
    value: i64,
}

impl<'a> Shown<'a> {
    /// `None` for somebody whom the caller does not see at all.
    pub(super) fn new(moodle: &'a Moodle, caller: &Caller, person: &'a Person) -> Option<Self> {
        let site = &moodle.site;
        let own = caller.id == person.id;
        if !own && !caller.may(Right::ViewDetails) {
            return None;
        }
        let all = own || caller.may(Right::ViewAllDetails);
        let named = site.release == Release::V45 || own || caller.may(Right::ViewFullNames);
        let identity = |field: &str| {
            own || caller.admin
                || caller.may(Right::ViewIdentity)
                    && site.identity.iter().any(|shown| shown == field)
        };
        let close = own || caller.admin;
        let described = Some(person.description.as_str()).filter(|text| close && truth(text));
        Some(Self {
            id: person.id,
            username: Some(person.username.as_str()).filter(|_| all),
            firstname: Some(person.firstname.as_str()).filter(|_| named),
            lastname: Some(person.lastname.as_str()).filter(|_| named),
            fullname: format!("{} {}", person.firstname, person.lastname),
            email: Some(person.email.as_str())
                .filter(|_| person.maildisplay == 1 || identity("email")),
            address: filled(&person.address, identity("address")),
            phone1: filled(&person.phone1, identity("phone1")),
            phone2: filled(&person.phone2, identity("phone2")),
            department: Some(person.department.as_str()).filter(|_| all),
            institution: filled(&person.institution, all),
            idnumber: filled(&person.idnumber, all),
            interests: filled(&person.interests, true),
            firstaccess: 0,
            lastaccess: 0,
            auth: Some(person.auth.as_str()).filter(|_| all),
            suspended: person.suspended && !person.deleted,
            confirmed: Some(person.confirmed).filter(|_| all),
            lang: Some(person.lang.as_str()).filter(|_| all),
            theme: Some(person.theme.as_str()).filter(|_| all),
            timezone: &person.timezone,
            mailformat: Some(person.mailformat).filter(|_| all),
            trackforums: Some(0).filter(|_| all && site.release == Release::V45),
            description: described,
            descriptionformat: described.map(|_| 1),
            city: filled(&person.city, true),
            country: filled(&person.country, true),
            profileimageurlsmall: site.picture("f2"),
            profileimageurl: site.picture("f1"),
            customfields: customs(moodle, person, all),
            preferences: Vec::from_iter(
                Some(Preference { name: "_lastloaded", value: site.now }).filter(|_| own),
            ),
        })
    }

    /// Whether a caller who sees this may also have found it by that field.
    /// What is not shown cannot be looked for.
    pub(super) fn shows(&self, field: &str) -> bool {
        match field {
            "username" => self.username.is_some_and(truth),
            "firstname" => self.firstname.is_some_and(truth),
            "lastname" => self.lastname.is_some_and(truth),
            "email" => self.email.is_some_and(truth),
            "idnumber" => self.idnumber.is_some_and(truth),
            "auth" => self.auth.is_some_and(truth),
            _ => true,
        }
    }
}

/// One account whose stored values are no longer valid spoils every answer that
/// it is part of.
pub(super) fn sound(moodle: &Moodle, shown: &[Shown<'_>]) -> Outcome<()> {
    let spoilt = shown.iter().any(|user| {
        user.username.is_some_and(|name| !rules::username(name, &moodle.site))
            || user.auth.is_some_and(|auth| !moodle.site.knows_auth(auth))
    });
    if spoilt { Err(Trouble::response()) } else { Ok(()) }
}

/// PHP's truth: neither empty nor `0`.
fn truth(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

fn filled(text: &str, shown: bool) -> Option<&str> {
    Some(text).filter(|text| shown && truth(text))
}

fn customs<'a>(moodle: &'a Moodle, person: &'a Person, all: bool) -> Vec<Custom<'a>> {
    let newer = moodle.site.release == Release::V45;
    let mut shown = Vec::new();
    for field in moodle.site.fields.iter().filter(|field| all || !field.private) {
        let value = person.custom.get(&field.shortname).map_or("", String::as_str);
        let always = newer && field.kind == FieldKind::Checkbox;
        if value.is_empty() && !always {
            continue;
        }
        shown.push(Custom {
            kind: match field.kind {
                FieldKind::Text => "text",
                FieldKind::Menu(_) => "menu",
                FieldKind::Checkbox => "checkbox",
                FieldKind::Datetime => "datetime",
            },
            value,
            displayvalue: displayed(field, value, newer),
            name: &field.name,
            shortname: &field.shortname,
        });
    }
    shown
}

fn displayed(field: &Field, value: &str, newer: bool) -> String {
    let ticked = value == "1";
    match &field.kind {
        FieldKind::Text | FieldKind::Menu(_) => value.to_owned(),
        FieldKind::Checkbox if newer => if ticked { "Yes" } else { "No" }.to_owned(),
        FieldKind::Checkbox => {
            let checked = if ticked { " checked=\"checked\"" } else { "" };
            let name = &field.shortname;
            format!(
                "<input disabled=\"disabled\" type=\"checkbox\" \
                 name=\"profile_field_{name}\"{checked} />"
            )
        }
        FieldKind::Datetime => value
            .parse()
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
            .map(|moment| moment.strftime("%-d %B %Y").to_string())
            .unwrap_or_default(),
    }
}
