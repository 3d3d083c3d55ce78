//! The golden conversations: what every client must be able to hold with a
//! server that suits it, each in the client's own dialect. Each opens with a
//! house of nobody.

mod beginnings;
mod bodies;
mod endings;
mod groups;
mod outage;
mod references;

pub(crate) use self::beginnings::{
    a_cycle_without_a_change_only_reads, a_phone_comes_to_somebody_without_phones,
    a_probe_finds_nobody, a_rename_in_the_new_dialect, a_rename_in_the_old_dialect,
    somebody_is_created_as_sent,
};
pub(crate) use self::bodies::{
    a_taken_user_name_is_told_and_found, everything_that_came_may_go_back,
    what_is_cleared_is_gone_and_may_be_cleared_again,
};
pub(crate) use self::endings::{
    disabling_is_understood_in_every_spelling, the_deleted_are_gone_and_stay_gone,
    the_disabled_are_found_by_every_filter, the_enabled_are_where_they_were,
    whoever_comes_back_is_the_same, whoever_is_created_again_is_another,
};
pub(crate) use self::groups::{
    a_group_lives_through_everything, a_second_group_of_a_name_is_refused,
    groups_are_synchronised_by_looking_at_their_members,
};
pub(crate) use self::outage::an_outage_is_no_loss;
pub(crate) use self::references::{
    a_manager_is_understood_in_every_spelling, roles_come_from_every_function,
};

use std::sync::Arc;

use serde_json::Value;

use super::dialect::Change;
use super::directory::Person;
use super::house::House;
use super::profile::Profile;
use super::target::Target;
use super::worker::Worker;

/// A connection to the house.
fn worker(house: &House, profile: Profile) -> Worker {
    Worker::new(&house.base, &house.token, profile)
}

/// Turns knobs of a worker that is at work.
fn tune(worker: &mut Worker, turn: impl FnOnce(&mut Profile)) {
    let mut profile = Profile::clone(&worker.profile);
    turn(&mut profile);
    worker.profile = Arc::new(profile);
}

/// Creates somebody.
async fn join(worker: &mut Worker, person: &Person) -> String {
    worker.join(person).await.must(&[201], "a create").id()
}

/// Reads somebody who must be there.
async fn person(worker: &mut Worker, id: &str) -> Value {
    worker.read("Users", id).await.must(&[200], "a read of somebody who is there").body
}

/// Reads a group that must be there, with its members.
async fn group(worker: &mut Worker, id: &str) -> Value {
    worker.read("Groups", id).await.must(&[200], "a read of a group that is there").body
}

/// Changes somebody. Afterwards the new values are there to the byte, and the
/// same change again changes nothing, the version and the time among it.
async fn change(worker: &mut Worker, id: &str, changes: &[Change]) {
    let answer = worker.update(id, changes).await.must(&[200, 204], "an update");
    let once = person(worker, id).await;
    // Who is shown the state of before tries again for ever.
    assert!(answer.status == 204 || answer.body == once, "{}: {}", answer.asked, answer.body);
    for Change { path, value, .. } in changes {
        let is = Target::parse(path).read(&once);
        assert_eq!(is, Some(value), "{}: {path} after an update", worker.profile.name);
    }
    worker.update(id, changes).await.must(&[200, 204], "the same update again");
    let twice = person(worker, id).await;
    assert_eq!(once, twice, "{}: the same update again changed it", worker.profile.name);
}

/// Finds the person by every matching attribute, in any case where case does
/// not count; gives back what was found.
async fn find_by_all(worker: &mut Worker, somebody: &Person) -> Vec<Value> {
    let mut found = Vec::new();
    for attribute in worker.profile.matching {
        let value = somebody.value(attribute).expect("a matching value").to_owned();
        let mut spellings = vec![value.clone()];
        if *attribute != "externalId" {
            spellings.extend([value.to_uppercase(), value.to_lowercase()]);
        }
        for spelling in spellings {
            let answer = worker.find(attribute, &spelling).await.must(&[200], "a matching filter");
            let [one] = answer.found() else { panic!("{}: {}", answer.asked, answer.body) };
            found.push(one.clone());
        }
    }
    found
}

/// Finds nobody by any matching attribute.
async fn find_nobody(worker: &mut Worker, somebody: &Person) {
    for attribute in worker.profile.matching {
        let value = somebody.value(attribute).expect("a matching value").to_owned();
        let answer = worker.find(attribute, &value).await.must(&[200], "a filter without a match");
        assert_eq!(answer.body["totalResults"], 0, "{}", answer.asked);
    }
}
