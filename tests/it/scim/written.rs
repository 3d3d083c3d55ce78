//! A resource as text says what it says as a tree.

use matricula::scim::{Kind, Projection, Resource, ResourceType, Shown, Written};
use serde_json::{Value, json};

const BASE: &str = "https://scim.school.example/hoch/scim/v2";

fn sent(written: &Written, base: &str, lean: bool) -> Value {
    let mut out = b"before ".to_vec();
    written.write(base, lean, &mut out);
    serde_json::from_slice(out.strip_prefix(b"before ").unwrap()).unwrap()
}

/// The same as a tree, which is told its version.
fn shown(resource: &Resource, resource_type: &ResourceType, but: Option<&str>) -> Value {
    let mut resource = resource.clone();
    resource.set_meta("version", Written::of(&resource, resource_type, None).1.to_string());
    let resource = &resource;
    let projection = Projection::parse(resource_type, None, but).unwrap();
    serde_json::to_value(Shown::new(resource, resource_type, &projection).at(BASE)).unwrap()
}

fn of(resource_type: &ResourceType, attributes: &Value) -> Resource {
    let attributes = attributes.as_object().unwrap().clone();
    Resource::from_attributes(resource_type.kind(), attributes)
}

fn nina() -> Value {
    json!({
        "id": "a/7 \"x\"",
        "userName": "nina",
        "password": "never shown",
        "title": "\"location\":\"elsewhere\"",
        "name": { "givenName": "Ni\u{0}na", "familyName": "Bérg" },
        "emails": [{ "value": "n@x.example", "type": "work" }],
        "groups": [],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Math" },
        "urn:example:unknown": { "location": "here" },
        "location": "an attribute that nobody knows",
        "meta": {
            "created": "2026-03-04T09:15:27.123Z", "resourceType": "User"
        }
    })
}

#[test]
fn a_text_shows_what_a_plain_answer_shows() {
    let user = ResourceType::user();
    let nina = of(&user, &nina());
    let written = Written::of(&nina, &user, None).0;
    assert_eq!(sent(&written, BASE, false), shown(&nina, &user, None));
    assert_eq!(sent(&written, BASE, true), shown(&nina, &user, None));
}

#[test]
fn a_text_has_no_location_without_an_id() {
    let user = ResourceType::user();
    let mut attributes = nina();
    attributes.as_object_mut().unwrap().remove("id");
    let unborn = of(&user, &attributes);
    let written = Written::of(&unborn, &user, None).0;
    assert_eq!(sent(&written, BASE, false), shown(&unborn, &user, None));
}

#[test]
fn every_text_has_a_version_and_says_what_it_is() {
    let user = ResourceType::user();
    let mut attributes = nina();
    attributes.as_object_mut().unwrap().remove("meta");
    let (written, version) = Written::of(&of(&user, &attributes), &user, None);
    let meta = &sent(&written, BASE, false)["meta"];
    assert_eq!(meta["version"], json!(version.to_string()));
    assert_eq!(meta["resourceType"], json!("User"));
}

#[test]
fn a_version_is_of_what_its_client_has_written() {
    let group = ResourceType::group();
    let math = |name: &str, seen: &str, members: usize| {
        let people: Vec<_> = (0..members).map(|it| json!({ "value": it.to_string() })).collect();
        of(&group, &json!({ "id": "9", "displayName": name, "seen": seen, "members": people }))
    };
    let sent = of(&group, &json!({ "displayName": "Math" }));
    let version = |shown: &Resource, times| Written::of(shown, &group, Some((&sent, times))).1;
    let first = version(&math("Math", "a", 2), 1);
    assert_eq!(version(&math("Math", "b", 0), 1), first);
    assert_ne!(version(&math("Math", "a", 2), 2), first);
    assert_ne!(version(&math("Maths", "a", 2), 1), first);
    let unwritten = |shown: &Resource| Written::of(shown, &group, None).1;
    assert_eq!(unwritten(&math("Math", "a", 2)), unwritten(&math("Math", "a", 0)));
    assert_ne!(unwritten(&math("Math", "a", 2)), unwritten(&math("Math", "b", 2)));
}

#[test]
fn members_can_be_left_out_of_a_text() {
    let group = ResourceType::group();
    for members in [json!([{ "value": "4" }, { "value": "5" }]), json!([])] {
        let math = json!({
            "id": "9", "displayName": "Math 1A", "externalId": "x", "members": members,
            "meta": { "resourceType": "Group" }
        });
        let math = of(&group, &math);
        let written = Written::of(&math, &group, None).0;
        assert_eq!(sent(&written, BASE, false), shown(&math, &group, None));
        assert_eq!(sent(&written, BASE, true), shown(&math, &group, Some("members")));
    }
}

#[test]
fn a_base_of_any_kind_stands_escaped_in_the_text() {
    let user = ResourceType::user();
    let written = Written::of(&of(&user, &nina()), &user, None).0;
    for base in ["", "http://x/\"quoted\"", "http://x/ä\u{1}\\", BASE] {
        let location = format!("{base}/Users/a%2F7%20%22x%22");
        assert_eq!(sent(&written, base, false)["meta"]["location"], json!(location));
    }
}

#[test]
fn a_resource_is_read_back_from_its_text() {
    let user = ResourceType::user();
    let nina = of(&user, &nina());
    let read = Written::of(&nina, &user, None).0.resource();
    assert_eq!(read.kind(), Kind::User);
    let mut expected = nina.attributes().clone();
    expected.remove("password");
    expected["meta"]["location"] = json!("/Users/a%2F7%20%22x%22");
    expected["meta"]["version"] = read.attributes()["meta"]["version"].clone();
    assert_eq!(*read.attributes(), expected);
}

#[test]
fn a_text_does_not_print_what_it_says() {
    let user = ResourceType::user();
    let printed = format!("{:?}", Written::of(&of(&user, &nina()), &user, None).0);
    assert!(printed.contains("User") && !printed.contains("nina"), "{printed}");
}
