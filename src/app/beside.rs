//! The LMS of a tenant as a command asks it, beside the gateway or without one. What a
//! gateway logs in with may be good for once only: then the command takes it from the
//! store, and puts there what the LMS gives for it.

use std::sync::Arc;

use super::Kept;
use crate::backend::{House, Settings, Unopened};
use crate::mapping::Site;
use crate::provision::{Ledger, Lms};

/// The way to an LMS; nothing, where a login would use up what only a store can keep.
pub(super) fn lms(
    site: &Arc<Site>,
    backends: &[(Arc<str>, Settings)],
    house: &House,
    (tenant, kept): (&Arc<str>, Option<&Kept>),
) -> Result<Option<Lms>, Unopened> {
    let logins = || site.plan.backends.iter().filter_map(|backend| backend.login.as_ref());
    let lasts = logins().any(|login| login.exclusive || !login.durable.is_empty());
    let site = Arc::clone(site);
    match kept.filter(|_| lasts) {
        Some(kept) => {
            let ledger = Ledger::of(&*kept.store, tenant);
            Lms::of(site, backends, house, &ledger).map(Some)
        }
        None if logins().any(|login| !login.durable.is_empty()) => Ok(None),
        None => Lms::open(site, backends, house).map(Some),
    }
}
