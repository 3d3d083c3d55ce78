//! What holds when it is over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use matricula::sandbox::Sandbox;
use matricula::store::{Choice, Postgres, Queue, Settings, Sqlite, Store};
use serde_json::Value;
use tokio::runtime::Handle;

/// Where a school's gateways keep what they know.
pub(in super::super) enum Kept {
    /// In this file.
    File(PathBuf),
    /// On a server.
    Server(Box<Settings>),
}

impl Kept {
    /// What waits, beside the gateways.
    pub(in super::super) async fn pending(&self) -> std::sync::Arc<dyn Queue> {
        let school = "school".into();
        match self {
            Self::File(path) => Sqlite::beside(path).unwrap().pending(&school),
            Self::Server(settings) => Postgres::open(settings).await.unwrap().pending(&school),
        }
    }
}

/// How much waits.
pub(in super::super) async fn waiting(queue: &dyn Queue) -> usize {
    queue.tally().await.unwrap().iter().map(|one| one.count).sum()
}

/// Waits until all of it was done, or fails: on a thread that may wait.
pub(in super::super) fn until_nothing_waits(kept: &Kept) {
    let runtime = Handle::current();
    let queue = runtime.block_on(kept.pending());
    for _ in 0..6000 {
        if runtime.block_on(waiting(&*queue)) == 0 {
            return;
        }
        thread::park_timeout(Duration::from_millis(10));
    }
    let left = runtime.block_on(queue.page(&Choice::default(), 0, 20)).unwrap();
    let told = left.iter().map(|one| format!("{one:?}, {} times: {:?}", one.attempts, one.failure));
    unreachable!("it waits for ever: {:#?}", told.collect::<Vec<_>>());
}

/// Whatever was being recorded when the process died.
pub(in super::super) fn the_trail_holds(folder: &Path) {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_matricula"));
    verify.args(["audit", "verify", "--json", "--config"]).arg(folder.join("config.toml"));
    let told = verify.output().unwrap();
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.status.success(), "{said}{}", String::from_utf8_lossy(&told.stderr));
    let proof: Value = serde_json::from_str(&said).unwrap();
    assert!(proof["last"].as_u64().unwrap() > 20, "{proof}");
}

/// Each person has one account, and nobody else has one; and no more were ever made
/// than clients asked for.
pub(super) fn nobody_is_there_twice(lms: &Sandbox, (groups, people, made): (usize, usize, usize)) {
    let here = lms.people();
    let names: BTreeSet<_> = here.iter().map(|person| person.username.clone()).collect();
    assert_eq!(names.len(), here.len(), "somebody is there twice");
    assert_eq!(here.len(), people, "somebody is there whom nobody knows");
    assert_eq!(lms.cohorts().len(), groups);
    assert!(ever(lms) <= made, "{} accounts were made of {made}", ever(lms));
}

/// How many accounts there are and were.
pub(in super::super) fn ever(lms: &Sandbox) -> usize {
    lms.with(|moodle| moodle.people.all().count())
}
