//! What the audit trail says of each write: who, what, which calls, what came of it;
//! once, whatever happens.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::journey::nina;
use super::{House, Options};
use jiff::Timestamp;
use matricula::sandbox::Fault;
use matricula::store::{
    Ends, Error, Key, Link, Memory, Outcome, Record, Store, Trail, Wanted, Work,
};
use serde_json::json;

/// A house, and its trail.
async fn house(personal: bool) -> (House, Arc<dyn Trail>) {
    let trail = Memory::new().trail(&Key::fresh().unwrap());
    let options = Options { trail: Arc::clone(&trail), personal, ..Options::default() };
    (House::with(options).await, trail)
}

async fn told(trail: &Arc<dyn Trail>) -> Vec<Record> {
    let wanted = Wanted { most: usize::MAX, ..Wanted::default() };
    let links = trail.links(&wanted).await.unwrap();
    links.iter().map(|link| link.record().unwrap()).collect()
}

/// A record in a few words.
fn words(record: &Record) -> String {
    let calls: Vec<_> =
        record.calls.iter().map(|it| format!("{} {}", it.name, it.outcome)).collect();
    let names: Vec<_> =
        record.changes.iter().map(|it| format!("{} {}", it.act, it.attribute)).collect();
    format!(
        "{} {}: {} [{}] [{}]",
        record.operation,
        record.resource.as_deref().unwrap_or("-"),
        record.outcome.as_str(),
        names.join(", "),
        calls.join(", ")
    )
}

#[tokio::test]
async fn every_write_is_told_once_with_its_calls_and_reads_are_not() {
    let (house, trail) = house(false).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    house.get(&path).await;
    house.patch(&path, json!([{ "op": "replace", "path": "active", "value": "False" }])).await;
    let group = house.post("/Groups", json!({ "displayName": "Math 1A" })).await;
    let group_path = format!("/Groups/{}", group.id());
    let members = json!([{ "op": "add", "path": "members", "value": [{ "value": made.id() }] }]);
    house.patch(&group_path, members).await;
    house.find("Users", r#"userName eq "nobody""#).await;
    house.delete(&path).await;
    let records = told(&trail).await;
    let told: Vec<_> = records.iter().map(words).collect();
    let (user, group) = (made.id(), group.id());
    assert!(told[0].starts_with(&format!("user.create {user}: done [set ")), "{}", told[0]);
    assert!(told[0].ends_with("[core_user_create_users ok]"), "{}", told[0]);
    assert_eq!(
        told[1..],
        [
            format!("user.change {user}: done [set active] [core_user_update_users ok]"),
            format!("group.create {group}: done [set displayName] [core_cohort_create_cohorts ok]"),
            format!("group.change {group}: done [add members] [core_cohort_add_cohort_members ok]"),
            format!("user.delete {user}: done [] [core_user_delete_users ok]"),
        ]
    );
    let members = &records[3].changes[0];
    assert_eq!((&members.value, members.count), (&Some(json!([user])), Some(1)));
    assert!(records.iter().all(|it| it.who == "test" && it.request.is_some()));
    assert!(
        records.iter().all(|it| it.tenant.as_deref() == Some("demo") && it.decision == "apply")
    );
}

#[tokio::test]
async fn what_is_refused_or_fails_is_told_with_what_the_client_was_told() {
    let (house, trail) = house(false).await;
    let made = house.post("/Users", nina()).await;
    let path = format!("/Users/{}", made.id());
    house.forget_answers();
    assert_eq!(house.post("/Users", nina()).await.status, 409);
    let stale = [("if-match", "W/\"stale\"")];
    let answer = house.send(http::Method::DELETE, &path, None, &stale).await;
    assert_eq!(answer.status, 412);
    house.lms.faults().always(None, Fault::Status(503));
    assert_eq!(house.delete(&path).await.status, 503);
    house.lms.faults().clear();
    let records = told(&trail).await;
    let told: Vec<_> = records
        .iter()
        .map(|it| (it.operation.as_str(), it.outcome, it.status, it.detail.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("user.create", Outcome::Done, None, None),
            ("user.create", Outcome::Refused, Some(409), Some("duplicate")),
            ("user.delete", Outcome::Refused, Some(412), Some("request")),
            ("user.delete", Outcome::Failed, Some(503), Some("unavailable")),
        ]
    );
    let calls = &records[3].calls[0];
    assert_eq!(
        (calls.name.as_str(), calls.outcome.as_str()),
        ("core_user_delete_users", "unavailable")
    );
}

#[tokio::test]
async fn secrets_are_never_told_and_people_only_where_that_is_wanted() {
    for personal in [false, true] {
        let (house, trail) = house(personal).await;
        let mut person = nina();
        person["password"] = json!("Never-To-Be-Told-1");
        let made = house.post("/Users", person).await;
        let path = format!("/Users/{}", made.id());
        let changes = json!([
            { "op": "replace", "path": "password", "value": "Never-To-Be-Told-2" },
            { "op": "replace", "path": "name.familyName", "value": "Sommer" },
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ns@hoch.example" }
        ]);
        house.patch(&path, changes).await;
        let records = told(&trail).await;
        let text = serde_json::to_string(&records).unwrap();
        assert_eq!(records.len(), 2, "{text}");
        assert!(!text.contains("To-Be-Told") && !text.contains(house.lms.token()), "{text}");
        assert!(text.contains("password") && text.contains("name.familyName"), "{text}");
        for word in ["Sommer", "ns@hoch.example", "Berg"] {
            assert_eq!(text.contains(word), personal, "{word} in {text}");
        }
        if personal {
            let family = records[1].changes.iter().find(|it| it.attribute == "name.familyName");
            assert_eq!(family.unwrap().before, Some(json!("Berg")));
        }
    }
}

/// A trail that takes nothing.
struct Full;

impl Trail for Full {
    fn append(&self, _: Record) -> Work<'_, u64> {
        Box::pin(std::future::ready(Err(Error::new("the disk is full"))))
    }

    fn links<'a>(&'a self, _: &'a Wanted) -> Work<'a, Vec<Link>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn ends(&self) -> Work<'_, Ends> {
        Box::pin(std::future::ready(Ok(Ends::default())))
    }

    fn prune(&self, _: RangeInclusive<Timestamp>, _: usize) -> Work<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    fn restart(&self) -> Work<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn a_trail_that_takes_nothing_does_not_make_the_answer_a_lie() {
    let options = Options { trail: Arc::new(Full), ..Options::default() };
    let house = House::with(options).await;
    let made = house.post("/Users", nina()).await;
    assert_eq!(made.status, 201);
    assert!(house.lms.people().iter().any(|person| person.id.to_string() == made.id()));
    let families = house.registry.gather();
    let family = families.iter().find(|it| it.name() == "matricula_audit_records_total").unwrap();
    let labels = family.get_metric()[0].get_label();
    assert!(labels.iter().any(|label| label.value() == "lost"), "{labels:?}");
}
