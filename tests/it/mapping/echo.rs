//! The echo: what the LMS would show of what was sent.

use std::sync::Arc;

use matricula::mapping::{Shipped, Site, Source};
use matricula::scim::{Kind, Resource};
use serde_json::{Map, Value, json};

use super::people::{moment, moodle, sent, stored};

fn echo(site: &Site, resource: &Resource) -> Value {
    Value::Object(site.echo(resource, &moment()).into_attributes())
}

/// A resource as an entry keeps it, whatever it lacks.
pub(super) fn kept(body: &Value) -> Resource {
    Resource::from_attributes(Kind::User, body.as_object().unwrap().clone())
}

fn eva() -> Value {
    json!({
        "userName": " Eva.Smit@School.Example ", "externalId": "P-0042", "active": false,
        "name": {"givenName": "Eva", "familyName": "Smit", "formatted": "Dr Eva Smit"},
        "displayName": "Smit, Eva",
        "emails": [
            {"type": "work", "value": "Eva.Smit@School.Example ", "primary": true},
            {"type": "home", "value": "eva@home.example"},
        ],
        "preferredLanguage": "en-GB",
        "password": "s3cret",
    })
}

#[test]
fn the_echo_is_what_the_lms_would_show() {
    let site = moodle(&json!({}));
    let echo = echo(&site, &sent(&site, &eva()));
    let wanted = json!({
        "userName": "eva.smit@school.example", "externalId": "P-0042", "active": false,
        "name": {"givenName": "Eva", "familyName": "Smit"},
        "emails": [{"type": "work", "value": "Eva.Smit@School.Example"}],
        "preferredLanguage": "en",
    });
    assert_eq!(echo, wanted);
}

#[test]
fn the_echo_holds_no_secret() {
    let site = moodle(&json!({}));
    let echo = site.echo(&kept(&eva()), &moment());
    assert!(!echo.attributes().contains_key("password"));
}

#[test]
fn the_echo_agrees_with_the_calls_that_a_create_makes() {
    let site = moodle(&json!({}));
    let resource = sent(&site, &eva());
    let echo = echo(&site, &resource);
    let stored = stored(&site, &resource);
    assert_eq!(echo["userName"], stored["username"]);
    assert_eq!(echo["emails"][0]["value"], stored["email"]);
    assert_eq!(echo["preferredLanguage"], stored["lang"]);
    assert_eq!(stored["suspended"], json!(true));
}

#[test]
fn what_the_lms_has_no_place_for_has_no_echo() {
    let person = |country: &str| {
        kept(&json!({
            "userName": "eva", "addresses": [{"type": "work", "country": country}],
            "preferredLanguage": "fr",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"costCenter": "CC-1"},
        }))
    };
    let site = moodle(&json!({}));
    let all = |site: &Site, country| echo(site, &person(country));
    assert_eq!(all(&site, "Germany"), json!({"userName": "eva"}));
    let country = json!([{"type": "work", "country": "DE"}]);
    assert_eq!(all(&site, "de")["addresses"], country);
    let site = moodle(&json!({"cost_center": "costcentre", "languages": ["fr"]}));
    let held = all(&site, "Germany");
    assert_eq!(held["preferredLanguage"], json!("fr"));
    let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(held[extension]["costCenter"], json!("CC-1"));
}

#[test]
fn a_field_that_is_shown_elsewhere_than_it_is_written_is_echoed_where_it_is_shown() {
    let site = moodle(&json!({"cost_center": "costcentre", "employee_number": "badgeno"}));
    let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let own = json!({extension: {"costCenter": "CC-1", "employeeNumber": "B-1"}});
    assert_eq!(echo(&site, &kept(&own)), own);
}

/// An LMS with one field for the whole name, a list behind a further call, a
/// condition, and a second source for the address.
pub(super) const ODD: &str = r#"
format = 1
title  = "odd ways to keep things"
[settings]
base_url = { required = true, about = "address" }
locales  = { about = "field of the locale, where there is one" }
titles   = { default = true, about = "whether titles are kept" }
[backend]
base = "{settings.base_url}"
[lookup.roles]
steps = { get = "/roles", keep = { entries = "body" } }
key   = "item.name"
value = "item.id"
[user]
id     = { read = "lms.id", type = "number" }
find   = { "id eq" = { get = "/users/{value}" } }
create = { post = "/users", body = "{record}", keep = { id = "body.id" } }
update = { put = "/users/{id}", body = "{record}" }
delete = { delete = "/users/{id}" }
join   = { state = { get = "/users/{id}/state", keep = { result = "body" } } }
[user.derived]
full = { lms = "full", from = ["name.givenName", "name.familyName"], value = "[user.name.givenName, user.name.familyName] | join(' ')" }
[user.attributes]
"userName"        = { lms = "login", exact = false }
"name.givenName"  = { via = "full", from_lms = "(lms.full | words | count) > 1 ? (lms.full | words | first) : null" }
"name.familyName" = { via = "full", from_lms = "(lms.full | words | count) > 1 ? (lms.full | words | rest | join(' ')) : lms.full" }
"title"           = { lms = "title", when = "settings.titles" }
"locale"          = { read = "locale", write = "{settings.locales}" }
"profileUrl"      = { lms = "link", secret = true }
"timezone"        = { read = "{settings.locales}", write = "zone" }
"preferredLanguage"    = { lms = "lang", values = { en = 1, nl = 2 } }
"name.middleName"      = { lms = "middle", when = "now > '2020-01-01'" }
"name.honorificPrefix" = "affix"
"name.honorificSuffix" = "affix"
"name.formatted"       = { write = "card", from_lms = "joins.state.card", to_lms = "value | upper", lossy = true }
"active"          = { write = "state", from_lms = "joins.state.code", values = { true = [2, 1], false = 101 } }
"nickName"        = { lms = "nick", lossy = true, to_lms = "value | truncate(4)" }
"userType"        = { lms = "role", to_lms = "lookup.roles[value]", from_lms = "value == 7 ? 'Staff' : 'Learner'" }
'emails[type eq "work"].value' = { lms = "mail", or = ['emails[type eq "other"].value'] }
"#;

pub(super) fn odd(more: &Value) -> Arc<Site> {
    let source = Source::read("odd.toml", ODD, &Shipped);
    let plan = Arc::new(source.and_then(|it| it.compile()).unwrap());
    let mut settings = Map::from_iter([("base_url".to_owned(), json!("https://lms.example"))]);
    settings.extend(more.as_object().cloned().unwrap_or_default());
    plan.settle(&settings).unwrap()
}

#[test]
fn the_echo_goes_through_everything_that_a_mapping_can_say() {
    let person = json!({
        "userName": "Eva",
        "name": {
            "givenName": "Eva Maria", "familyName": "Smit", "middleName": "M.",
            "honorificPrefix": "Dr", "honorificSuffix": "Jr", "formatted": "Dr Eva Smit",
        },
        "preferredLanguage": "nl", "title": "Dr", "active": false, "nickName": "Evchen", "userType": "Staff",
        "emails": [{"type": "other", "value": "eva@school.example"}],
    });
    let site = odd(&json!({}));
    let mut moment = moment();
    moment.lookups.insert("roles".into(), json!({"Staff": 7}));
    let echo = Value::Object(site.echo(&sent(&site, &person), &moment).into_attributes());
    let wanted = json!({
        "userName": "Eva",
        "name": {
            "givenName": "Eva", "familyName": "Maria Smit", "middleName": "M.",
            // One field for both: what was written last.
            "honorificPrefix": "Jr", "honorificSuffix": "Jr",
        },
        "preferredLanguage": "nl", "title": "Dr", "active": false, "nickName": "Evch", "userType": "Staff",
        "emails": [{"type": "work", "value": "eva@school.example"}],
    });
    assert_eq!(echo, wanted);
}

#[test]
fn what_is_not_written_now_has_no_echo() {
    let person = kept(&json!({
        "userName": "eva", "title": "Dr", "userType": "Staff", "locale": "nl-NL",
        "timezone": "Europe/Berlin",
        "profileUrl": "https://x.example/?token=s3cret",
    }));
    let site = odd(&json!({"titles": false}));
    // Without the list of roles nobody knows what the LMS would be told.
    assert_eq!(echo(&site, &person), json!({"userName": "eva"}));
}
