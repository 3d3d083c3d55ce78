//! Conversations 9 to 14: disabled, found, enabled, unassigned, deleted, and
//! back again.

use serde_json::json;

use crate::simulator::cycle::Job;
use crate::simulator::dialect::{activation, difference};
use crate::simulator::directory::{Directory, Person, Standing, Team};
use crate::simulator::house::House;
use crate::simulator::parcel::Moves;
use crate::simulator::profile::{Active, Profile, Removal, Update};
use crate::simulator::worker::{Worker, members};

use super::{find_by_all, find_nobody, group, join, person, tune, worker};

/// What the three spellings of D3 and the others of the field have in common.
const SPELLINGS: [(Active, bool, bool); 6] = [
    (Active::Text, true, false),
    (Active::Bool, false, false),
    // The lifecycle page: capital, boolean, and the operations first.
    (Active::Bool, true, true),
    (Active::LowerText, false, false),
    (Active::LowerText, true, false),
    (Active::NoPath, false, false),
];

async fn is_active(worker: &mut Worker, id: &str, active: bool, words: &str) {
    let now = person(worker, id).await;
    assert_eq!(now["active"], json!(active), "{}: {words}", worker.profile.name);
}

/// Conversation 9: who has only PUT says it by PUT.
pub(crate) async fn disabling_is_understood_in_every_spelling(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let id = join(&mut worker, &Person::complete("Nina.Berg", "Nina", "Berg")).await;
    let before = person(&mut worker, &id).await;
    for active in [false, true] {
        worker.activate(&id, active).await.must(&[200, 204], "in its own way");
        is_active(&mut worker, &id, active, "in its own way").await;
    }
    if matches!(worker.profile.update, Update::Put | Update::PutOwn) {
        return;
    }
    for (form, capital, first) in SPELLINGS {
        tune(&mut worker, |profile| {
            (profile.active, profile.capital, profile.operations_first) = (form, capital, first);
        });
        for active in [false, true] {
            let operation = activation(&worker.profile, active);
            let answer = worker.patch("Users", &id, &json!([operation])).await;
            answer.must(&[200, 204], &operation.to_string());
            is_active(&mut worker, &id, active, &operation.to_string()).await;
        }
    }
    let mut after = person(&mut worker, &id).await;
    after["meta"] = before["meta"].clone();
    assert_eq!(before, after, "{}: something else changed", worker.profile.name);
}

/// Conversation 10: a disabled person who is not found would be created again.
pub(crate) async fn the_disabled_are_found_by_every_filter(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    worker.activate(&id, false).await.must(&[200, 204], "disabling");
    for one in find_by_all(&mut worker, &nina).await {
        assert_eq!((&one["id"], &one["active"]), (&json!(id), &json!(false)));
    }
    let listed = worker.list("Users", &[("startIndex", "1"), ("count", "100")]).await;
    let listed = listed.must(&[200], "everybody");
    let seen = listed.found().iter().any(|one| one["id"] == *id && one["active"] == false);
    assert!(seen, "{}: {}", listed.asked, listed.body);
}

/// Conversation 11: Entra does not bring memberships back: the server must not lose them.
pub(crate) async fn the_enabled_are_where_they_were(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    let team = Team::new("Math 1A");
    let math = worker.found(&team).await.must(&[201], "a group").id();
    let moves = Moves { come: vec![id.clone()], go: Vec::new() };
    worker.move_members(&math, &team, moves).await.must(&[200, 204], "a member");
    for active in [false, true] {
        worker.activate(&id, active).await.must(&[200, 204], "disabling and enabling");
        is_active(&mut worker, &id, active, "disabling and enabling").await;
        let there = members(&group(&mut worker, &math).await);
        assert!(there.contains(&id), "{}: the membership is lost", worker.profile.name);
    }
    let now = person(&mut worker, &id).await;
    assert_eq!(difference(&worker.profile, &nina, &now), []);
}

fn job(house: &House, profile: Profile) -> (Job, Directory, Person) {
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let mut directory = Directory::default();
    directory.hire(nina.clone());
    (Job::new(&house.base, &house.token, profile), directory, nina)
}

async fn run(job: &mut Job, directory: &Directory) {
    let report = job.cycle(directory, 0).await;
    assert!(!report.skipped && report.troubles.is_empty(), "{report:?}");
}

/// Conversation 12: who deletes the unassigned gets somebody new, all others the same.
pub(crate) async fn whoever_comes_back_is_the_same(house: &House, profile: Profile) {
    let deletes = profile.removal == Removal::Delete;
    let (mut job, mut directory, nina) = job(house, profile);
    run(&mut job, &directory).await;
    let id = job.people[&nina.key].clone();
    directory.put(&nina.key, Standing::Unassigned);
    run(&mut job, &directory).await;
    assert!(!job.people.contains_key(&nina.key), "still linked");
    if !deletes {
        is_active(job.worker(), &id, false, "unassigned").await;
    }
    directory.set(&nina.key, "surname", "Berg-Hofer");
    directory.put(&nina.key, Standing::Assigned);
    run(&mut job, &directory).await;
    let now = job.people[&nina.key].clone();
    assert_eq!(now != id, deletes, "{id} and {now}");
    let nina = directory.person(&nina.key).expect("Nina").clone();
    let is = person(job.worker(), &now).await;
    assert_eq!(difference(&job.worker().profile, &nina, &is), []);
    assert_eq!(house.accounts(), 1);
}

/// Conversation 13: Okta and a provision on demand delete nobody: the purged are disabled,
/// and stay.
pub(crate) async fn the_deleted_are_gone_and_stay_gone(house: &House, profile: Profile) {
    let deletes = profile.removal != Removal::DisableOnly;
    let (mut job, mut directory, nina) = job(house, profile);
    run(&mut job, &directory).await;
    let id = job.people[&nina.key].clone();
    directory.put(&nina.key, Standing::Purged);
    run(&mut job, &directory).await;
    let sent = job.transcript().all().iter().any(|it| it.method == "DELETE");
    assert_eq!(sent, deletes);
    let worker = job.worker();
    if !deletes {
        is_active(worker, &id, false, "purged").await;
        find_by_all(worker, &nina).await;
        return;
    }
    for _ in 0..2 {
        worker.read("Users", &id).await.must(&[404], "a read of the deleted");
        worker.delete("Users", &id).await.must(&[404], "a second delete");
    }
    find_nobody(worker, &nina).await;
    let body = json!([activation(&worker.profile, true)]);
    worker.patch("Users", &id, &body).await.must(&[404], "a change of the deleted");
}

/// Conversation 14: those who delete nobody meet the deed of another: an administrator with
/// a tool of their own.
pub(crate) async fn whoever_is_created_again_is_another(house: &House, profile: Profile) {
    let (mut job, directory, nina) = job(house, profile);
    run(&mut job, &directory).await;
    let id = job.people[&nina.key].clone();
    job.worker().delete("Users", &id).await.must(&[204], "a delete");
    job.reset();
    run(&mut job, &directory).await;
    let now = job.people[&nina.key].clone();
    assert_ne!(now, id, "an id that means somebody else now");
    job.worker().read("Users", &id).await.must(&[404], "the old id");
    let is = person(job.worker(), &now).await;
    assert_eq!(difference(&job.worker().profile, &nina, &is), []);
    for one in find_by_all(job.worker(), &nina).await {
        assert_eq!(one["id"], json!(now));
    }
}
