//! A trail that is kept for so many days: what is older is taken out of it once an hour,
//! and the trail is told.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::tend::is_due;
use crate::store::{Changed, Error, Outcome, Record, Trail};

/// How often it is looked for.
const HOUR: Duration = Duration::from_hours(1);

/// So many records at a time: writes wait meanwhile.
const AT_A_TIME: usize = 1000;

/// Who prunes, and when last.
#[derive(Debug, Default)]
pub(super) struct Pruner(Option<Instant>);

impl Pruner {
    pub(super) fn is_due(&self) -> bool {
        is_due(self.0, HOUR)
    }

    /// Takes out what is older than so many days.
    pub(super) async fn prune(&mut self, trail: &dyn Trail, keep: Option<u32>, now: Timestamp) {
        self.0 = Some(Instant::now());
        let Some(days) = keep else { return };
        if let Err(error) = prune(trail, days, now).await {
            tracing::warn!(%error, "what is too old cannot be taken out of the audit trail");
        }
    }
}

async fn prune(trail: &dyn Trail, days: u32, now: Timestamp) -> Result<(), Error> {
    let Ok(before) = now.checked_sub(Duration::from_hours(24) * days) else { return Ok(()) };
    let mut gone = 0;
    loop {
        let some = trail.prune(before..=now, AT_A_TIME).await?;
        gone += some;
        if some < AT_A_TIME {
            break;
        }
    }
    if gone == 0 {
        return Ok(());
    }
    tracing::info!(records = gone, days, "what was too old was taken out of the audit trail");
    let change = Changed {
        attribute: "records".to_owned(),
        act: "drop".to_owned(),
        before: None,
        value: None,
        count: Some(gone),
    };
    trail.append(Record { changes: vec![change], ..of_the_gateway("trail.prune", now) }).await?;
    Ok(())
}

/// A record of what the gateway does by itself.
fn of_the_gateway(operation: &str, at: Timestamp) -> Record {
    Record {
        at,
        tenant: None,
        who: "gateway".to_owned(),
        request: None,
        operation: operation.to_owned(),
        resource: None,
        name: None,
        decision: "apply".to_owned(),
        reason: None,
        calls: Vec::new(),
        changes: Vec::new(),
        outcome: Outcome::Done,
        status: None,
        detail: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Key, Memory, Store, Wanted};

    async fn there(trail: &dyn Trail) -> Vec<String> {
        let wanted = Wanted { most: 9999, ..Wanted::default() };
        let links = trail.links(&wanted).await.unwrap();
        links.iter().map(|link| link.record().unwrap().operation).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn once_an_hour_what_is_too_old_is_taken_out_and_that_is_told() {
        let day = |day: u64| Timestamp::UNIX_EPOCH + Duration::from_hours(24 * day);
        let trail = Memory::new().trail(&Key::fresh().unwrap());
        for number in 0..2500 {
            let at = day(if number < 2400 { 1 } else { 20 });
            trail.append(of_the_gateway("done", at)).await.unwrap();
        }
        let mut pruner = Pruner::default();
        assert!(pruner.is_due(), "at the start");
        pruner.prune(&*trail, Some(30), day(30)).await;
        assert_eq!(there(&*trail).await.len(), 2500, "nothing is that old");
        tokio::time::advance(Duration::from_mins(59)).await;
        assert!(!pruner.is_due());
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(pruner.is_due());
        pruner.prune(&*trail, None, day(40)).await;
        assert_eq!(there(&*trail).await.len(), 2500, "it is kept for ever");
        pruner.prune(&*trail, Some(30), day(40)).await;
        let left = there(&*trail).await;
        assert_eq!((left.len(), left.last().map(String::as_str)), (101, Some("trail.prune")));
        pruner.prune(&*trail, Some(30), day(40)).await;
        assert_eq!(there(&*trail).await.len(), 101, "told once");
    }
}
