//! What each client puts on the wire: a profile that speaks like another
//! proves nothing.

use serde_json::{Value, json};

use super::client::Client;
use super::dialect::{
    Change, activation, created, difference, founded, managed, operations, patch,
};
use super::dialect::{renamed, roles, written};
use super::directory::{DEPARTMENT, Person, Team};
use super::house::House;
use super::parcel::{Moves, bodies};
use super::profile::{self, Manager, Profile, Roles, Slash};
use super::target::MANAGER;
use super::worker::Worker;

const WORK: &str = r#"emails[type eq "work"].value"#;

fn changes() -> [Change; 4] {
    [
        Change::replace("displayName", "Nina B"),
        Change::add(WORK, "n@hoch.example"),
        Change::add(DEPARTMENT, "Physics"),
        Change::replace("active", false),
    ]
}

#[test]
fn the_old_dialect_has_an_operation_for_each_attribute() {
    assert_eq!(
        operations(&profile::entra_legacy(), &changes()),
        json!([
            { "op": "Replace", "path": "displayName", "value": "Nina B" },
            { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "n@hoch.example" },
            { "op": "Add", "path": DEPARTMENT, "value": "Physics" },
            { "op": "Replace", "path": "active", "value": "False" },
        ])
    );
    let demand = operations(&profile::entra_pod(), &changes());
    assert_eq!(demand, operations(&profile::entra_legacy(), &changes()));
}

#[test]
fn the_new_dialect_has_filtered_paths_first_and_flat_keys_after() {
    assert_eq!(
        operations(&profile::entra_flag(), &changes()),
        json!([
            { "op": "add", "path": "emails[type eq \"work\"].value", "value": "n@hoch.example" },
            { "op": "replace", "value": {
                "displayName": "Nina B", DEPARTMENT: "Physics", "active": false } },
        ])
    );
}

#[test]
fn everybody_disables_in_words_of_their_own() {
    let word = |profile: Profile| activation(&profile, false);
    let text = json!({ "op": "Replace", "path": "active", "value": "False" });
    assert_eq!(word(profile::entra_legacy()), text);
    let boolean = json!({ "op": "replace", "path": "active", "value": false });
    assert_eq!(word(profile::entra_flag()), boolean);
    assert_eq!(word(profile::okta_oin()), json!({ "op": "replace", "value": { "active": false } }));
    let lower = json!({ "op": "replace", "path": "active", "value": "false" });
    assert_eq!(word(profile::keycloak_plugin()), lower);
}

#[test]
fn a_manager_has_five_spellings() {
    let word = |manager| managed(&Profile { manager, ..profile::entra_legacy() }, "u-7", true);
    assert_eq!(word(Manager::Text), json!({ "op": "Add", "path": MANAGER, "value": "u-7" }));
    let object = json!({ "op": "Add", "path": MANAGER, "value": { "value": "u-7" } });
    assert_eq!(word(Manager::Object), object);
    let list = json!([{ "$ref": "../Users/u-7", "value": "u-7" }]);
    assert_eq!(word(Manager::List), json!({ "op": "Add", "path": "manager", "value": list }));
    assert_eq!(word(Manager::FlatKey), json!({ "op": "replace", "value": { MANAGER: "u-7" } }));
    let changed = managed(&profile::entra_legacy(), "", false);
    assert_eq!(changed, json!({ "op": "Replace", "path": MANAGER, "value": "" }));
}

#[test]
fn every_function_writes_roles_of_its_own_form() {
    let mut nina = Person::new("Nina", "Nina", "Berg");
    nina.roles = vec![("student", "Student")];
    let held = json!({ "roles": [{ "value": "teacher" }] });
    let word =
        |roles_by, of: Profile| roles(&Profile { roles: Some(roles_by), ..of }, &nina, &held);
    let complex = word(Roles::Complex, profile::entra_legacy()).unwrap();
    let text = complex["value"][0]["value"].as_str().unwrap();
    let inner: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&inner["value"], &inner["displayName"]), (&json!("student"), &json!("Student")));
    let objects = json!([{ "value": "student", "display": "Student" }]);
    let aligned = word(Roles::Complex, profile::entra_flag());
    assert_eq!(aligned, Some(json!({ "op": "add", "path": "roles", "value": objects })));
    let assertive = word(Roles::Assertive, profile::entra_legacy());
    assert_eq!(assertive, Some(json!({ "op": "Replace", "path": "roles", "value": objects })));
    let single = Profile { roles: Some(Roles::Single), ..profile::entra_legacy() };
    let path = r#"roles[primary eq "True"].value"#;
    assert!(difference(&single, &nina, &held).contains(&Change::add(path, "student")));
    let single = Profile { primary_as_text: true, ..single };
    assert_eq!(created(&single, &nina)["roles"][0]["primary"], "True");
}

#[test]
fn a_create_carries_what_its_client_adds() {
    let nina = Person::complete("Nina", "Nina", "Berg");
    let entra = created(&profile::entra_legacy(), &nina);
    assert_eq!((&entra["meta"]["resourceType"], &entra["active"]), (&json!("User"), &json!(true)));
    assert!(entra["nickName"].is_null() && entra["roles"] == json!([]));
    assert!(entra["emails"][0]["primary"] == true && entra.get("id").is_none());
    assert_eq!(created(&profile::entra_pod(), &nina)["active"], "True");
    let okta = created(&profile::okta_aiw(), &nina);
    assert!(okta["groups"] == json!([]) && okta["password"].is_string());
    assert!(created(&profile::authentik(), &nina).get("meta").is_none());
}

#[test]
fn operations_may_stand_before_schemas() {
    let body = patch(&json!([]));
    let schemas = r#""schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]"#;
    let entra = profile::entra_legacy();
    assert_eq!(written(&entra, &body), format!(r#"{{{schemas},"Operations":[]}}"#));
    let first = Profile { operations_first: true, ..entra };
    assert_eq!(written(&first, &body), format!(r#"{{"Operations":[],{schemas}}}"#));
}

#[test]
fn everybody_asks_in_an_encoding_of_their_own() {
    let path = |profile: Profile| {
        let client = Client::new("http://gw.example/scim", "token", &profile.into());
        client.path("Users", &[("filter", r#"emails[type eq "work"].value eq "a+b@x""#)])
    };
    let plus = r"/Users?filter=emails[type+eq+%22work%22].value+eq+%22a%2Bb@x%22";
    assert_eq!(path(profile::entra_flag()), plus);
    let percent = "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22a%2Bb%40x%22";
    assert_eq!(path(profile::okta_aiw()), percent);
    assert_eq!(path(profile::authentik()), percent.replace("%20", "+"));
    let slash = |slash| Profile { slash, ..profile::entra_flag() };
    assert_eq!(path(slash(Slash::AfterBase)), format!("/{plus}"));
    assert_eq!(path(slash(Slash::AfterEndpoint)), plus.replace("/Users", "/Users/"));
}

fn moves() -> Moves {
    Moves { come: vec!["u-1".to_owned(), "u-2".to_owned()], go: vec!["u-3".to_owned()] }
}

fn spoken(profile: &Profile) -> Vec<Value> {
    let bodies = bodies(profile, ("g-1", &Team::new("Math")), &moves());
    bodies.into_iter().map(|body| body["Operations"].clone()).collect()
}

#[test]
fn everybody_moves_members_in_words_of_their_own() {
    let member = |id: &str| json!({ "$ref": null, "value": id });
    let come = json!([member("u-1"), member("u-2")]);
    let go = json!([member("u-3")]);
    let add = |word: &str| json!({ "op": word, "path": "members", "value": come });
    let filter = json!({ "op": "remove", "path": "members[value eq \"u-3\"]" });
    assert_eq!(
        spoken(&profile::entra_legacy()),
        [json!([add("Add"), { "op": "Remove", "path": "members", "value": go }])]
    );
    assert_eq!(spoken(&profile::entra_flag()), [json!([add("add"), filter])]);
    let shown = json!([
        { "value": "u-1", "display": "u-1" }, { "value": "u-2", "display": "u-2" } ]);
    assert_eq!(
        spoken(&profile::okta_oin()),
        [json!([
            { "op": "replace", "value": { "id": "g-1", "displayName": "Math" } },
            filter,
            { "op": "add", "path": "members", "value": shown },
        ])]
    );
    let one =
        |word: &str, id: &str| json!({ "op": word, "path": "members", "value": [{ "value": id }] });
    let each = json!([one("add", "u-1"), one("add", "u-2"), one("remove", "u-3")]);
    assert_eq!(spoken(&profile::authentik()), [each]);
}

#[test]
fn members_go_in_requests_of_the_size_that_is_set() {
    let sizes = |batch| spoken(&Profile { batch, ..profile::entra_flag() }).len();
    assert_eq!([sizes(1), sizes(2), sizes(3), sizes(500)], [3, 2, 1, 1]);
}

#[test]
fn a_group_is_named_in_everybodys_own_way() {
    let team = Team::new("Math");
    let word = |profile: Profile| renamed(&profile, "g-1", &team);
    let path = json!({ "op": "Replace", "path": "displayName", "value": "Math" });
    assert_eq!(word(profile::entra_legacy()), path);
    let flat = json!({ "op": "replace", "value": { "displayName": "Math" } });
    assert_eq!(word(profile::entra_flag()), flat);
    assert_eq!(word(profile::authentik())["value"]["externalId"], team.key.as_str());
    assert_eq!(founded(&profile::okta_oin(), &team)["members"], json!([]));
    assert_eq!(founded(&profile::entra_flag(), &team).get("members"), None);
}

async fn verbs(profile: Profile, changes: &[Change]) -> Vec<String> {
    let house = House::open().await;
    let mut worker = Worker::new(&house.base, &house.token, profile);
    let id = worker.join(&Person::complete("Nina", "Nina", "Berg")).await.id();
    let mark = worker.client.transcript.mark();
    worker.update(&id, changes).await.must(&[200, 204], "an update");
    let said = worker.client.transcript.all().into_iter().skip(mark);
    said.map(|exchange| exchange.method).collect()
}

#[tokio::test]
async fn everybody_changes_people_by_verbs_of_their_own() {
    let (active, title) = ([Change::replace("active", false)], [Change::replace("title", "Prof")]);
    for (profile, disable, rename) in [
        (profile::entra_legacy(), vec!["PATCH"], vec!["PATCH"]),
        (profile::entra_flag(), vec!["PATCH"], vec!["PATCH"]),
        (profile::entra_pod(), vec!["PATCH"], vec!["PATCH"]),
        (profile::okta_aiw(), vec!["GET", "PUT"], vec!["GET", "PUT"]),
        (profile::okta_oin(), vec!["PATCH"], vec!["GET", "PUT"]),
        (profile::authentik(), vec!["GET", "PUT"], vec!["GET", "PUT"]),
        (profile::keycloak_plugin(), vec!["GET", "PATCH"], vec!["GET", "PUT"]),
    ] {
        let name = profile.name;
        assert_eq!(verbs(profile.clone(), &active).await, disable, "{name}");
        assert_eq!(verbs(profile, &title).await, rename, "{name}");
    }
}
