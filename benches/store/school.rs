//! Entries: people as Entra writes them, every second under an id of ours.

use std::sync::Arc;

use matricula::scim::{Filter, Kind, Matcher, Resource, ResourceId, ResourceType};
use matricula::store::{Among, Entries, Entry, LmsId};
use serde_json::json;
use tokio::task::JoinSet;

use super::room::{Spread, measured};

/// Look-ups of each kind, and writes.
const SAMPLES: usize = 5000;
const WRITES: usize = 1000;

/// Those who write at the same time until all are there.
const LANES: usize = 64;

/// What is measured, in this order.
pub(crate) const MEASURED: [&str; 4] = ["by id", "by externalId", "by the LMS's id", "a write"];

pub(crate) struct School(pub(crate) Arc<dyn Entries>);

impl School {
    pub(crate) async fn fill(&self, from: usize, to: usize) {
        let mut lanes = JoinSet::new();
        for lane in 0..LANES {
            let entries = Arc::clone(&self.0);
            lanes.spawn(async move {
                for number in (from..to).skip(lane).step_by(LANES) {
                    entries.put(entry(number)).await.unwrap();
                }
            });
        }
        lanes.join_all().await;
    }

    /// What it takes where so many are there.
    pub(crate) async fn measured(&self, size: usize) -> [Spread; 4] {
        let entries = &self.0;
        let ids = measured(SAMPLES, async |number| {
            let id = own(spread(number, size));
            assert!(entries.get(Kind::User, &id).await.unwrap().is_some());
        });
        let ids = ids.await;
        let found = measured(SAMPLES, async |number| {
            let matcher = matcher(spread(number, size));
            let found = entries.find(Kind::User, Among::Present, Some(&matcher), 2).await;
            assert_eq!(found.unwrap().len(), 1);
        });
        let found = found.await;
        let lms = measured(SAMPLES, async |number| {
            let number = spread(number, size);
            let known = entries.of_lms(Kind::User, &[id(number)]).await.unwrap();
            assert_eq!(known[0].as_ref().unwrap().id, own(number));
        });
        let lms = lms.await;
        let written = measured(WRITES, async |number| {
            entries.put(entry(spread(number, size))).await.unwrap();
        });
        [ids, found, lms, written.await]
    }
}

/// Numbers that lie far from each other.
fn spread(number: usize, size: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % size
}

fn id(number: usize) -> ResourceId {
    ResourceId::parse(&number.to_string()).unwrap()
}

/// As the client knows it.
fn own(number: usize) -> ResourceId {
    if number.is_multiple_of(2) {
        return id(number);
    }
    ResourceId::parse(&format!("mat-{number:032x}")).unwrap()
}

fn external(number: usize) -> String {
    format!("6f0f6c2e-5d1b-4c1f-9a70-{number:012x}")
}

fn matcher(number: usize) -> Matcher {
    let user = ResourceType::user();
    let text = format!("externalId eq \"{}\"", external(number));
    Matcher::bind(&Filter::parse(&text, user.urns()).unwrap(), &user).unwrap()
}

fn entry(number: usize) -> Entry {
    let name = format!("Nina.Berg{number}@Hoch.example");
    let sent = json!({
        "userName": name,
        "externalId": external(number),
        "active": true,
        "displayName": format!("Nina Berg {number}"),
        "title": "Lecturer",
        "name": { "givenName": "Nina", "familyName": "Berg", "formatted": "Nina Berg" },
        "emails": [{ "type": "work", "value": name, "primary": true }],
        "phoneNumbers": [{ "type": "work", "value": "+49 (30) 1234-5678" }],
        "addresses": [{ "type": "work", "locality": "Berlin", "country": "DE" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
            { "department": "Mathematics", "employeeNumber": format!("{number}") }
    });
    let modified = "2026-03-04T09:15:28.5Z".parse().unwrap();
    let attributes = sent.as_object().unwrap().clone();
    let same = number.is_multiple_of(2);
    Entry {
        id: own(number),
        lms: if same { LmsId::Same } else { LmsId::Other(id(number)) },
        gone: None,
        sent: Resource::from_attributes(Kind::User, attributes),
        created: Some(modified),
        modified,
        revision: 0,
    }
}
