//! What has to be looked after while a gateway serves: tokens that others change, that
//! are used, that end; and a trail that grows.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::operator::Operator;
use super::prune::Pruner;
use crate::api::Api;
use crate::store::Trail;

/// How soon a token that was revoked elsewhere stops working here.
const LOOK: Duration = Duration::from_millis(500);

/// How often the rest is done.
const BEAT: Duration = Duration::from_secs(5);

/// How often the store is told who was used.
const NOTE: Duration = Duration::from_mins(1);

/// How often tokens that end soon are told, and where the trail stands.
const DAY: Duration = Duration::from_hours(24);

/// Looks after a gateway until it is ended.
pub(super) async fn tend(operator: Arc<Operator>) {
    let (api, clock) = (operator.api.clone(), operator.house.clock.clone());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut beaten, mut noted) = (None, Instant::now());
    let (mut told, mut silent, mut pruner) = (None, false, Pruner::default());
    loop {
        look.tick().await;
        let looked = api.roll().refresh().await;
        // Once, not twice a second.
        if let Err(error) = &looked
            && !silent
        {
            tracing::error!(%error, "the store does not tell its tokens; those known go on");
        }
        silent = looked.is_err();
        if is_due(beaten, BEAT) {
            beaten = Some(Instant::now());
            for tenant in api.face().tenants() {
                tenant.measure().await;
            }
            // One that was measured while it went; not while others are about to come.
            if let Ok(_settled) = operator.state.try_lock() {
                operator.forget_the_gone();
            }
            let now = clock.now();
            if told.is_none_or(|told| now.duration_since(told).unsigned_abs() >= DAY) {
                told = Some(now);
                tell_expiries(&api);
                tell_head(&*operator.trail).await;
            }
            api.expiries();
        }
        if pruner.is_due() {
            let keep = operator.state.lock().await.0.audit.keep;
            pruner.prune(&*operator.trail, keep, clock.now()).await;
        }
        if noted.elapsed() >= NOTE {
            noted = Instant::now();
            note(&api).await;
        }
    }
}

/// Tells the store who was used; also at the end.
pub(super) async fn note(api: &Api) {
    if let Err(error) = api.roll().note_uses().await {
        tracing::warn!(%error, "the store cannot note when tokens were used");
    }
}

pub(super) fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

/// Says where the trail stands. A log that is kept elsewhere proves by this that no
/// older trail was put in the place of this one: `matricula audit verify --head`.
pub(super) async fn tell_head(trail: &dyn Trail) {
    if let Ok(Some(head)) = trail.ends().await.map(|ends| ends.head) {
        let head = format!("{}:{}", head.seq, head.digest.hex());
        tracing::info!(head, "the audit trail stands here");
    }
}

/// Says which tokens end soon.
fn tell_expiries(api: &Api) {
    let expiries = api.expiries();
    for expiry in expiries.iter().filter(|expiry| expiry.is_near()) {
        let (tenant, title, days) = (&expiry.tenant, &expiry.title, expiry.days.floor());
        if days < 1.0 {
            tracing::error!(
                tenant,
                title,
                days,
                "a token ends today, or has ended: its client stops"
            );
        } else {
            tracing::warn!(tenant, title, days, "a token ends soon: `matricula token rotate`");
        }
    }
    for tenant in api.mute() {
        let command = format!("matricula token create --tenant {tenant}");
        tracing::warn!(tenant, command, "nobody can speak to this tenant: it has no token");
    }
}
