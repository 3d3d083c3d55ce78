//! What is remembered of what was sent where as little as possible is kept, and
//! that nobody can tell the difference.

use matricula::scim::{Kind, Resource};
use serde_json::{Value, json};

use super::people::{answer, moodle, picture, stored};

fn user(body: &Value) -> Resource {
    Resource::from_attributes(Kind::User, body.as_object().unwrap().clone())
}

#[test]
fn only_what_the_lms_says_otherwise_or_not_at_all_is_kept() {
    let site = moodle(&json!({}));
    let sent = user(&json!({
        "userName": "Nina.Berg@Hoch.example",
        "externalId": "x-1",
        "active": true,
        "title": "Lecturer",
        "name": { "givenName": "Nina", "familyName": "Berg", "formatted": "Nina Berg" },
        "emails": [
            { "type": "other", "value": "n@x.example" },
            { "type": "work", "primary": true, "value": "nina@hoch.example" }
        ],
        "phoneNumbers": [{ "type": "work", "value": "+41 44" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Math" }
    }));
    let object = stored(&site, &sent);
    let kept = picture(&site, &object).essence(&sent).unwrap();
    let expected = json!({
        "userName": "Nina.Berg@Hoch.example",
        "title": "Lecturer",
        "name": { "formatted": "Nina Berg" },
        "emails": [
            { "type": "other", "value": "n@x.example" },
            { "type": "work", "primary": true }
        ],
        "phoneNumbers": [{ "type": "work" }]
    });
    assert_eq!(Value::Object(kept.attributes().clone()), expected);
    assert_eq!(answer(&site, &kept, &object), answer(&site, &sent, &object));
}

#[test]
fn an_address_is_kept_where_another_would_be_taken_for_it() {
    let site = moodle(&json!({}));
    let sent = user(&json!({
        "userName": "nina",
        "emails": [
            { "type": "work", "value": "nina@hoch.example" },
            { "type": "home", "value": "nina@home.example", "primary": true }
        ]
    }));
    let object = stored(&site, &sent);
    let kept = picture(&site, &object).essence(&sent).unwrap();
    assert_eq!(kept.attributes()["emails"], sent.attributes()["emails"]);
    assert_eq!(answer(&site, &kept, &object), answer(&site, &sent, &object));
}
