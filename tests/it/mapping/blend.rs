//! What was sent is what comes back, for as long as it is still true.

use std::fs;
use std::path::Path;

use matricula::mapping::Picture;
use matricula::scim::{Kind, Resource};
use serde_json::{Value, json};

use super::echo::{kept, odd};
use super::people::{answer, moment, moodle, sent};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The first person of a recorded answer.
fn recorded(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moodle");
    let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let exchange: Value = serde_json::from_str(&text).unwrap();
    exchange.pointer("/response/body/0").unwrap().clone()
}

/// Grace as a client writes her whom the site shows in `get-by-id-everything`.
fn grace() -> Value {
    json!({
        "userName": "Grace.Full", "externalId": "E-1001", "active": true,
        "displayName": "Example, Ada (Mathematics)",
        "name": {"givenName": "Ada", "familyName": "Example", "formatted": "Ada Example"},
        "emails": [
            {"type": "Work", "value": "grace.full@example.com", "primary": true},
            {"type": "home", "value": "ada@home.example"},
        ],
        "phoneNumbers": [{"type": "mobile", "value": "+49 (0)30 / 12 34"}],
        "addresses": [{"type": "work", "locality": "Berlin", "country": "de", "postalCode": "10115"}],
        "preferredLanguage": "en-US",
        "roles": [{"value": "Teacher", "primary": true}],
        ENTERPRISE: {"department": "Mathematics", "costCenter": "CC-42", "manager": {"value": "9"}},
    })
}

/// The person's own words, and what the site adds to them.
fn with(mut person: Value, more: &Value) -> Value {
    let fields = more.as_object().cloned().unwrap_or_default();
    person.as_object_mut().unwrap().extend(fields);
    person
}

#[test]
fn a_recorded_person_is_answered_in_the_clients_own_words() {
    let site = moodle(&json!({"cost_center": "costcentre"}));
    let mut wanted = with(grace(), &json!({"id": "11", "timezone": "Europe/Berlin"}));
    wanted[ENTERPRISE]["organization"] = json!("Example University");
    let told = answer(&site, &sent(&site, &grace()), &recorded("get-by-id-everything"));
    assert_eq!(told, wanted);
}

#[test]
fn what_missing_rights_hide_stays_as_it_was_sent() {
    let site = moodle(&json!({"cost_center": "costcentre"}));
    let object = recorded("get-by-id-everything-as-documented-caps");
    assert!(object.get("username").is_none() && object.get("email").is_none());
    let wanted = with(grace(), &json!({"id": "11", "timezone": "Europe/Berlin"}));
    assert_eq!(answer(&site, &sent(&site, &grace()), &object), wanted);
}

#[test]
fn names_with_blanks_and_decomposed_letters_come_back_as_they_went() {
    let site = moodle(&json!({}));
    for (record, given, family) in [
        ("get-whitespace-names", "  Ada  ", " Love  lace "),
        ("get-nfd", "Zoe\u{308}", "L"),
        ("get-mixed-case-email-as-stored", "Ada", "Example"),
    ] {
        let object = recorded(record);
        let person = json!({
            "userName": object["username"].as_str().unwrap().to_uppercase(),
            "name": {"givenName": given, "familyName": family},
            "emails": [{"type": "work", "value": object["email"]}],
        });
        let told = answer(&site, &sent(&site, &person), &object);
        for name in ["userName", "name", "emails"] {
            assert_eq!(told[name], person[name], "{record}");
        }
    }
}

#[test]
fn what_somebody_changed_in_the_lms_wins_at_its_place() {
    let site = moodle(&json!({"cost_center": "costcentre"}));
    let resource = sent(&site, &grace());
    let object = recorded("get-by-id-everything");
    let base = answer(&site, &resource, &object);
    let cases = [
        ("username", json!("ada.example"), "/userName"),
        ("lastname", json!("Lovelace"), "/name/familyName"),
        ("email", json!("Ada@Example.com"), "/emails/0/value"),
        ("phone2", json!("110"), "/phoneNumbers/0/value"),
        ("country", json!("NL"), "/addresses/0/country"),
        ("idnumber", json!("E-2"), "/externalId"),
        ("lang", json!("nl"), "/preferredLanguage"),
    ];
    for (field, value, place) in cases {
        let mut object = object.clone();
        object[field] = value.clone();
        let mut wanted = base.clone();
        *wanted.pointer_mut(place).unwrap() = value;
        assert_eq!(answer(&site, &resource, &object), wanted, "{field}");
    }
    let mut object = object.clone();
    object["suspended"] = json!(true);
    assert_eq!(answer(&site, &resource, &object), with(base, &json!({"active": false})));
}

#[test]
fn a_label_in_another_case_makes_no_second_element() {
    let site = moodle(&json!({}));
    let mut object = recorded("get-by-id-everything");
    object["email"] = json!("new@example.com");
    let told = answer(&site, &sent(&site, &grace()), &object);
    let wanted = json!([
        {"type": "Work", "value": "new@example.com", "primary": true},
        {"type": "home", "value": "ada@home.example"},
    ]);
    assert_eq!(told["emails"], wanted);
}

#[test]
fn a_field_shown_empty_is_cleared_and_a_field_not_shown_is_not() {
    let site = moodle(&json!({}));
    let resource = sent(&site, &grace());
    let mut object = recorded("get-by-id-everything");
    object["department"] = json!("");
    let told = answer(&site, &resource, &object);
    assert!(told[ENTERPRISE].get("department").is_none(), "{told}");
    assert_eq!(told[ENTERPRISE]["manager"], json!({"value": "9"}));
    object.as_object_mut().unwrap().remove("department");
    assert_eq!(answer(&site, &resource, &object)[ENTERPRISE]["department"], json!("Mathematics"));
}

#[test]
fn an_element_that_says_nothing_any_more_goes_with_its_value() {
    let site = moodle(&json!({}));
    let resource = sent(&site, &grace());
    let mut object = recorded("get-by-id-everything");
    object["email"] = Value::Null;
    object["phone2"] = json!("");
    object["city"] = json!("");
    let told = answer(&site, &resource, &object);
    assert_eq!(told["emails"], json!([{"type": "home", "value": "ada@home.example"}]));
    let address = json!([{"type": "work", "country": "de", "postalCode": "10115"}]);
    assert_eq!(told["addresses"], address);
    assert_eq!(told.get("phoneNumbers"), None);
}

#[test]
fn an_extension_goes_with_its_last_value() {
    let site = moodle(&json!({}));
    let mut person = grace();
    person[ENTERPRISE] = json!({"department": "Mathematics"});
    let mut object = recorded("get-by-id-everything");
    object["department"] = json!("");
    object["institution"] = json!("");
    assert_eq!(answer(&site, &sent(&site, &person), &object).get(ENTERPRISE), None);
}

#[test]
fn an_empty_field_says_nothing_of_a_value_it_has_no_room_for() {
    let site = moodle(&json!({}));
    let mut person = grace();
    person["addresses"] = json!([{"type": "work", "country": "Germany"}]);
    let mut object = recorded("get-by-id-everything");
    object["country"] = json!("");
    object["city"] = json!("");
    let told = answer(&site, &sent(&site, &person), &object);
    assert_eq!(told["addresses"], person["addresses"]);
}

#[test]
fn a_value_that_another_element_has_is_a_change_all_the_same() {
    let site = moodle(&json!({}));
    let mut person = grace();
    person["emails"] = json!([
        {"type": "home", "value": "ada@home.example"},
        {"type": "work", "value": "grace.full@example.com"},
    ]);
    let mut object = recorded("get-by-id-everything");
    object["email"] = json!("ada@home.example");
    let told = answer(&site, &sent(&site, &person), &object);
    assert_eq!(told["emails"][1], json!({"type": "work", "value": "ada@home.example"}));
}

/// What is answered for a person of the odd LMS.
fn odd_answer(person: &Value, object: &Value) -> Value {
    let site = odd(&json!({}));
    let shown = super::people::lifted(&site, object);
    Value::Object(site.blend(&kept(person), &shown, &moment()).into_resource().into_attributes())
}

#[test]
fn a_value_taken_from_elsewhere_is_changed_and_cleared_where_it_stands() {
    let other = |mail: &str| json!([{"type": "other", "value": mail}]);
    let person = json!({"userName": "eva", "emails": other("eva@school.example")});
    let mails = |mail: &str| {
        let object = json!({"id": 1, "login": "eva", "mail": mail});
        odd_answer(&person, &object).get("emails").cloned()
    };
    assert_eq!(mails("eva@school.example"), Some(other("eva@school.example")));
    assert_eq!(mails("new@school.example"), Some(other("new@school.example")));
    assert_eq!(mails(""), None);
}

#[test]
fn a_value_that_the_mapping_makes_nothing_of_is_not_an_empty_one() {
    let person = json!({"userName": "eva", "preferredLanguage": "nl"});
    let language = |lang: Value| {
        let object = json!({"id": 1, "login": "eva", "lang": lang});
        odd_answer(&person, &object).get("preferredLanguage").cloned()
    };
    assert_eq!(language(json!(9)), Some(json!("nl")));
    assert_eq!(language(json!(1)), Some(json!("en")));
    assert_eq!(language(json!("")), None);
}

#[test]
fn there_is_no_empty_boolean() {
    let site = moodle(&json!({}));
    let mut object = recorded("get-by-id-everything");
    object["suspended"] = Value::Null;
    assert_eq!(answer(&site, &sent(&site, &grace()), &object)["active"], json!(true));
}

#[test]
fn no_secret_is_answered_and_the_lms_says_id_and_members() {
    let site = moodle(&json!({}));
    let with_all = with(grace(), &json!({"password": "s3cret", "id": "99", "members": []}));
    let Value::Object(attributes) = with_all else { panic!("an object") };
    let resource = Resource::from_attributes(Kind::User, attributes);
    let told = answer(&site, &resource, &recorded("get-by-id-everything"));
    assert_eq!((told.get("password"), told.get("members")), (None, None));
    assert_eq!(told["id"], json!("11"));
}

#[test]
fn what_the_mapping_calls_secret_is_not_answered_either() {
    let site = odd(&json!({}));
    let resource = kept(&json!({"userName": "eva", "password": "p", "profileUrl": "https://x"}));
    let object = json!({"id": 1, "login": "eva", "link": "https://x"});
    let shown = super::people::lifted(&site, &object);
    let told = site.blend(&resource, &shown, &moment()).into_resource();
    assert_eq!(Value::Object(told.into_attributes()), json!({"id": "1", "userName": "eva"}));
}

#[test]
fn a_group_takes_its_members_from_the_lms() {
    let site = moodle(&json!({}));
    let group = |value: Value| {
        let Value::Object(attributes) = value else { panic!("an object") };
        Resource::from_attributes(Kind::Group, attributes)
    };
    let sent = group(json!({"displayName": "1A", "members": [{"value": "3"}]}));
    let shown = json!({"id": "5", "displayName": "1B", "members": [{"value": "4"}]});
    let told = site.blend(&sent, &Picture::from(group(shown.clone())), &moment()).into_resource();
    assert_eq!(Value::Object(told.into_attributes()), shown);
}

#[test]
fn a_name_that_is_one_field_changes_as_a_whole() {
    let site = odd(&json!({}));
    let person = json!({
        "userName": "Eva", "name": {"givenName": "Eva Maria", "familyName": "Smit"},
        "emails": [{"type": "other", "value": "eva@school.example"}],
    });
    let resource = sent(&site, &person);
    let name = |full: &str| {
        let object = json!({"id": 1, "login": "EVA", "full": full, "mail": "eva@school.example"});
        let shown = super::people::lifted(&site, &object);
        Value::Object(site.blend(&resource, &shown, &moment()).into_resource().into_attributes())
    };
    let same = name("Eva Maria Smit");
    assert_eq!(same, with(person.clone(), &json!({"id": "1"})));
    assert_eq!(name("Eva Jansen")["name"], json!({"givenName": "Eva", "familyName": "Jansen"}));
}
