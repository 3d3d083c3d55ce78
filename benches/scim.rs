//! What the protocol costs, beside what JSON alone costs; and that hostile
//! input costs in proportion to its size.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should fail")]

use divan::{Bencher, black_box};
use matricula::scim::{
    Filter, Matcher, Parameters, Path, Projection, Resource, ResourceId, ResourceType, Rules,
    Shown, parse_json,
};
use serde_json::{Value, json};

fn main() {
    divan::main();
}

/// A user as Entra creates one: 1.2 KB of JSON.
fn nina() -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": "6f0f6c2e-52d7-4b59-9f2f-0e6d7a2f3c11",
        "userName": "nina.berg@hoch.example",
        "active": true,
        "displayName": "Nina Berg",
        "title": "Lecturer",
        "preferredLanguage": "de-CH",
        "name": { "formatted": "Nina Berg", "familyName": "Berg", "givenName": "Nina" },
        "emails": [
            { "primary": true, "type": "work", "value": "nina.berg@hoch.example" },
            { "type": "other", "value": "n.berg@alumni.hoch.example" }
        ],
        "phoneNumbers": [
            { "type": "work", "value": "+41 44 000 00 00" },
            { "type": "mobile", "value": "+41 79 000 00 00" }
        ],
        "addresses": [{
            "type": "work", "formatted": "B 2.14", "streetAddress": "Seeweg 4",
            "locality": "Zurich", "postalCode": "8001", "country": "CH", "primary": false
        }],
        "roles": [{ "value": "teacher", "display": "Teacher", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Mathematics", "employeeNumber": "20417", "costCenter": "4120",
            "organization": "Hochschule am See", "manager": { "value": "1041" }
        },
        "meta": { "resourceType": "User" }
    })
}

fn stored(user: &ResourceType) -> Resource {
    let mut resource = user.create(nina(), Rules::default()).unwrap();
    resource.set_id(&ResourceId::parse("20417").unwrap());
    resource.set_meta("created", "2026-03-04T09:15:27.000Z");
    resource.set_meta("lastModified", "2026-03-04T09:15:27.000Z");
    resource.set_meta("location", "https://gw.example/hoch/scim/v2/Users/20417");
    resource.set_meta("version", "W/\"c28b144f99744cae86d50227\"");
    resource
}

/// The yardstick: JSON in and out, nothing understood.
#[divan::bench]
fn user_bare_json_parse(bencher: Bencher<'_, '_>) {
    let text = nina().to_string();
    bencher.bench(|| serde_json::from_str::<Value>(black_box(&text)).unwrap());
}

#[divan::bench]
fn user_bare_json_print(bencher: Bencher<'_, '_>) {
    let value = Value::Object(stored(&ResourceType::user()).into_attributes());
    bencher.bench(|| serde_json::to_vec(black_box(&value)).unwrap());
}

#[divan::bench]
fn user_parse_and_create(bencher: Bencher<'_, '_>) {
    let user = ResourceType::user();
    let text = nina().to_string();
    bencher.bench(|| {
        let body = parse_json(black_box(text.as_bytes())).unwrap();
        user.create(body, Rules::default()).unwrap()
    });
}

#[divan::bench]
fn user_project_and_print(bencher: Bencher<'_, '_>) {
    let user = ResourceType::user();
    let resource = stored(&user);
    let projection = Projection::parse(&user, None, Some("members,roles")).unwrap();
    bencher.bench(|| {
        serde_json::to_vec(&Shown::new(black_box(&resource), &user, &projection)).unwrap()
    });
}

const BY_NAME: &str = r#"userName eq "nina.berg@hoch.example""#;
const BY_WORK: &str = r#"emails[type eq "work"].value eq "nina.berg@hoch.example""#;

#[divan::bench(args = [BY_NAME, BY_WORK])]
fn filter_parse(text: &str) -> Filter {
    Filter::parse(black_box(text), &[]).unwrap()
}

#[divan::bench(args = [BY_NAME, BY_WORK])]
fn filter_parse_and_bind(bencher: Bencher<'_, '_>, text: &str) {
    let user = ResourceType::user();
    bencher.bench(|| {
        let filter = Filter::parse(black_box(text), user.urns()).unwrap();
        Matcher::bind(&filter, &user).unwrap()
    });
}

#[divan::bench(args = [BY_NAME, BY_WORK])]
fn filter_evaluate(bencher: Bencher<'_, '_>, text: &str) {
    let user = ResourceType::user();
    let resource = stored(&user);
    let matcher = Matcher::bind(&Filter::parse(text, user.urns()).unwrap(), &user).unwrap();
    bencher.bench(|| black_box(&matcher).matches(black_box(&resource)));
}

#[divan::bench]
fn query_of_the_connection_test(bencher: Bencher<'_, '_>) {
    let group = ResourceType::group();
    bencher.bench(|| {
        let pairs = [
            ("excludedAttributes", "members"),
            ("filter", r#"displayName eq "9b0a7f0c-1f2e-4a5e-8a39-5d0f1b2c3d4e""#),
        ];
        Parameters::from_pairs(black_box(pairs)).unwrap().bind(&group).unwrap()
    });
}

fn typical_patch() -> Value {
    json!({ "Operations": [
        { "op": "Replace", "path": "displayName", "value": "Nina Berg-Hofer" },
        { "op": "Replace", "path": "name.familyName", "value": "Berg-Hofer" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "nbh@hoch.example" },
        { "op": "Replace", "path": "active", "value": "True" }
    ] })
}

#[divan::bench]
fn patch_parse_and_normalise(bencher: Bencher<'_, '_>) {
    let user = ResourceType::user();
    let text = typical_patch().to_string();
    bencher.bench(|| {
        let body = parse_json(black_box(text.as_bytes())).unwrap();
        user.patch(body, None, Rules::default()).unwrap()
    });
}

#[divan::bench]
fn patch_apply(bencher: Bencher<'_, '_>) {
    let user = ResourceType::user();
    let resource = stored(&user);
    let edits = user.patch(typical_patch(), None, Rules::default()).unwrap();
    bencher
        .with_inputs(|| resource.clone())
        .bench_refs(|resource| black_box(&edits).apply(&user, resource).unwrap());
}

#[divan::bench]
fn patch_foretell_the_work_address(bencher: Bencher<'_, '_>) {
    let user = ResourceType::user();
    let edits = user.patch(typical_patch(), None, Rules::default()).unwrap();
    let path = Path::parse(r#"emails[type eq "work"].value"#, user.urns()).unwrap();
    let place = user.place(&path).unwrap();
    bencher.bench(|| black_box(&edits).outcome(&place));
}

/// Twice the members, twice the time: the index at work.
#[divan::bench(args = [2_500, 5_000, 10_000, 20_000], max_time = 2)]
fn linear_group_of_one_operation_a_member(bencher: Bencher<'_, '_>, members: usize) {
    let group = ResourceType::group();
    let operations: Vec<_> = (0..members)
        .map(|id| {
            let op = if id % 3 == 2 { "remove" } else { "add" };
            json!({ "op": op, "path": "members", "value": [{ "value": (id / 3).to_string() }] })
        })
        .collect();
    let body = json!({ "Operations": operations });
    let before = json!({ "displayName": "All", "members": [{ "value": "x" }] });
    let before = group.create(before, Rules::default()).unwrap();
    bencher.with_inputs(|| (body.clone(), before.clone())).bench_values(|(body, mut resource)| {
        let edits = group.patch(body, None, Rules::default()).unwrap();
        edits.apply(&group, &mut resource).unwrap();
        resource
    });
}

#[divan::bench(args = [12_500, 25_000, 50_000, 100_000], max_time = 2)]
fn linear_refusal_of_too_many_operations(bencher: Bencher<'_, '_>, operations: usize) {
    let group = ResourceType::group();
    let operation = json!({ "op": "add", "path": "members", "value": "1" });
    let text = json!({ "Operations": vec![operation; operations] }).to_string();
    bencher.bench(|| {
        let body = parse_json(black_box(text.as_bytes())).unwrap();
        group.patch(body, None, Rules::default()).is_ok()
    });
}

#[divan::bench(args = [4, 8, 16, 64])]
fn linear_filter_of_kilobytes(bencher: Bencher<'_, '_>, kilobytes: usize) {
    let mut text = String::from("id pr");
    while text.len() < kilobytes * 1024 - 64 {
        text.push_str(r#" or displayName co "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#);
    }
    bencher.bench(|| Filter::parse(black_box(&text), &[]).is_ok());
}

#[divan::bench(args = [1_250, 2_500, 5_000, 10_000])]
fn linear_filter_of_brackets(bencher: Bencher<'_, '_>, brackets: usize) {
    let text = "(".repeat(brackets);
    bencher.bench(|| Filter::parse(black_box(&text), &[]).is_ok());
}

#[divan::bench(args = [1_250, 2_500, 5_000, 10_000])]
fn linear_json_of_levels(bencher: Bencher<'_, '_>, levels: usize) {
    let text = "[".repeat(levels) + &"]".repeat(levels);
    bencher.bench(|| parse_json(black_box(text.as_bytes())).is_ok());
}
