//! What is written straight from what the LMS shows is what the long way, by the
//! resource, comes to: text, version and whom a filter means.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use matricula::mapping::{Picture, Shipped, Site, Source};
use matricula::scim::{Dates, Filter, Kind, Matcher, Resource, ResourceType, Written};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};

use super::people::{lifted, moment, moodle, picture};

static MOODLE: LazyLock<Arc<Site>> =
    LazyLock::new(|| moodle(&json!({"cost_center": "costcentre", "employee_number": "number"})));

/// Every way in which an attribute may stand in a resource.
static ODD: LazyLock<Arc<Site>> = LazyLock::new(|| site(ALL, ""));

const ALL: &str = r#"
userName = "login"
title = "job"
active = "on"
"name.familyName" = "last"
"name.givenName" = "first"
'emails[type eq "work"].value' = "mail"
'emails[type eq "home"].value' = "home"
'emails[type eq "work"].display' = "mailname"
'emails[type eq "other" and primary eq true].value' = "third"
roles = { read = "roles", from_lms = "value | map({value: item})" }
password = { write = "password", secret = true }
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department" = "department"
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value" = "boss"
"#;

fn site(attributes: &str, more: &str) -> Arc<Site> {
    let text = format!(
        r#"
format = 1
title  = "sheets"
[backend]
base = "https://lms.example"
[user]
id     = "lms.id"
refuse = {{ create = "no", update = "no", delete = "no" }}
{more}
[user.find]
"id eq"       = {{ get = "/users/{{value}}" }}
"userName eq" = {{ get = "/users", query = {{ login = "{{value}}" }} }}
[user.attributes]
{attributes}
"#
    );
    let source = Source::read("sheets.toml", &text, &Shipped);
    let plan = source.and_then(|it| it.compile()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::new(plan).settle(&Map::new()).unwrap()
}

fn text((written, version): (Written, matricula::scim::ETag)) -> (String, String) {
    let mut out = Vec::new();
    written.write("https://scim.example/s", false, &mut out);
    let mut lean = Vec::new();
    written.write("https://scim.example/s", true, &mut lean);
    (String::from_utf8([out, lean].concat()).unwrap(), version.to_string())
}

fn both_ways(site: &Site, shown: &Picture) -> ((String, String), Option<(String, String)>) {
    let kind = site.plan.kinds_of(Kind::User).next().unwrap();
    let user: &ResourceType = &kind.resource_type;
    (text(Written::of(shown.resource(), user, None)), shown.written(user).map(text))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-zA-Z \"\\\\\u{0}\u{e9}/]{0,8}".prop_map(Value::String),
        select(vec![json!(null), json!(""), json!(7), json!(true), json!([]), json!({"a": 1})]),
    ]
}

/// An object with some of these fields.
fn object(fields: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let each = proptest::collection::vec(proptest::option::of(value()), fields.len());
    (1..1000u32, each).prop_map(move |(id, each)| {
        let mut object = Map::from_iter([("id".to_owned(), json!(id))]);
        let held = fields.iter().zip(each);
        object.extend(held.filter_map(|(name, value)| Some(((*name).to_owned(), value?))));
        Value::Object(object)
    })
}

const FIELDS: &[&str] = &[
    "login",
    "job",
    "on",
    "last",
    "first",
    "mail",
    "home",
    "mailname",
    "third",
    "roles",
    "department",
    "boss",
];

const MOODLES: &[&str] = &[
    "username",
    "firstname",
    "lastname",
    "fullname",
    "email",
    "department",
    "institution",
    "idnumber",
    "suspended",
    "phone1",
    "phone2",
    "city",
    "country",
    "timezone",
    "lang",
    "middlename",
    "alternatename",
    "address",
];

/// What no field is of, and what is never a client's to say.
const BESIDE: &[&str] = &[
    "aaa",
    "displayName",
    "id",
    "members",
    "meta",
    "nickName",
    "password",
    "title",
    "urn:example:x",
    "zzz",
];

/// A client's words: those of another account, and some beside them.
fn sent_of(site: &Arc<Site>, object: &Value, more: BTreeMap<&str, Value>) -> Resource {
    let mut attributes = lifted(site, object).into_resource().into_attributes();
    attributes.remove("id");
    attributes.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    Resource::from_attributes(Kind::User, attributes)
}

fn blended(
    site: &Site,
    (sent, times): (&Resource, Option<u64>),
    shown: &Picture,
) -> Result<(), TestCaseError> {
    let kind = site.plan.kinds_of(Kind::User).next().unwrap();
    let pairs = site.blend(sent, shown, &moment());
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.to_owned()).collect();
    prop_assert!(keys.is_sorted_by(|one, next| one < next), "{:?}", keys);
    let never = ["id", "meta", "password"];
    prop_assert!(keys.iter().all(|key| !never.contains(&key.as_str())), "{:?}", keys);
    let mut resource = pairs.clone().into_resource();
    resource.set_meta("created", "then");
    resource.set_meta("lastModified", "now");
    let dates = Dates { created: Some("then"), modified: Some("now") };
    let sent = times.map(|times| (sent, times));
    let long = Written::of(&resource, &kind.resource_type, sent);
    let short = Written::told(&pairs, &kind.resource_type, (sent, dates));
    prop_assert_eq!(text(long), text(short));
    Ok(())
}

proptest! {
    #[test]
    fn either_way_of_writing_comes_to_the_same(object in object(FIELDS)) {
        let (long, short) = both_ways(&ODD, &lifted(&ODD, &object));
        prop_assert_eq!(Some(long), short);
    }

    #[test]
    fn so_it_does_for_moodle(object in object(MOODLES)) {
        let (long, short) = both_ways(&MOODLE, &lifted(&MOODLE, &object));
        prop_assert_eq!(Some(long), short);
    }

    #[test]
    fn what_is_blended_is_written_as_its_resource_is(
        shown in object(FIELDS),
        sent in object(FIELDS),
        more in proptest::collection::btree_map(select(BESIDE), value(), 0..6),
        times in proptest::option::of(0..9u64),
    ) {
        let sent = sent_of(&ODD, &sent, more);
        blended(&ODD, (&sent, times), &lifted(&ODD, &shown))?;
    }

    #[test]
    fn so_it_is_for_moodle(
        shown in object(MOODLES),
        sent in object(MOODLES),
        more in proptest::collection::btree_map(select(BESIDE), value(), 0..6),
    ) {
        let sent = sent_of(&MOODLE, &sent, more);
        let shown = lifted(&MOODLE, &shown);
        blended(&MOODLE, (&sent, Some(1)), &shown)?;
        blended(&MOODLE, (&sent, None), &Picture::from(shown.into_resource()))?;
    }

    #[test]
    fn either_way_of_looking_means_the_same(
        object in object(FIELDS),
        path in select(vec![
            "id", "userName", "title", "active", "emails.value", "emails[type eq \"work\"].value",
            "name.familyName", "roles.value", "password",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        ]),
        other in value(),
        own in any::<bool>(),
    ) {
        let user = ResourceType::user();
        let shown = lifted(&ODD, &object);
        let held = object.get("login").filter(|_| own).unwrap_or(&other);
        let Some(word) = held.as_str().map(str::to_uppercase) else { return Ok(()) };
        let text = format!("{path} eq {}", Value::String(word));
        let Ok(filter) = Filter::parse(&text, user.urns()) else { return Ok(()) };
        let Ok(matcher) = Matcher::bind(&filter, &user) else { return Ok(()) };
        prop_assert_eq!(shown.fits(&matcher), matcher.matches(shown.resource()));
    }
}

#[test]
fn where_attributes_get_into_each_others_way_there_is_only_the_long_one() {
    let ways = [
        // Whoever has the first has the second, too.
        "'emails[type eq \"work\"].value' = \"a\"\n'emails[type eq \"work\" and primary eq true].display' = \"b\"",
        "'emails[type eq \"work\"].value' = \"a\"\n'emails[type eq \"WORK\"].display' = \"b\"",
        "emails = \"a\"\n'emails[type eq \"work\"].value' = \"b\"",
    ];
    for attributes in ways {
        let site = site(&format!("userName = \"login\"\n{attributes}"), "");
        let shown = lifted(&site, &json!({"id": 1, "login": "x", "a": "y", "b": "z"}));
        let (long, short) = both_ways(&site, &shown);
        assert!(short.is_none_or(|short| short == long), "{attributes}");
    }
}

#[test]
fn what_is_known_beside_goes_the_long_way() {
    let shown = picture(&MOODLE, &json!({"id": 4, "username": "nina"}));
    let told = Picture::from(shown.resource().clone());
    let user = ResourceType::user();
    assert!(shown.written(&user).is_some());
    assert!(told.written(&user).is_none());
}
