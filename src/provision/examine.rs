//! Examining an installation: what the mapping wants to be sure of before it is
//! trusted. Reads only.

use std::time::Duration;

use tokio::time::Instant;

use super::House;
use super::lms::{Lms, Task};
use crate::call::{Failure, Kind};
use crate::mapping::Run;

/// How long one examination may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one examination came to.
#[derive(Debug)]
pub struct Examined {
    /// What was examined.
    pub about: String,
    /// Whether failing it is a warning only.
    pub warns: bool,
    /// Nothing, or what is missing.
    pub outcome: Result<(), Failure>,
}

/// The probe and every examination of one service of an LMS. Each is made, even
/// where one before it failed: whoever mends wants to see everything. But an LMS
/// that is down or does not know us would fail at each, so that is told once.
pub async fn examine(lms: &Lms, backend: &str, house: &House) -> Vec<Examined> {
    let site = lms.site();
    let mut all: Vec<(String, bool, Run)> = Vec::new();
    let probe = site.probe(backend, &lms.moment());
    all.extend(probe.map(|run| ("login and rights".to_owned(), false, run)));
    let known = site.plan.backend(backend).map(|it| it.doctor.as_slice()).unwrap_or_default();
    for (number, examination) in known.iter().enumerate() {
        let run = site.examine(backend, number, &lms.moment());
        all.extend(run.map(|run| (examination.about.clone(), examination.warns, run)));
    }
    let metrics = house.metrics.of("doctor");
    let mut examined = Vec::new();
    for (about, warns, run) in all {
        let task = Task { name: "doctor", until: Instant::now() + PATIENCE };
        let outcome = lms.drive(run, task, &metrics).await.map(|_| ());
        let hopeless = outcome.as_ref().is_err_and(|failure| at_all(failure.kind));
        examined.push(Examined { about, warns, outcome });
        if hopeless {
            break;
        }
    }
    examined
}

/// Whether a failure has nothing to do with what was asked.
fn at_all(kind: Kind) -> bool {
    matches!(kind, Kind::Unavailable | Kind::Throttled | Kind::Login | Kind::Garbled)
}
