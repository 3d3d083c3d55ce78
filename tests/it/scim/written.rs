//! A resource as text says what it says as a tree.

use matricula::scim::{Kind, Projection, Resource, ResourceType, Shown, Written};
use serde_json::{Value, json};

const BASE: &str = "https://scim.school.example/hoch/scim/v2";

fn sent(written: &Written, base: &str, lean: bool) -> Value {
    let mut out = b"before ".to_vec();
    written.write(base, lean, &mut out);
    serde_json::from_slice(out.strip_prefix(b"before ").unwrap()).unwrap()
}

fn shown(resource: &Resource, resource_type: &ResourceType, but: Option<&str>) -> Value {
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
            "created": "2026-03-04T09:15:27.123Z", "resourceType": "User", "version": "W/\"1\""
        }
    })
}

#[test]
fn a_text_shows_what_a_plain_answer_shows() {
    let user = ResourceType::user();
    let nina = of(&user, &nina());
    let written = Written::of(&nina, &user);
    assert_eq!(sent(&written, BASE, false), shown(&nina, &user, None));
    assert_eq!(sent(&written, BASE, true), shown(&nina, &user, None));
}

#[test]
fn a_text_has_no_location_without_an_id() {
    let user = ResourceType::user();
    for lacking in ["id", "meta"] {
        let mut attributes = nina();
        attributes.as_object_mut().unwrap().remove(lacking);
        let unborn = of(&user, &attributes);
        let written = Written::of(&unborn, &user);
        assert_eq!(sent(&written, BASE, false), shown(&unborn, &user, None), "{lacking}");
    }
}

#[test]
fn members_can_be_left_out_of_a_text() {
    let group = ResourceType::group();
    for members in [json!([{ "value": "4" }, { "value": "5" }]), json!([])] {
        let math = json!({
            "id": "9", "displayName": "Math 1A", "externalId": "x", "members": members,
            "meta": { "resourceType": "Group", "version": "W/\"1\"" }
        });
        let math = of(&group, &math);
        let written = Written::of(&math, &group);
        assert_eq!(sent(&written, BASE, false), shown(&math, &group, None));
        assert_eq!(sent(&written, BASE, true), shown(&math, &group, Some("members")));
    }
}

#[test]
fn a_base_of_any_kind_stands_escaped_in_the_text() {
    let user = ResourceType::user();
    let written = Written::of(&of(&user, &nina()), &user);
    for base in ["", "http://x/\"quoted\"", "http://x/ä\u{1}\\", BASE] {
        let location = format!("{base}/Users/a%2F7%20%22x%22");
        assert_eq!(sent(&written, base, false)["meta"]["location"], json!(location));
    }
}

#[test]
fn a_resource_is_read_back_from_its_text() {
    let user = ResourceType::user();
    let nina = of(&user, &nina());
    let read = Written::of(&nina, &user).resource();
    assert_eq!(read.kind(), Kind::User);
    let mut expected = nina.attributes().clone();
    expected.remove("password");
    expected["meta"]["location"] = json!("/Users/a%2F7%20%22x%22");
    assert_eq!(*read.attributes(), expected);
}

#[test]
fn a_text_does_not_print_what_it_says() {
    let user = ResourceType::user();
    let printed = format!("{:?}", Written::of(&of(&user, &nina()), &user));
    assert!(printed.contains("User") && !printed.contains("nina"), "{printed}");
}
