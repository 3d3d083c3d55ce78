//! What was sent is what comes back, for as long as it is true (rule 1), and
//! what is hidden is unknown, not empty (rule 6).

use super::journey::{nina, person};
use super::{House, Options};
use matricula::provision::{Config, Keep};
use matricula::sandbox::{Fault, Person};
use matricula::scim::{Rules, Unknown};
use serde_json::{Value, json};

async fn made(house: &House, body: &Value) -> String {
    let made = house.post("/Users", body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/Users/{}", made.id())
}

fn edit_lms(house: &House, path: &str, edit: impl FnOnce(&mut Person)) {
    let id: i64 = path.trim_start_matches("/Users/").parse().unwrap();
    house.lms.with(|moodle| moodle.people.edit(id, edit).unwrap());
}

/// A house that asks its LMS every time.
async fn forgetful(options: Options) -> House {
    let caching = matricula::provision::Caching { bytes: 0, ..options.caching };
    House::with(Options { caching, ..options }).await
}

fn without(body: &Value, names: &[&str]) -> Value {
    let mut body = body.clone();
    for name in names {
        body.as_object_mut().unwrap().remove(*name);
    }
    body
}

#[tokio::test]
async fn every_attribute_comes_back_as_it_was_spelt() {
    let house = forgetful(Options::default()).await;
    let body = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "userName": "  Jean-Luc.O_Neil@Hoch.EXAMPLE ",
        "externalId": "X-42 äÖ",
        "active": true,
        "displayName": "Prof. Jean-Luc O'Neil",
        "title": "Lecturer",
        "nickName": "JL",
        "userType": "Employee",
        "preferredLanguage": "en-US",
        "locale": "de-CH",
        "timezone": "Europe/Zurich",
        "name": { "givenName": "Jean-Luc", "familyName": "O'Neil", "formatted": "Jean-Luc O'Neil", "honorificPrefix": "Prof." },
        "emails": [
            { "type": "work", "primary": true, "value": "JL.O'Neil@Hoch.EXAMPLE" },
            { "type": "home", "value": "jl@home.example" }
        ],
        "phoneNumbers": [
            { "type": "work", "value": "+41 (0)44 / 000-00" },
            { "type": "mobile", "value": "tel:0790000000" },
            { "type": "fax", "value": "0" }
        ],
        "addresses": [{ "type": "work", "streetAddress": "Weg 1", "locality": "Zürich", "country": "ch", "postalCode": "8000" }],
        "roles": [{ "value": "teacher", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "department": "Physics", "organization": "Hoch", "employeeNumber": "007", "costCenter": "K-1",
            "manager": { "value": "4" }
        }
    });
    let path = made(&house, &body).await;
    let read = house.get(&path).await.body;
    for (name, value) in body.as_object().unwrap().iter().filter(|(name, _)| *name != "schemas") {
        assert_eq!(&read[name], value, "{name}");
    }
    let found = house.find("Users", r#"userName eq "jean-luc.o_neil@hoch.example""#).await;
    assert_eq!(found.body["Resources"][0]["userName"], body["userName"], "{found:?}");
    let listed = house.get("/Users").await.body;
    let listed = listed["Resources"].as_array().unwrap().iter().find(|it| it["id"] == read["id"]);
    assert_eq!(listed.unwrap()["emails"], body["emails"]);
}

#[tokio::test]
async fn saying_the_same_again_changes_neither_version_nor_date() {
    let house = House::open().await;
    let path = made(&house, &nina()).await;
    let before = house.get(&path).await.body;
    let put = house.put(&path, nina()).await;
    assert_eq!(put.status, 200, "{put:?}");
    let edit = json!([
        { "op": "Replace", "path": "userName", "value": nina()["userName"] },
        { "op": "Replace", "path": "active", "value": "True" },
        { "op": "Add", "path": "title", "value": "Lecturer" }
    ]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    assert_eq!(house.get(&path).await.body, before);
}

#[tokio::test]
async fn what_an_lms_admin_edits_is_what_is_true() {
    let house = forgetful(Options::default()).await;
    let path = made(&house, &nina()).await;
    edit_lms(&house, &path, |person| {
        person.username = "n.berg".to_owned();
        person.lastname = "Tal".to_owned();
        person.phone1 = "1".to_owned();
        person.suspended = true;
    });
    let read = house.get(&path).await.body;
    assert_eq!(read["userName"], json!("n.berg"));
    assert_eq!(read["name"], json!({ "givenName": "Nina", "familyName": "Tal" }));
    assert_eq!(read["phoneNumbers"][0]["value"], json!("1"));
    assert_eq!(read["active"], json!(false));
    // What only the client knows stays.
    assert_eq!((&read["title"], &read["externalId"]), (&nina()["title"], &nina()["externalId"]));
    let old = house.find("Users", r#"userName eq "nina.berg@hoch.example""#).await;
    assert_eq!(old.body["totalResults"], json!(0));
    let new = house.find("Users", r#"userName eq "N.BERG""#).await;
    assert_eq!(new.body["totalResults"], json!(1));
    // Moodle leaves out what is empty as it leaves out what is hidden: nothing
    // follows from it (rule 6).
    edit_lms(&house, &path, |person| person.phone1 = String::new());
    let read = house.get(&path).await.body;
    assert_eq!(read["phoneNumbers"], nina()["phoneNumbers"], "{read}");
}

#[tokio::test]
async fn a_value_that_the_lms_gets_back_is_spelt_by_the_client_again() {
    let house = forgetful(Options::default()).await;
    let path = made(&house, &nina()).await;
    edit_lms(&house, &path, |person| person.username = "other".to_owned());
    assert_eq!(house.get(&path).await.body["userName"], json!("other"));
    edit_lms(&house, &path, |person| person.username = "nina.berg@hoch.example".to_owned());
    assert_eq!(house.get(&path).await.body["userName"], nina()["userName"]);
}

#[tokio::test]
async fn a_hidden_address_is_unknown_and_stays() {
    let site = |site: &mut matricula::sandbox::Site| site.identity.clear();
    let house = forgetful(Options { site, ..Options::default() }).await;
    let path = made(&house, &nina()).await;
    let read = house.get(&path).await.body;
    assert_eq!(read["emails"], nina()["emails"], "{read}");
    let edit = json!([{ "op": "replace", "path": "name.familyName", "value": "Tal" }]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    assert_eq!(house.put(&path, nina()).await.status, 200);
    let held = house.lms.people().into_iter().find(|it| it.idnumber == "x-Nina.Berg").unwrap();
    assert_eq!(held.email, "Nina.Berg@hoch.example");
    assert_eq!(held.phone1, "+41 44 000 00 00");
}

#[tokio::test]
async fn unknown_attributes_are_kept_or_ignored_or_refused() {
    let mut body = without(&nina(), &["title"]);
    body["shoeSize"] = json!({ "eu": 44 });
    body["urn:example:ext"] = json!({ "badge": "b-7" });
    let edit = json!([{ "op": "add", "path": "shoeSize.eu", "value": 45 }]);
    for (unknown, status) in [(Unknown::Keep, 201), (Unknown::Ignore, 201), (Unknown::Reject, 400)]
    {
        let rules = Rules { unknown, ..Rules::default() };
        let house = House::with(Options { rules, ..Options::default() }).await;
        let answer = house.post("/Users", body.clone()).await;
        assert_eq!(answer.status, status, "{unknown:?}: {answer:?}");
        if unknown == Unknown::Reject {
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains("shoeSize") || detail.contains("urn:example:ext"), "{detail}");
            assert_eq!(house.lms.people().len(), 2);
            continue;
        }
        let path = format!("/Users/{}", answer.id());
        let kept = unknown == Unknown::Keep;
        let read = house.get(&path).await.body;
        assert_eq!(read.get("shoeSize").is_some(), kept, "{unknown:?}");
        assert_eq!(read.get("urn:example:ext").is_some(), kept, "{unknown:?}");
        let changed = house.patch(&path, edit.clone()).await;
        assert!(changed.status < 300, "{unknown:?}: {changed:?}");
        let read = house.get(&path).await.body;
        assert_eq!(read["shoeSize"]["eu"], if kept { json!(45) } else { Value::Null });
    }
}

#[tokio::test]
async fn an_address_that_only_the_gateway_knows_is_found_whichever_way_it_is_asked_for() {
    let house = House::open().await;
    let mut body = nina();
    body["emails"] = json!([
        { "type": "work", "value": "nina@hoch.example", "primary": true },
        { "type": "home", "value": "nina@home.example" }
    ]);
    made(&house, &body).await;
    for address in ["nina@home.example", "nina@hoch.example"] {
        for filter in [
            format!(r#"emails[value eq "{address}"]"#),
            format!(r#"emails.value eq "{address}""#),
            format!(r#"emails eq "{address}""#),
        ] {
            let found = house.find("Users", &filter).await;
            assert_eq!(found.body["totalResults"], json!(1), "{filter}");
        }
    }
    let found = house.find("Users", r#"emails[type eq "home"].value eq "nina@home.example""#).await;
    assert_eq!(found.body["totalResults"], json!(1));
}

/// A filter by what only the gateway knows, and by something else: that is as the LMS has
/// it now, and not as a client once wrote it, if ever it did.
#[tokio::test]
async fn what_the_gateway_knows_is_searched_together_with_what_the_lms_says() {
    for keep in [Keep::Full, Keep::Minimal] {
        let config: fn(&mut Config) = match keep {
            Keep::Full => |config| config.keep = Keep::Full,
            Keep::Minimal => |config| config.keep = Keep::Minimal,
        };
        let house = forgetful(Options { config, ..Options::default() }).await;
        let path = made(&house, &nina()).await;
        house.get(&path).await;
        house.at_rest().await;
        edit_lms(&house, &path, |person| person.lastname = "Tal".to_owned());
        let title = format!("title eq {}", nina()["title"]);
        for (filter, found) in [
            (format!("{title} and preferredLanguage eq \"en\""), 1),
            (format!("{title} and name.familyName eq \"Tal\""), 1),
            (format!("{title} and name.familyName eq \"Berg\""), 0),
            (format!("{title} and name.givenName sw \"Ni\" and active eq true"), 1),
            (format!("({title} or nickName pr) and name.familyName eq \"Tal\""), 1),
            (format!("({title} or userName eq \"x\") and name.familyName eq \"Tal\""), 1),
            (format!("({title} and name.familyName eq \"Tal\") or userName eq \"x\""), 1),
        ] {
            let answer = house.find("Users", &filter).await;
            assert_eq!(answer.body["totalResults"], json!(found), "{keep:?}: {filter}");
        }
    }
}

#[tokio::test]
async fn what_is_read_only_is_passed_over_where_the_unknown_is_refused() {
    let rules = Rules { unknown: Unknown::Reject, ..Rules::default() };
    let house = House::with(Options { rules, ..Options::default() }).await;
    // As Okta writes it.
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "nina", "externalId": "00u1", "active": true, "groups": [],
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "primary": true, "value": "nina@hoch.example", "type": "work" }]
    });
    let path = made(&house, &body).await;
    assert_eq!(house.put(&path, body.clone()).await.status, 200);
    let edit = json!([{ "op": "replace", "value": { "groups": [] } }]);
    assert_eq!(house.patch(&path, edit).await.status, 204);
    body["shoeSize"] = json!(44);
    assert_eq!(house.put(&path, body).await.status, 400);
}

#[tokio::test]
async fn a_change_of_what_the_lms_has_no_place_for_is_no_call_that_writes() {
    let house = House::open().await;
    let path = made(&house, &nina()).await;
    house.lms.calls().reset();
    let edit = json!([{ "op": "replace", "path": "title", "value": "Dean" }]);
    assert_eq!(house.patch(&path, edit.clone()).await.status, 204);
    assert_eq!(house.lms.calls().of("core_user_update_users"), 0);
    assert_eq!(house.get(&path).await.body["title"], json!("Dean"));
    let nobody = house.patch("/Users/4711", edit.clone()).await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
    house.lms.faults().always(None, Fault::Page);
    let ill = house.patch("/Users/4712", edit).await;
    assert_eq!(ill.status, 503, "{ill:?}");
}

#[tokio::test]
async fn a_refused_change_is_not_remembered() {
    let house = House::open().await;
    house.post("/Users", person("otto")).await;
    let path = made(&house, &nina()).await;
    let edit = json!([
        { "op": "replace", "path": "title", "value": "Dean" },
        { "op": "replace", "path": "userName", "value": "OTTO@hoch.example" }
    ]);
    let refused = house.patch(&path, edit).await;
    assert_eq!(
        (refused.status, &refused.body["scimType"]),
        (409, &json!("uniqueness")),
        "{refused:?}"
    );
    let read = house.get(&path).await.body;
    assert_eq!((&read["title"], &read["userName"]), (&nina()["title"], &nina()["userName"]));
}

#[tokio::test]
async fn a_cleared_attribute_is_empty_in_the_lms_too() {
    let house = forgetful(Options::default()).await;
    let path = made(&house, &nina()).await;
    for value in [json!(null), json!("")] {
        let edit = json!([{ "op": "replace", "path": "phoneNumbers[type eq \"work\"].value", "value": value }]);
        assert!(house.patch(&path, edit).await.status < 300);
        let read = house.get(&path).await.body;
        let held = read["phoneNumbers"].as_array().into_iter().flatten();
        assert!(held.clone().all(|it| it.get("value").is_none()), "{read}");
    }
    let held = house.lms.people().into_iter().find(|it| it.idnumber == "x-Nina.Berg").unwrap();
    assert_eq!(held.phone1, "");
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let house = House::open().await;
    let mut body = nina();
    body["password"] = json!("Geheim-123456!");
    let answer = house.post("/Users", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert!(!answer.body.to_string().contains("Geheim"));
    let path = format!("/Users/{}?attributes=password,userName", answer.id());
    let read = house.get(&path).await.body;
    assert!(read.get("password").is_none(), "{read}");
    let searched = house.find("Users", r#"password eq "Geheim-123456!""#).await;
    assert_eq!(searched.status, 400, "{searched:?}");
}
