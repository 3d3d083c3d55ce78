//! The same, at the same time, through eight connections: an LMS that looks
//! before it writes, with a gap between, is never led into that gap.

use std::sync::Arc;

use super::journey::person;
use super::replicas::one_and_two;
use super::{Answer, House, Options};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const ROUNDS: usize = 100;
const CLIENTS: usize = 8;

/// All of these at once: as many requests under way are as many connections.
async fn at_once(house: &Arc<House>, path: &'static str, bodies: Vec<Value>) -> Vec<Answer> {
    let mut posting = JoinSet::new();
    for body in bodies {
        let house = Arc::clone(house);
        posting.spawn(async move { house.post(path, body).await });
    }
    posting.join_all().await
}

/// One was made; to the others it was said that it is there.
fn one_of(round: usize, answers: &[Answer]) -> &Answer {
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, CLIENTS - 1), "round {round}: {answers:?}");
    for refused in answers.iter().filter(|answer| answer.status == 409) {
        assert_eq!(refused.body["scimType"], json!("uniqueness"), "round {round}");
    }
    answers.iter().find(|answer| answer.status == 201).unwrap()
}

/// A gateway, and where a server is named also two of them.
async fn racing(site: fn(&mut matricula::sandbox::Site)) -> Vec<Arc<House>> {
    let houses = one_and_two(Options { site, ..Options::default() }).await;
    for house in &houses {
        house.lms.race().turns(50);
    }
    houses
}

#[tokio::test]
async fn eight_creates_of_one_person_make_one_account() {
    for house in racing(|_| ()).await {
        for round in 0..ROUNDS {
            let name = format!("p{round}");
            let answers = at_once(&house, "/Users", vec![person(&name); CLIENTS]).await;
            let made = one_of(round, &answers).id().to_owned();
            let people = house.lms.people();
            let own: Vec<_> =
                people.iter().filter(|it| it.idnumber == format!("x-{name}")).collect();
            assert_eq!(own.len(), 1, "round {round}: {own:?}");
            assert_eq!(own[0].id.to_string(), made);
        }
    }
}

#[tokio::test]
async fn eight_people_with_one_address_are_one_account() {
    for house in racing(|_| ()).await {
        for round in 0..ROUNDS {
            let mail = format!("m{round}@hoch.example");
            let body = |client: usize| {
                let mut body = person(&format!("r{round}c{client}"));
                body["emails"][0]["value"] = json!(if client.is_multiple_of(2) {
                    mail.clone()
                } else {
                    mail.to_uppercase()
                });
                body
            };
            let answers = at_once(&house, "/Users", (0..CLIENTS).map(body).collect()).await;
            one_of(round, &answers);
            let people = house.lms.people();
            let own = people.iter().filter(|it| it.email.eq_ignore_ascii_case(&mail)).count();
            assert_eq!(own, 1, "round {round}");
        }
    }
}

#[tokio::test]
async fn eight_creates_of_one_group_make_one_cohort() {
    for house in racing(|_| ()).await {
        for round in 0..ROUNDS {
            let name = format!("Choir {round}");
            let body = json!({ "displayName": name, "externalId": format!("g-{round}") });
            let answers = at_once(&house, "/Groups", vec![body; CLIENTS]).await;
            one_of(round, &answers);
            let own = house.lms.cohorts().iter().filter(|it| it.name == name).count();
            assert_eq!(own, 1, "round {round}");
        }
    }
}

#[tokio::test]
async fn eight_groups_with_one_external_id_are_one_cohort() {
    for house in racing(|_| ()).await {
        for round in 0..ROUNDS {
            let key = format!("g-{round}");
            let body = |client: usize| json!({ "displayName": format!("C{client} {round}"), "externalId": key });
            let answers = at_once(&house, "/Groups", (0..CLIENTS).map(body).collect()).await;
            one_of(round, &answers);
            let own = house.lms.cohorts().iter().filter(|it| it.idnumber == key).count();
            assert_eq!(own, 1, "round {round}");
        }
    }
}

/// Neither RFC 7643 nor Moodle wants an externalId to be one account's own. It
/// is the client's; whoever gives it twice finds two.
#[tokio::test]
async fn an_external_id_given_twice_is_had_twice() {
    for house in racing(|_| ()).await {
        let body = |client: usize| {
            let mut body = person(&format!("c{client}"));
            body["externalId"] = json!("same");
            body
        };
        let answers = at_once(&house, "/Users", (0..CLIENTS).map(body).collect()).await;
        assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
        let found = house.find("Users", r#"externalId eq "same""#).await;
        assert_eq!(found.body["totalResults"], json!(CLIENTS));
    }
}

#[tokio::test]
async fn eight_renames_to_one_name_leave_one_with_it() {
    for house in racing(|_| ()).await {
        let mut ids = Vec::new();
        for client in 0..CLIENTS {
            ids.push(house.post("/Users", person(&format!("c{client}"))).await.id().to_owned());
        }
        for round in 0..20 {
            let mut renaming = JoinSet::new();
            for id in ids.clone() {
                let house = Arc::clone(&house);
                let name = format!("wanted{round}@hoch.example");
                renaming.spawn(async move {
                    let edit = json!([{ "op": "replace", "path": "userName", "value": name }]);
                    house.patch(&format!("/Users/{id}"), edit).await
                });
            }
            let answers = renaming.join_all().await;
            let count = |status| answers.iter().filter(|answer| answer.status == status).count();
            assert_eq!((count(204), count(409)), (1, CLIENTS - 1), "round {round}: {answers:?}");
        }
    }
}
