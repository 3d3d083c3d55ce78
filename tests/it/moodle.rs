//! The mapping for Moodle against the sandbox: what one writes is what the
//! other holds, from SCIM request to row and back.

use std::sync::Arc;

use matricula::call::{Call, Failure, Kind, Reply};
use matricula::mapping::{Done, Moment, Next, Picture, Plan, Request, Shipped, Site, Source};
use matricula::sandbox::{self, Array, Moodle};
use serde_json::{Map, Value, json};

/// A site behind the mapping, without a wire between them.
struct Gateway {
    moodle: Moodle,
    site: Arc<Site>,
    calls: Vec<String>,
}

impl Gateway {
    fn new() -> Self {
        let text = include_str!("../../mappings/moodle.toml");
        let source = Source::read("moodle", text, &Shipped).unwrap();
        let plan: Arc<Plan> = Arc::new(source.compile().unwrap());
        let mut settings = Map::new();
        settings.insert("base_url".to_owned(), json!("https://moodle.example"));
        settings.insert("token".to_owned(), json!("T"));
        let site = Moodle::new(sandbox::Site::for_gateways(), "T");
        Self { moodle: site, site: plan.settle(&settings).unwrap(), calls: Vec::new() }
    }

    fn ask(&mut self, line: &str, body: Value) -> Result<Done, Failure> {
        self.calls.clear();
        let request = Request::read(&self.site.plan, line, Some(body)).unwrap();
        let moment = Moment { now: "2026-11-21T10:00:00Z".into(), lookups: Map::new() };
        let mut run = request.runs(&self.site, None, &moment)?.remove(0);
        let mut next = run.start();
        loop {
            match next {
                Next::Done(done) => return done.map(|done| *done),
                Next::Call(call) => next = run.next(Ok(self.answer(&call))),
            }
        }
    }

    fn answer(&mut self, call: &Call) -> Reply {
        self.calls.push(self.site.plan.name_of(call, false));
        let body = call.encoded().unwrap().unwrap();
        let parameters = Array::decode(b"", &body.bytes, 5000);
        let answer = self.moodle.handle(parameters);
        Reply::read(answer.status, &[("content-type", answer.content_type)], answer.body.as_bytes())
    }

    fn create(&mut self, name: &str) -> Result<String, Failure> {
        let done = self.ask("POST /Users", person(name))?;
        Ok(done.id.unwrap().as_str().to_owned())
    }

    fn read(&mut self, line: &str) -> Vec<Value> {
        let done = self.ask(line, Value::Null).unwrap();
        let shown = done.pictures.into_iter().map(Picture::into_resource);
        shown.map(|resource| Value::Object(resource.into_attributes())).collect()
    }
}

fn person(name: &str) -> Value {
    json!({
        "userName": format!("{name}@Hoch.example"),
        "externalId": name,
        "name": { "givenName": "Nina", "familyName": "Berg" },
        "emails": [{ "type": "work", "value": format!("{name}@hoch.example") }],
        "active": true
    })
}

fn operations(operations: &Value) -> Value {
    json!({ "Operations": operations })
}

#[test]
fn a_person_goes_in_and_comes_back() {
    let mut gateway = Gateway::new();
    let id = gateway.create("nina").unwrap();
    assert_eq!(gateway.calls, ["core_user_create_users"]);
    let back = gateway.read(&format!("GET /Users/{id}")).remove(0);
    assert_eq!(back["userName"], "nina@hoch.example");
    assert_eq!(back["name"], json!({ "givenName": "Nina", "familyName": "Berg" }));
    assert_eq!((&back["externalId"], &back["active"]), (&json!("nina"), &json!(true)));
}

#[test]
fn a_person_created_inactive_is_suspended_in_a_second_call() {
    let mut gateway = Gateway::new();
    let mut body = person("nina");
    body["active"] = json!(false);
    gateway.ask("POST /Users", body).unwrap();
    assert_eq!(gateway.calls, ["core_user_create_users", "core_user_update_users"]);
    assert!(
        gateway
            .moodle
            .accounts()
            .iter()
            .any(|one| one.username.starts_with("nina") && one.suspended)
    );
}

#[test]
fn every_matching_filter_finds_a_disabled_person_in_any_case() {
    let mut gateway = Gateway::new();
    let id = gateway.create("nina").unwrap();
    let off = operations(&json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    gateway.ask(&format!("PATCH /Users/{id}"), off).unwrap();
    assert_eq!(gateway.calls, ["core_user_update_users"]);
    for filter in [
        r#"userName eq "NINA@hoch.example""#,
        r#"emails[type eq "work"].value eq "nina@HOCH.example""#,
        r#"externalId eq "nina""#,
    ] {
        let found = gateway.read(&format!("GET /Users?filter={filter}"));
        assert_eq!(found.len(), 1, "{filter}");
        assert_eq!(found[0]["active"], false, "{filter}");
        assert_eq!(gateway.calls.len(), 1, "{filter}");
    }
}

#[test]
fn a_twin_is_refused_by_the_attribute_that_is_taken() {
    let mut gateway = Gateway::new();
    gateway.create("nina").unwrap();
    let failure = gateway.create("nina").unwrap_err();
    assert_eq!(failure.kind, Kind::Duplicate);
    let mut other = person("other");
    other["emails"][0]["value"] = json!("NINA@hoch.example");
    let failure = gateway.ask("POST /Users", other).unwrap_err();
    assert_eq!(failure.kind, Kind::Duplicate);
    assert_eq!(failure.attribute.as_deref(), Some(r#"emails[type eq "work"].value"#));
    assert_eq!(gateway.moodle.accounts().iter().filter(|one| one.firstname == "Nina").count(), 1);
}

#[test]
fn a_deleted_person_is_missing_and_may_come_again() {
    let mut gateway = Gateway::new();
    let id = gateway.create("nina").unwrap();
    gateway.ask(&format!("DELETE /Users/{id}"), Value::Null).unwrap();
    for request in [format!("GET /Users/{id}"), format!("DELETE /Users/{id}")] {
        assert_eq!(gateway.ask(&request, Value::Null).unwrap_err().kind, Kind::Missing);
    }
    assert_ne!(gateway.create("nina").unwrap(), id);
}

#[test]
fn a_group_is_filled_emptied_and_renamed() {
    let mut gateway = Gateway::new();
    let people: Vec<_> = (0..5).map(|n| gateway.create(&format!("p{n}")).unwrap()).collect();
    let group = json!({ "displayName": "Math 1A", "externalId": "m1a" });
    let id = gateway.ask("POST /Groups", group).unwrap().id.unwrap();
    let members: Vec<_> = people.iter().map(|id| json!({ "value": id, "$ref": null })).collect();
    let add = operations(&json!([{ "op": "Add", "path": "members", "value": members }]));
    gateway.ask(&format!("PATCH /Groups/{id}"), add).unwrap();
    assert_eq!(gateway.calls, ["core_cohort_add_cohort_members"]);
    assert_eq!(gateway.moodle.groups()[0].members.len(), 5);
    let remove = operations(&json!([
        { "op": "Remove", "path": "members", "value": [{ "value": people[0] }] },
        { "op": "Replace", "path": "displayName", "value": "Math 1B" }
    ]));
    gateway.ask(&format!("PATCH /Groups/{id}"), remove).unwrap();
    let found = gateway.read(r#"GET /Groups?filter=displayName eq "math 1b""#);
    assert_eq!(found[0]["members"].as_array().unwrap().len(), 4);
    gateway.ask(&format!("DELETE /Groups/{id}"), Value::Null).unwrap();
    assert!(gateway.moodle.groups().is_empty());
}

#[test]
fn a_site_in_maintenance_is_unavailable_and_nobody_is_missing() {
    let mut gateway = Gateway::new();
    let id = gateway.create("nina").unwrap();
    for state in [sandbox::State::CliMaintenance, sandbox::State::DatabaseDown] {
        gateway.moodle.site.state = state;
        for request in [
            format!("GET /Users/{id}"),
            r#"GET /Users?filter=userName eq "nobody@hoch.example""#.to_owned(),
            format!("DELETE /Users/{id}"),
        ] {
            let failure = gateway.ask(&request, Value::Null).unwrap_err();
            assert_eq!(failure.kind, Kind::Unavailable, "{request}");
        }
    }
}
