//! Work that waits: adding some and taking some up, beside much that may not be begun.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use matricula::policy::Reason;
use matricula::scim::{Kind, ResourceId};
use matricula::store::{Batch, Choice, Pending, Queue, Ready, Turn};
use serde_json::json;
use tokio::time::Instant;

use super::room::{Spread, measured, spread};

const SAMPLES: usize = 500;

/// So much is added in one go, to be quick.
const TOGETHER: usize = 500;

/// What is measured, in this order.
pub(crate) const MEASURED: [&str; 4] = ["work added", "taken up", "by a new name", "counted"];

pub(crate) struct Line(pub(crate) Arc<dyn Queue>);

impl Line {
    pub(crate) async fn fill(&self, from: usize, to: usize) {
        for first in (from..to).step_by(TOGETHER) {
            let add = (first..to.min(first + TOGETHER)).map(item).collect();
            let batch = Batch { add, most: usize::MAX, ..Batch::default() };
            assert!(self.0.write(batch).await.unwrap());
        }
    }

    /// What it takes: one is added, taken up, and done.
    pub(crate) async fn measured(&self) -> [Spread; 4] {
        let (mut adding, mut taking) = (Vec::new(), Vec::new());
        for number in 0..SAMPLES {
            let one = Pending { reason: Reason::Outage, due: at(), ..item(100_000_000 + number) };
            let before = Instant::now();
            let batch = Batch { add: vec![one], most: usize::MAX, ..Batch::default() };
            assert!(self.0.write(batch).await.unwrap());
            adding.push(before.elapsed());
            let before = Instant::now();
            let reasons = vec![Reason::Outage, Reason::Order, Reason::Grace];
            let until = at() + Duration::from_mins(5);
            let ready = Ready { reasons, now: at(), until, most: 64 };
            let found = self.0.begin(ready).await.unwrap();
            taking.push(before.elapsed());
            let done = found.iter().map(|one| one.sequence).collect::<Vec<_>>();
            assert_eq!(done.len(), 1);
            self.0.write(Batch { done, ..Batch::default() }).await.unwrap();
        }
        let named = measured(SAMPLES, async |number| {
            let names = [name(number)];
            assert_eq!(self.0.named(Kind::User, &names).await.unwrap().len(), 1);
        });
        let named = named.await;
        let counted = measured(SAMPLES, async |_| {
            assert_eq!(self.0.tally().await.unwrap().len(), 3);
            assert_eq!(self.0.page(&Choice::default(), 0, 1).await.unwrap().len(), 1);
        });
        [spread(adding), spread(taking), named, counted.await]
    }
}

fn at() -> Timestamp {
    "2026-03-04T09:15:28.5Z".parse().unwrap()
}

fn name(number: usize) -> String {
    format!("nina.berg{number}@hoch.example")
}

/// What is told to nobody yet, what waits for a person, what is not due.
fn item(number: usize) -> Pending {
    let (reason, later) = match number % 4 {
        0 | 1 => (Reason::DryRun, Duration::ZERO),
        2 => (Reason::Approval, Duration::ZERO),
        _ => (Reason::Grace, Duration::from_hours(720)),
    };
    Pending {
        sequence: 0,
        kind: Kind::User,
        id: ResourceId::parse(&number.to_string()).unwrap(),
        operation: json!({ "change": { "id": number, "edits": [
            { "path": "userName", "set": name(number) },
            { "path": "name.familyName", "set": "Berg" },
            { "path": "active", "set": true }
        ]}}),
        turn: Turn::Users,
        names: vec![name(number)],
        reason,
        who: "Entra ID".to_owned(),
        at: at(),
        released: false,
        attempts: 0,
        due: at() + later,
        failure: None,
    }
}
