//! Members of groups who wait for their accounts, and those who come and go meanwhile.

use matricula::clock::Clock;
use matricula::policy::{Deprovision, Mode, Rules};
use matricula::sandbox::{Fault, Person};
use matricula::store::Choice;
use serde_json::{Value, json};

use super::house::{dry, waiting, writes_through};
use super::journey::{nina, person};
use super::{House, Options};

/// As hours later: what waits for others, or failed, is tried again, several times.
async fn later(house: &House) {
    for _ in 0..5 {
        house.pending().release(&Choice::default(), Clock::system().now()).await.unwrap();
        house.work_off().await;
    }
}

fn add(id: &str) -> Value {
    json!({ "op": "add", "path": "members", "value": [{ "value": id }] })
}

fn remove(id: &str) -> Value {
    json!({ "op": "remove", "path": "members", "value": [{ "value": id }] })
}

fn rename(name: &str) -> Value {
    json!({ "op": "replace", "path": "displayName", "value": name })
}

/// Somebody in the LMS has Eva's name, so that her account cannot be made.
fn in_evas_way(house: &House) -> i64 {
    let by_hand = Person::new("eva@hoch.example", "Old", "Eva", "eva@hoch.example");
    house.lms.with(|moodle| moodle.people.insert(by_hand).unwrap())
}

/// Who is in the one group there is, by the LMS's ids.
fn told(house: &House) -> Vec<String> {
    house.lms.cohorts()[0].members.iter().map(ToString::to_string).collect()
}

/// Each of these, in a request of its own.
async fn ask(house: &House, path: &str, operations: Vec<Value>) {
    for operation in operations {
        let answer = house.patch(path, json!([operation])).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

/// A group of Eva and Nina, written dry; Eva cannot be made.
async fn without_eva() -> (House, String, String) {
    let house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let eva = house.post("/Users", person("eva")).await.id().to_owned();
    let nina = house.post("/Users", nina()).await.id().to_owned();
    let members = json!([{ "value": eva }, { "value": nina }]);
    let body = json!({ "displayName": "Math", "externalId": "g-1", "members": members });
    let path = format!("/Groups/{}", house.post("/Groups", body).await.id());
    in_evas_way(&house);
    (house, path, nina)
}

#[tokio::test]
async fn one_who_cannot_be_made_does_not_hold_up_the_others() {
    let (mut house, path, nina) = without_eva().await;
    house.under(writes_through());
    house.work_off().await;
    assert_eq!(told(&house).len(), 1, "Nina is in it, and Eva cannot be made");
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    ask(&house, &path, vec![rename("Maths"), add(&otto), remove(&nina)]).await;
    assert_eq!(house.lms.cohorts()[0].name, "Maths", "which is none of Eva's affair");
    later(&house).await;
    assert_eq!(told(&house), [otto], "{:?}", waiting(&house).await);
    assert_eq!(waiting(&house).await.len(), 2, "Eva, and that she belongs to the group");
}

#[tokio::test]
async fn nor_what_was_written_before_the_switch() {
    let (mut house, path, nina) = without_eva().await;
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    ask(&house, &path, vec![rename("Maths"), add(&otto), remove(&nina), rename("Algebra")]).await;
    house.under(writes_through());
    later(&house).await;
    assert_eq!(house.lms.cohorts()[0].name, "Algebra");
    assert_eq!(told(&house).len(), 1, "{:?}", waiting(&house).await);
    let shown = house.get(&path).await.body["members"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 2, "Eva will be in it: {shown}");
    assert_eq!(waiting(&house).await.len(), 2);
}

#[tokio::test]
async fn a_group_that_is_deleted_does_not_wait_for_its_members() {
    let (mut house, path, _) = without_eva().await;
    house.under(writes_through());
    house.work_off().await;
    assert_eq!(house.delete(&path).await.status, 204);
    assert_eq!(house.lms.cohorts().len(), 0);
    assert_eq!(waiting(&house).await.len(), 1, "Eva alone");
}

/// Eva is added, and these follow; then her account can be made after all.
async fn who_is_in_it_after(follow: impl Fn(&str, &str) -> Vec<Value>) -> (House, Value) {
    let mut house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let eva = house.post("/Users", person("eva")).await.id().to_owned();
    let otto = house.post("/Users", person("otto")).await.id().to_owned();
    let body = json!({ "displayName": "Math", "externalId": "g-1" });
    let path = format!("/Groups/{}", house.post("/Groups", body).await.id());
    ask(&house, &path, vec![add(&eva)]).await;
    ask(&house, &path, follow(&eva, &otto)).await;
    let by_hand = in_evas_way(&house);
    house.under(writes_through());
    house.work_off().await;
    let free = |person: &mut Person| {
        "other@hoch.example".clone_into(&mut person.username);
        "other@hoch.example".clone_into(&mut person.email);
    };
    house.lms.with(|moodle| moodle.people.edit(by_hand, free)).unwrap();
    later(&house).await;
    assert!(house.lms.people().iter().any(|it| it.username == "eva@hoch.example"));
    assert_eq!(waiting(&house).await, []);
    let shown = house.get(&path).await.body["members"].clone();
    assert_eq!(shown[0]["value"], json!(otto), "{shown}");
    (house, shown)
}

#[tokio::test]
async fn who_is_added_and_taken_out_again_was_never_in() {
    let (house, shown) = who_is_in_it_after(|eva, otto| vec![remove(eva), add(otto)]).await;
    assert_eq!((shown.as_array().unwrap().len(), told(&house).len()), (1, 1), "{shown}");
}

#[tokio::test]
async fn nor_who_is_added_and_is_not_among_those_who_replace_all() {
    let replace =
        |otto: &str| json!({ "op": "replace", "path": "members", "value": [{ "value": otto }] });
    let (house, shown) = who_is_in_it_after(|_, otto| vec![replace(otto)]).await;
    assert_eq!((shown.as_array().unwrap().len(), told(&house).len()), (1, 1), "{shown}");
}

/// Nina was deleted, and comes back by a create that waits.
async fn coming_back() -> (House, String) {
    let rules = Rules { deprovision: Deprovision::Disable, ..writes_through() };
    let mut house = House::with(Options { policy: rules.clone(), ..Options::default() }).await;
    let id = house.post("/Users", nina()).await.id().to_owned();
    assert_eq!(house.delete(&format!("/Users/{id}")).await.status, 204);
    house.under(Rules { mode: Mode::DryRun, ..rules });
    let back = house.post("/Users", nina()).await;
    assert_eq!((back.status, back.id()), (201, id.as_str()), "{back:?}");
    (house, id)
}

#[tokio::test]
async fn who_comes_back_later_than_the_group_is_made_is_in_it() {
    let (mut house, id) = coming_back().await;
    let group = json!({ "displayName": "Choir", "members": [{ "value": id }] });
    let path = format!("/Groups/{}", house.post("/Groups", group).await.id());
    house.under(writes_through());
    house.lms.faults().times(9, Some("core_user_update_users"), Fault::Exception("x".to_owned()));
    house.work_off().await;
    assert_eq!(told(&house), Vec::<String>::new(), "she is not back yet");
    house.lms.faults().clear();
    later(&house).await;
    assert_eq!((told(&house), waiting(&house).await), (vec![id.clone()], vec![]));
    assert_eq!(house.get(&path).await.body["members"][0]["value"], json!(id));
}

#[tokio::test]
async fn who_comes_back_can_be_added_before_that_is_done() {
    let (mut house, id) = coming_back().await;
    house.under(writes_through());
    let path = house.post("/Groups", json!({ "displayName": "Choir" })).await.id().to_owned();
    let path = format!("/Groups/{path}");
    let added = house.patch(&path, json!([add(&id)])).await;
    assert_eq!(added.status, 204, "{added:?}");
    assert_eq!(house.get(&path).await.body["members"][0]["value"], json!(id));
    later(&house).await;
    assert_eq!((told(&house), waiting(&house).await), (vec![id], vec![]));
}

#[tokio::test]
async fn who_was_never_made_and_is_deleted_is_shown_in_no_group() {
    let house = House::with(Options { policy: dry(), ..Options::default() }).await;
    let eva = house.post("/Users", person("eva")).await.id().to_owned();
    let group = json!({ "displayName": "Choir", "members": [{ "value": eva }] });
    let path = format!("/Groups/{}", house.post("/Groups", group).await.id());
    assert_eq!(house.delete(&format!("/Users/{eva}")).await.status, 204);
    assert_eq!(house.get(&path).await.body["members"], json!([]));
}
