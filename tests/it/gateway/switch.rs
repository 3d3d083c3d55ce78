//! A whole school written dry, and then for good: the LMS comes to hold what it would
//! hold if it had been written at once, and ids stay.
//!
//! `cargo test` does a little of it, `MATRICULA_TEST_KILLS` all of it.

use std::collections::{BTreeMap, BTreeSet};

use matricula::policy::{Mode, Rules};
use serde_json::{Value, json};

use super::house::writes_through;
use super::journey::person;
use super::{House, Options};

/// People, groups, and members of each group.
#[expect(clippy::disallowed_methods, reason = "the test's own environment, not the program's")]
fn size() -> (usize, usize, usize) {
    match std::env::var("MATRICULA_TEST_KILLS") {
        Ok(_) => (2000, 50, 200),
        Err(_) => (150, 10, 30),
    }
}

/// The ids of people and groups, in the order in which they were written.
type Ids = (Vec<String>, Vec<String>);

/// What an identity provider sends in its first cycle: people, groups, who belongs to
/// which, and a few second thoughts.
async fn first_cycle(house: &House) -> Ids {
    let (people, groups, share) = size();
    let (mut users, mut teams) = (Vec::new(), Vec::new());
    for number in 0..people {
        let made = house.post("/Users", person(&format!("Person.{number}"))).await;
        assert_eq!(made.status, 201, "{made:?}");
        users.push(made.id().to_owned());
    }
    for number in 0..groups {
        let body = json!({ "displayName": format!("Group {number}"), "externalId": format!("g-{number}") });
        let made = house.post("/Groups", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        let members: Vec<_> =
            (0..share).map(|one| &users[(number * 7 + one * 3) % people]).collect();
        for some in members.chunks(50) {
            let some: Vec<Value> = some.iter().map(|id| json!({ "value": id })).collect();
            let add = json!([{ "op": "Add", "path": "members", "value": some }]);
            let path = format!("/Groups/{}", made.id());
            assert_eq!(house.patch(&path, add).await.status, 204);
        }
        teams.push(made.id().to_owned());
    }
    for id in users.iter().step_by(10) {
        let change = json!([
            { "op": "Replace", "path": "name.familyName", "value": "Berg-Hofer" },
            { "op": "Replace", "path": "active", "value": "False" }
        ]);
        assert_eq!(house.patch(&format!("/Users/{id}"), change).await.status, 204);
    }
    (users, teams)
}

/// What the LMS holds, but for its ids: people by name, and groups by the names of
/// their members.
fn held(house: &House) -> (BTreeMap<String, [String; 5]>, BTreeMap<String, BTreeSet<String>>) {
    let people = house.lms.people();
    let names: BTreeMap<_, _> = people.iter().map(|it| (it.id, it.username.clone())).collect();
    let of = |it: &matricula::sandbox::Person| {
        let suspended = it.suspended.to_string();
        [&it.firstname, &it.lastname, &it.email, &it.idnumber, &suspended].map(Clone::clone)
    };
    let held = people.iter().map(|it| (it.username.clone(), of(it))).collect();
    let groups = house.lms.cohorts().into_iter().map(|cohort| {
        let members = cohort.members.iter().map(|id| names[id].clone()).collect();
        (format!("{} {}", cohort.name, cohort.idnumber), members)
    });
    (held, groups.collect())
}

/// What clients read of everybody: the words, and who belongs to which group.
async fn told(house: &House, (users, teams): &Ids) -> Vec<Value> {
    let mut all = Vec::new();
    for id in users {
        let mut read = house.get(&format!("/Users/{id}")).await;
        assert_eq!((read.status, read.id()), (200, id.as_str()));
        let body = read.body.as_object_mut().unwrap();
        // Once there is an account, Moodle has a language for it.
        for name in ["meta", "preferredLanguage"] {
            body.remove(name);
        }
        all.push(read.body);
    }
    for id in teams {
        let read = house.get(&format!("/Groups/{id}")).await;
        let listed = read.body["members"].as_array().unwrap();
        let members: BTreeSet<_> = listed.iter().map(|it| it["value"].as_str().unwrap()).collect();
        all.push(json!([id, read.body["displayName"], members]));
    }
    all
}

#[tokio::test]
async fn a_school_written_dry_is_written_as_if_it_had_been_at_once() {
    let at_once = House::open().await;
    first_cycle(&at_once).await;
    let dry = Rules { mode: Mode::DryRun, ..writes_through() };
    let mut house = House::with(Options { policy: dry, ..Options::default() }).await;
    let nobody = held(&house);
    let ids = first_cycle(&house).await;
    let before = told(&house, &ids).await;
    assert_eq!(held(&house), nobody, "nothing reaches the LMS");
    let (people, groups, _) = size();
    // The process ends again and again, and begins anew with what is kept.
    let mut lives = 0;
    while house.under(writes_through()).round().await.unwrap().begun > 0 {
        lives += 1;
    }
    assert!(lives > people / 64, "{lives}");
    assert_eq!(held(&house), held(&at_once));
    assert_eq!(house.lms.calls().of("core_user_create_users"), people as u64, "each once");
    assert_eq!(house.lms.calls().of("core_cohort_create_cohorts"), groups as u64);
    assert_eq!(told(&house, &ids).await, before, "and nobody was told otherwise");
}
