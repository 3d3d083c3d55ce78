//! Tokens in memory.

use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::store::{Issued, MOST_TOKENS, Token, Tokens, Work};

/// All tokens, and how often they changed.
#[derive(Debug, Default)]
pub(super) struct Ring(Mutex<(Vec<Issued>, u64)>);

impl Ring {
    fn lock(&self) -> MutexGuard<'_, (Vec<Issued>, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a token that has not been revoked; whether there is one.
    fn change(&self, id: u64, change: impl FnOnce(&mut Issued)) -> bool {
        let mut ring = self.lock();
        let found = ring.0.iter_mut().find(|it| it.id == id && it.revoked.is_none());
        let there = found.map(change).is_some();
        ring.1 += u64::from(there);
        there
    }
}

impl Tokens for Ring {
    fn all(&self) -> Work<'_, Vec<Issued>> {
        Box::pin(ready(Ok(self.lock().0.clone())))
    }

    fn version(&self) -> Work<'_, u64> {
        Box::pin(ready(Ok(self.lock().1)))
    }

    fn add(&self, tenant: &Arc<str>, token: Token, now: Timestamp) -> Work<'_, Option<u64>> {
        let mut ring = self.lock();
        let living = ring.0.iter().filter(|it| it.tenant == *tenant && it.lives(now)).count();
        if living >= MOST_TOKENS {
            return Box::pin(ready(Ok(None)));
        }
        let id = ring.0.last().map_or(1, |last| last.id + 1);
        let tenant = Arc::clone(tenant);
        ring.0.push(Issued { id, tenant, token, created: now, used: None, revoked: None });
        ring.1 += 1;
        Box::pin(ready(Ok(Some(id))))
    }

    fn revoke(&self, id: u64, now: Timestamp) -> Work<'_, bool> {
        Box::pin(ready(Ok(self.change(id, |token| token.revoked = Some(now)))))
    }

    fn shorten(&self, id: u64, until: Timestamp) -> Work<'_, bool> {
        let there = self.change(id, |it| {
            it.token.expires = Some(it.token.expires.map_or(until, |end| end.min(until)));
        });
        Box::pin(ready(Ok(there)))
    }

    fn used(&self, uses: Vec<(u64, Timestamp)>) -> Work<'_, ()> {
        let mut ring = self.lock();
        for (id, at) in uses {
            for token in ring.0.iter_mut().filter(|token| token.id == id) {
                token.used = token.used.max(Some(at));
            }
        }
        Box::pin(ready(Ok(())))
    }
}
