//! Conversations 1 to 6: probe, create, nothing to do, names and phones.

use serde_json::{Value, json};

use crate::simulator::client::Transcript;
use crate::simulator::dialect::{Change, difference};
use crate::simulator::directory::{DEPARTMENT, Person};
use crate::simulator::house::House;
use crate::simulator::profile::{Active, Probe, Profile, Update};
use crate::simulator::target::Target;
use crate::simulator::task::Task;
use crate::simulator::worker::Worker;

use super::{change, find_by_all, find_nobody, join, person, tune, worker};

const WORK: &str = r#"emails[type eq "work"].value"#;
const MOBILE: &str = r#"phoneNumbers[type eq "mobile"].value"#;

/// Conversation 1: no probe of the plugin for Keycloak is known: it only learns here, as
/// the others do, what a wrong token is answered with.
pub(crate) async fn a_probe_finds_nobody(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    for answer in worker.probe().await {
        let answer = answer.must(&[200], "the probe");
        match worker.profile.probe {
            Probe::ServiceProviderConfig => is_complete(&answer.body),
            // A first page shows whom the LMS begins with.
            Probe::FirstPage => {
                assert_eq!(answer.body["totalResults"], house.staff, "{}", answer.asked);
            }
            _ => assert_eq!(answer.body["totalResults"], 0, "{}", answer.asked),
        }
    }
    discover(&mut worker).await;
    let client = worker.client.with_token("mistaken");
    let mut stranger = Worker { client, profile: worker.profile.clone() };
    stranger.find("userName", "nina").await.must(&[401], "a wrong token");
}

/// What some read before anything else, and a validation without groups fails.
async fn discover(worker: &mut Worker) {
    for (endpoint, ids) in [
        ("ResourceTypes", ["User", "Group"]),
        (
            "Schemas",
            [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:core:2.0:Group",
            ],
        ),
    ] {
        let listed = worker.list(endpoint, &[]).await.must(&[200], "discovery");
        for id in ids {
            let there = listed.found().iter().any(|one| one["id"] == id);
            assert!(there, "{}: {id} is missing", listed.asked);
        }
    }
}

/// A section that is missing makes authentik believe that nothing is offered.
fn is_complete(config: &Value) {
    for section in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(config[section]["supported"].is_boolean(), "{section} in {config}");
    }
    assert_eq!(config["patch"]["supported"], true);
    assert_eq!(config["filter"]["supported"], true);
    for (section, name) in
        [("bulk", "maxOperations"), ("bulk", "maxPayloadSize"), ("filter", "maxResults")]
    {
        assert!(config[section][name].is_u64(), "{section}.{name} in {config}");
    }
    assert!(config["authenticationSchemes"].is_array(), "{config}");
}

/// Conversation 2: the look-up before it is for those who look; the filters afterwards are
/// for all, since what a filter misses is created twice.
pub(crate) async fn somebody_is_created_as_sent(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg-O'Neil");
    find_nobody(&mut worker, &nina).await;
    let created = worker.join(&nina).await.must(&[201], "a create");
    let id = created.id();
    let read = person(&mut worker, &id).await;
    assert_eq!(created.body, read, "{}: created and read", worker.profile.name);
    assert_eq!(difference(&worker.profile, &nina, &read), [], "{}", worker.profile.name);
    for one in find_by_all(&mut worker, &nina).await {
        assert_eq!(one, read, "{}: found and read", worker.profile.name);
    }
    // `externalId` is the client's own: case counts.
    let shouted = nina.value("externalId").unwrap_or_default().to_uppercase();
    let other = worker.find("externalId", &shouted).await.must(&[200], "another externalId");
    assert_eq!(other.found(), &[] as &[Value], "{}", other.asked);
    assert_eq!(house.accounts(), 1);
}

/// Conversation 3: linked and looked at again; and matched again by those who look first.
pub(crate) async fn a_cycle_without_a_change_only_reads(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    let transcript: Transcript = worker.client.transcript.clone();
    let mark = transcript.mark();
    let linked = Task::Person(nina.clone(), Some(id.clone()));
    assert_eq!(linked.perform(&mut worker).await, Ok(Some(id.clone())));
    if worker.profile.look_up == crate::simulator::profile::LookUp::Before {
        assert_eq!(Task::Person(nina, None).perform(&mut worker).await, Ok(Some(id)));
    }
    assert!(transcript.mark() > mark, "nothing was asked");
    assert_eq!(transcript.writes_since(mark), []);
}

fn speak(worker: &mut Worker, update: Update, active: Active) {
    // Who has only PUT says both by PUT.
    if worker.profile.update.is_patch() {
        tune(worker, |profile| {
            (profile.update, profile.active) = (update, active);
            profile.capital = update == Update::OneEach;
        });
    }
}

async fn rename(house: &House, profile: Profile, update: Update, active: Active) {
    let mut worker = worker(house, profile);
    speak(&mut worker, update, active);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    let changes = [
        Change::replace("displayName", "Nina Berg-Hofer"),
        Change::replace("name.familyName", "Berg-Hofer"),
        Change::replace("userName", "Nina.Berg-Hofer@Hoch.example"),
        Change::replace(WORK, "Nina.Berg-Hofer@hoch.example"),
        Change::replace(r#"addresses[type eq "work"].formatted"#, "C 1.02"),
        Change::replace(DEPARTMENT, "Physics"),
        Change::replace("externalId", "nina.berg-hofer"),
        Change::add("nickName", "True"),
        Change::replace("active", false),
    ];
    change(&mut worker, &id, &changes).await;
    let now = person(&mut worker, &id).await;
    let untouched = ["title", "name.givenName", r#"addresses[type eq "work"].locality"#, MOBILE];
    for path in untouched {
        let was = nina.value(path).map(Value::from);
        assert_eq!(Target::parse(path).read(&now).cloned(), was, "{path} was not asked for");
    }
    find_nobody(&mut worker, &nina).await;
}

/// Conversation 4: D1: an operation for each attribute.
pub(crate) async fn a_rename_in_the_old_dialect(house: &House, profile: Profile) {
    rename(house, profile, Update::OneEach, Active::Text).await;
}

/// Conversation 5: D2: filtered paths, then one object with flat keys.
pub(crate) async fn a_rename_in_the_new_dialect(house: &House, profile: Profile) {
    rename(house, profile, Update::Flat, Active::Bool).await;
}

/// Conversation 6: the element that the path names does not exist yet.
pub(crate) async fn a_phone_comes_to_somebody_without_phones(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::new("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    change(&mut worker, &id, &[Change::add(MOBILE, "+41 79 111 11 11")]).await;
    let work = r#"phoneNumbers[type eq "work"].value"#;
    change(&mut worker, &id, &[Change::add(work, "10-040-1308")]).await;
    // `replace` of what is not there is understood as well.
    let fax = r#"phoneNumbers[type eq "fax"].value"#;
    change(&mut worker, &id, &[Change::replace(fax, "(044) 000-00-01")]).await;
    let now = person(&mut worker, &id).await;
    assert_eq!(Target::parse(MOBILE).read(&now), Some(&json!("+41 79 111 11 11")));
    assert_eq!(now["phoneNumbers"].as_array().map(Vec::len), Some(3));
}
