//! PATCH bodies put together from what clients send, in every mixture, held
//! against the same checks as the bytes of the fuzzer.

use crate::checks;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const PATHS: &[&str] = &[
    "userName",
    "active",
    "title",
    "name",
    "name.familyName",
    "NAME.givenname",
    "emails",
    r#"emails[type eq "work"]"#,
    r#"emails[type eq "work"].value"#,
    r#"emails[type eq "Work"].primary"#,
    r#"emails[type eq "home"].value"#,
    r#"emails[type eq "home"].primary"#,
    r#"emails[type eq "home"].type"#,
    "emails[primary eq true].value",
    r#"emails[value co "nina"].type"#,
    "emails.value",
    r#"phoneNumbers[type eq "mobile"].value"#,
    r#"roles[primary eq "True"].value"#,
    "roles",
    "manager",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "members",
    r#"members[value eq "1"]"#,
    r#"members[value eq "1" or value eq "9"]"#,
    r#"members[type eq "User"]"#,
    "displayName",
    "externalId",
    "shoeSize",
    "groups",
    "id",
];

fn value() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(""),
        json!("x"),
        json!("True"),
        json!(true),
        json!([]),
        json!({}),
        json!("work"),
        json!("nina@hoch.example"),
        json!({ "value": "y" }),
        json!({ "value": "" }),
        json!({ "value": "y", "type": "work", "primary": true }),
        json!({ "type": "home" }),
        json!([{ "value": "1" }, { "value": "9", "$ref": null }]),
        json!([{ "value": "z", "type": "home", "primary": "True" }]),
        json!(["1", "2"]),
        json!({ "givenName": "N", "familyName": null }),
        json!({ "displayName": "D", "name.familyName": "F", "active": "false" }),
        json!({ "emails": [{ "value": "q", "type": "work" }], "members": [{ "value": "5" }] }),
        json!({ "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "P", "manager": "8"
        } }),
        json!({ "department": null, "manager": { "value": "8" } }),
        json!(42),
    ])
}

fn operation() -> impl Strategy<Value = Value> {
    let verb = select(vec!["add", "Replace", "REMOVE", "replace"]);
    let path = proptest::option::weighted(0.9, select(PATHS));
    let value = proptest::option::weighted(0.9, value());
    (verb, path, value).prop_map(|(op, path, value)| {
        let op = Some(("op", json!(op)));
        let path = path.map(|path| ("path", json!(path)));
        let value = value.map(|value| ("value", value));
        [op, path, value].into_iter().flatten().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_mixture_of_operations_happens_whole_or_not_and_as_foretold(
        operations in prop::collection::vec(operation(), 1..5)
    ) {
        let body = json!({ "Operations": operations });
        checks::patch(body.to_string().as_bytes());
    }
}
