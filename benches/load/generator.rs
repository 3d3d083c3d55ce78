//! The load: so many connections, each asking again as soon as it is answered.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::Failure;
use crate::subject::Subject;
use crate::wire::Line;
use crate::workload::Workload;

/// What a load came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How long each request took, sorted.
    pub took: Vec<Duration>,
    /// From the first request to the last answer.
    pub span: Duration,
}

impl Outcome {
    /// The time within which so many of a hundred were answered.
    pub(crate) fn percentile(&self, of_hundred: usize) -> Duration {
        let index = (self.took.len() * of_hundred / 100).min(self.took.len().saturating_sub(1));
        self.took.get(index).copied().unwrap_or_default()
    }
}

/// One request, whose answer is looked at: a load of refusals would be cheap.
pub(crate) async fn rehearse(subject: &Subject, workload: Workload) -> Result<(), Failure> {
    let (status, body) =
        Line::open(subject.address).await?.exchange(&subject.next(workload)).await?;
    let body = String::from_utf8_lossy(&body);
    let sound = (200..300).contains(&status)
        && !body.contains("exception")
        && body.matches(workload.proof()).count() >= workload.rows();
    let told = || format!("{}: {} answers {status} {body}", workload.name(), subject.name);
    if sound { Ok(()) } else { Err(told().into()) }
}

/// Loads a subject for a while.
pub(crate) async fn drive(
    subject: &Rc<Subject>,
    workload: Workload,
    connections: usize,
    span: Duration,
) -> Result<Outcome, Failure> {
    let mut lines = Vec::with_capacity(connections);
    for _ in 0..connections {
        lines.push(Line::open(subject.address).await?);
    }
    let (local, started) = (LocalSet::new(), Instant::now());
    let until = started + span;
    let tasks: Vec<_> = lines
        .into_iter()
        .map(|line| local.spawn_local(keep_asking(line, Rc::clone(subject), workload, until)))
        .collect();
    local.await;
    let mut outcome = Outcome { took: Vec::new(), span: started.elapsed() };
    for task in tasks {
        outcome.took.extend(task.await??);
    }
    outcome.took.sort_unstable();
    Ok(outcome)
}

async fn keep_asking(
    mut line: Line,
    subject: Rc<Subject>,
    workload: Workload,
    until: Instant,
) -> Result<Vec<Duration>, String> {
    let mut took = Vec::with_capacity(64 * 1024);
    loop {
        let request = subject.next(workload);
        let begun = Instant::now();
        if begun >= until {
            return Ok(took);
        }
        let answered = line.exchange(&request).await;
        took.push(begun.elapsed());
        match answered {
            Ok((200..300, _)) => {}
            Ok((status, body)) => {
                let body = String::from_utf8_lossy(&body).into_owned();
                return Err(format!("{} answers {status} {body}", subject.name));
            }
            Err(error) => return Err(format!("{} broke off: {error}", subject.name)),
        }
    }
}
