//! Conversations 15 and 18: groups and who is in them.

use std::collections::BTreeSet;

use serde_json::json;

use crate::simulator::directory::{Person, Team};
use crate::simulator::house::House;
use crate::simulator::parcel::{Moves, filtered, listed};
use crate::simulator::profile::{Members, Profile};
use crate::simulator::worker::{Worker, members};

use super::{group, join, worker};

/// As many people as a class and its school have.
const MANY: usize = 100;

async fn crowd(worker: &mut Worker, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        let person = Person::new(&format!("Person.{number}"), "Zoë", "Meier");
        ids.push(join(worker, &person).await);
    }
    ids
}

async fn moved(worker: &mut Worker, id: &str, team: &Team, (come, go): (&[String], &[String])) {
    let moves = Moves { come: come.to_vec(), go: go.to_vec() };
    worker.move_members(id, team, moves).await.must(&[200, 204], "members");
}

async fn hold(worker: &mut Worker, id: &str, wanted: &[String], words: &str) {
    let there = members(&group(worker, id).await);
    let wanted: BTreeSet<_> = wanted.iter().cloned().collect();
    assert_eq!(there, wanted, "{}: {words}", worker.profile.name);
}

/// Conversation 15: created, filled with one and with a hundred, thinned out, renamed,
/// emptied, deleted, created again.
pub(crate) async fn a_group_lives_through_everything(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let ids = crowd(&mut worker, MANY + 1).await;
    let mut team = Team::new("Math 1A");
    let none = worker.find_group(&team.name).await.must(&[200], "a group that is not there");
    assert_eq!(none.body["totalResults"], 0, "{}", none.asked);
    let id = worker.found(&team).await.must(&[201], "a group").id();
    moved(&mut worker, &id, &team, (&ids[..1], &[])).await;
    hold(&mut worker, &id, &ids[..1], "one member").await;
    moved(&mut worker, &id, &team, (&ids[1..], &[])).await;
    hold(&mut worker, &id, &ids, "a hundred more").await;
    // Who is there already stays, once.
    moved(&mut worker, &id, &team, (&ids[..3], &[])).await;
    hold(&mut worker, &id, &ids, "members who were there").await;
    let hidden = worker.read_without_members(&id).await.must(&[200], "without members");
    assert_eq!(hidden.body.get("members"), None);
    moved(&mut worker, &id, &team, (&[], &ids[..2])).await;
    hold(&mut worker, &id, &ids[2..], "two who left").await;
    removed_in_both_ways(&mut worker, &id, &ids).await;
    refused_for_strangers(&mut worker, &id, &ids[4..]).await;
    "Math 1A (2026)".clone_into(&mut team.name);
    worker.rename(&id, &team).await.must(&[200, 204], "a rename");
    hold(&mut worker, &id, &ids[4..], "members after a rename").await;
    let found = worker.find_group("MATH 1a (2026)").await.must(&[200], "the new name");
    assert_eq!(found.found().first().map(|one| &one["id"]), Some(&json!(id)), "{}", found.asked);
    emptied(&mut worker, &id, &team, &ids[4..]).await;
    deleted_and_created_again(&mut worker, &id, &team).await;
}

/// Both shapes of Entra, and what must not be taken for "everybody". Those
/// who say the whole list know neither.
async fn removed_in_both_ways(worker: &mut Worker, id: &str, ids: &[String]) {
    if matches!(worker.profile.members, Members::Put | Members::Replace) {
        let team = Team::new("Math 1A");
        return moved(worker, id, &team, (&[], &ids[2..4])).await;
    }
    let list = listed(&worker.profile, "remove", &[&ids[2]]).expect("somebody");
    let filter = filtered(&worker.profile, &ids[3]);
    let nobody = json!({ "op": worker.profile.word("remove"), "path": "members", "value": [] });
    let gone = filtered(&worker.profile, &ids[0]);
    for (operation, left) in [(list, 3), (filter, 4), (nobody, 4), (gone, 4)] {
        let answer = worker.patch("Groups", id, &json!([operation])).await;
        answer.must(&[200, 204], &operation.to_string());
        hold(worker, id, &ids[left..], &operation.to_string()).await;
    }
}

/// A silent success would lose a membership; a failure must lose nobody.
async fn refused_for_strangers(worker: &mut Worker, id: &str, left: &[String]) {
    let strangers = json!([{ "value": "999999999" }]);
    for word in ["add", "replace"] {
        let operation =
            json!([{ "op": worker.profile.word(word), "path": "members", "value": strangers }]);
        worker.patch("Groups", id, &operation).await.must(&[400, 404], "a stranger");
        hold(worker, id, left, "members after a stranger").await;
    }
}

/// The plugin for Keycloak sends a removal with a null, which outside of
/// strict mode is understood as nobody.
async fn emptied(worker: &mut Worker, id: &str, team: &Team, left: &[String]) {
    moved(worker, id, team, (&[], left)).await;
    let stay = if worker.profile.members == Members::Replace { left } else { &[] };
    hold(worker, id, stay, "members of an emptied group").await;
    let list = group(worker, id).await;
    assert!(list["members"].is_array(), "an empty list is told: {list}");
}

async fn deleted_and_created_again(worker: &mut Worker, id: &str, team: &Team) {
    worker.delete("Groups", id).await.must(&[204], "a delete");
    worker.read("Groups", id).await.must(&[404], "a read of the deleted");
    worker.delete("Groups", id).await.must(&[404], "a second delete");
    let found = worker.find_group(&team.name).await.must(&[200], "the name of the deleted");
    assert_eq!(found.body["totalResults"], 0);
    let again = worker.found(team).await.must(&[201], "the group again").id();
    assert_ne!(again, id);
    hold(worker, &again, &[], "members of the new group").await;
}

/// Beyond the twenty: names of groups are unique for Entra, and the onboarding
/// validation asks for the refusal.
pub(crate) async fn a_second_group_of_a_name_is_refused(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let team = Team::new("Math 1A");
    let id = worker.found(&team).await.must(&[201], "a group").id();
    let mut twin = Team::new("Math 1A");
    twin.key.clone_from(&team.key);
    let refused = worker.found(&twin).await.must(&[409], "a second group of the name");
    assert_eq!(refused.body["scimType"], "uniqueness");
    let found = worker.find_group("math 1a").await.must(&[200], "the first of the name");
    let ids: Vec<_> = found.found().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(id)]);
}

/// Conversation 18: authentik's way: the whole group without a path, a look at all members,
/// an operation for each. The others say the same in theirs.
pub(crate) async fn groups_are_synchronised_by_looking_at_their_members(
    house: &House,
    profile: Profile,
) {
    let mut worker = worker(house, profile);
    let ids = crowd(&mut worker, 5).await;
    let team = Team::new("Choir & Band");
    let id = worker.found(&team).await.must(&[201], "a group").id();
    let empty = group(&mut worker, &id).await;
    assert_eq!(empty["members"], json!([]), "an empty group needs its empty list");
    worker.rename(&id, &team).await.must(&[200, 204], "the group as it is");
    moved(&mut worker, &id, &team, (&ids[..4], &[])).await;
    hold(&mut worker, &id, &ids[..4], "four members").await;
    moved(&mut worker, &id, &team, (&ids[4..], &ids[..1])).await;
    hold(&mut worker, &id, &ids[1..], "one came and one went").await;
    worker.rename(&id, &team).await.must(&[200, 204], "the group as it is");
    hold(&mut worker, &id, &ids[1..], "nobody is lost with the name").await;
    for count in [None, Some(2)] {
        let users = discovered(&mut worker, "Users", count).await.len();
        assert_eq!(users, ids.len() + house.staff);
        assert_eq!(discovered(&mut worker, "Groups", count).await.len(), 1);
    }
}

/// Page after page, until as many were seen as there are said to be: a total
/// that is never reached has no end. authentik leaves the size of a page to
/// the server, Okta says one.
async fn discovered(worker: &mut Worker, endpoint: &str, count: Option<usize>) -> BTreeSet<String> {
    let (mut seen, size) = (BTreeSet::new(), count.map(|count| count.to_string()));
    loop {
        let next = (seen.len() + 1).to_string();
        let mut query = vec![("startIndex", next.as_str())];
        query.extend(size.as_deref().map(|size| ("count", size)));
        let page = worker.list(endpoint, &query).await.must(&[200], "a page");
        assert_eq!(page.body["startIndex"], seen.len() + 1, "{}", page.asked);
        let found = page.found().len();
        assert!(count.is_none_or(|count| found <= count), "{}: too many", page.asked);
        let before = seen.len();
        seen.extend(page.found().iter().filter_map(|one| one["id"].as_str().map(str::to_owned)));
        assert_eq!(seen.len(), before + found, "{}: somebody came twice", page.asked);
        if page.body["totalResults"] == seen.len() {
            return seen;
        }
        assert!(found > 0, "{}: a page without anybody new", page.asked);
    }
}
