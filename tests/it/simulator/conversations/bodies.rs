//! Conversations 16, 17 and 19: twins, clearing, and everything back again.

use serde_json::{Value, json};

use crate::simulator::dialect::{Change, difference};
use crate::simulator::directory::{DEPARTMENT, Person};
use crate::simulator::house::House;
use crate::simulator::profile::{LookUp, Profile};
use crate::simulator::target::Target;
use crate::simulator::task::Task;
use crate::simulator::worker::Worker;

use super::{find_by_all, join, person, worker};

/// What a person can be without. Names, addresses to sign in with and the
/// language are left out: there are LMSs that cannot do without.
const OPTIONAL: [&str; 13] = [
    "title",
    r#"emails[type eq "other"].Value"#,
    r#"addresses[type eq "work"].formatted"#,
    r#"addresses[type eq "work"].streetAddress"#,
    r#"addresses[type eq "work"].locality"#,
    r#"addresses[type eq "work"].region"#,
    r#"addresses[type eq "work"].postalCode"#,
    r#"addresses[type eq "work"].country"#,
    r#"phoneNumbers[type eq "work"].value"#,
    r#"phoneNumbers[type eq "mobile"].value"#,
    r#"phoneNumbers[type eq "fax"].value"#,
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    DEPARTMENT,
];

/// Conversation 16: whatever the refusal is about, the filter must find.
pub(crate) async fn a_taken_user_name_is_told_and_found(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    worker.activate(&id, false).await.must(&[200, 204], "disabling");
    for name in ["Nina.Berg@Hoch.example", "NINA.BERG@hoch.example"] {
        let twin = Person::new("Other", "Nils", "Berger").with("userPrincipalName", name);
        let refused = worker.join(&twin).await.must(&[409], "a taken userName");
        assert_eq!(refused.body["scimType"], "uniqueness", "{}", refused.body);
    }
    for one in find_by_all(&mut worker, &nina).await {
        assert_eq!(one["id"], json!(id));
    }
    assert_eq!(house.accounts(), 1);
    // authentik looks after the refusal, and takes who is there for its own.
    if worker.profile.look_up == LookUp::AfterConflict {
        let task = Task::Person(nina.with("jobTitle", "Professor"), None);
        assert_eq!(task.perform(&mut worker).await, Ok(Some(id.clone())));
        assert_eq!(person(&mut worker, &id).await["title"], "Professor");
    }
}

async fn cleared(worker: &mut Worker, id: &str, value: &Value) {
    let changes: Vec<_> =
        OPTIONAL.iter().map(|path| Change::replace(path, value.clone())).collect();
    worker.update(id, &changes).await.must(&[200, 204], "clearing");
    let now = person(worker, id).await;
    for path in OPTIONAL {
        let is = Target::parse(path).read(&now);
        let empty = is.is_none_or(|value| value == "");
        assert!(empty, "{}: {path} was cleared with {value} and is {is:?}", worker.profile.name);
    }
}

/// Conversation 17: the second time there is nothing left to clear, and that is no fault.
pub(crate) async fn what_is_cleared_is_gone_and_may_be_cleared_again(
    house: &House,
    profile: Profile,
) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    for value in [json!(""), Value::Null, json!("")] {
        cleared(&mut worker, &id, &value).await;
    }
    let now = person(&mut worker, &id).await;
    let back = difference(&worker.profile, &nina, &now);
    let paths: Vec<_> = back.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths.len(), OPTIONAL.len(), "other things went as well: {paths:?}");
    super::change(&mut worker, &id, &back).await;
}

/// Conversation 19: Okta's way, which everybody's server must bear: what is read-only comes
/// back, and more. Entra never sends a PUT; it does here.
pub(crate) async fn everything_that_came_may_go_back(house: &House, profile: Profile) {
    let mut worker = worker(house, profile);
    let nina = Person::complete("Nina.Berg", "Nina", "Berg");
    let id = join(&mut worker, &nina).await;
    let before = person(&mut worker, &id).await;
    let mut body = before.clone();
    body["groups"] = json!([{ "value": "no-such-group", "display": "Math 1A" }]);
    body["password"] = json!("Vorlesung-2026!x");
    let after = worker.put("Users", &id, &body).await.must(&[200], "everything back");
    let mut same = after.body.clone();
    same["meta"] = before["meta"].clone();
    assert_eq!(before, same, "{}: a PUT of what is there", worker.profile.name);
    assert_eq!(after.body, person(&mut worker, &id).await);
    body["title"] = json!("Professor");
    let changed = worker.put("Users", &id, &body).await.must(&[200], "one thing changed");
    assert_eq!(changed.body["title"], "Professor");
    assert_eq!(changed.body["meta"]["created"], before["meta"]["created"]);
    let other = worker.put("Users", "no-such-person", &body).await;
    other.must(&[404], "a PUT of nobody");
}
