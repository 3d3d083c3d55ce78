//! When tokens end, told long before they do: clients cannot renew them by
//! themselves, and one that ends stops the whole job.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;

use super::Api;
use crate::store::Token;

/// Days before the end of a token at which it is told in the log, day by day.
const AHEAD: f64 = 30.0;

/// How long after its end a token is still told.
const FORGOTTEN: Duration = Duration::from_hours(24 * 30);

/// How long the token that a client uses has left.
#[derive(Clone, Debug, PartialEq)]
pub struct Expiry {
    /// The tenant.
    pub tenant: String,
    /// The title of the token.
    pub title: String,
    /// Days that it has left; below 0, since when it is over.
    pub days: f64,
}

impl Expiry {
    /// Whether it is time to say so.
    pub fn is_near(&self) -> bool {
        self.days < AHEAD
    }
}

impl Api {
    /// How long the tokens have left, of all that end; measured, too. Of several with
    /// one title the one counts that was used last: whoever has rotated a token and not
    /// yet given the new one to the client is warned still.
    pub fn expiries(&self) -> Vec<Expiry> {
        let now = self.0.clock.now();
        let mut expiries = Vec::new();
        for front in self.face().fronts() {
            let tenant = front.tenant.name();
            let fixed = front.tokens.iter().map(|token| (token.clone(), None));
            let issued = self.0.roll.standing(tenant).into_iter();
            // What is long over and done with is nobody's worry any more.
            let recent = issued.filter(|(token, _)| token.lives(now - FORGOTTEN));
            for (title, expires) in in_use(fixed.chain(recent)) {
                let seconds = expires.duration_since(now).as_secs_f64();
                let days = seconds / 86_400.0;
                expiries.push(Expiry { tenant: tenant.to_string(), title, days });
            }
        }
        self.measure(&expiries);
        expiries
    }

    fn measure(&self, expiries: &[Expiry]) {
        let gauge = &self.0.metrics.expiry;
        let mut measured = self.0.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::take(&mut *measured);
        for Expiry { tenant, title, days } in expiries {
            gauge.with_label_values(&[tenant, title]).set(*days);
            measured.insert((tenant.clone(), title.clone()));
        }
        for (tenant, title) in before.difference(&measured) {
            // It was there, so it can be taken away.
            let _ = gauge.remove_label_values(&[tenant, title]);
        }
    }

    /// Tenants to which nobody can speak, for they have no token.
    pub fn mute(&self) -> Vec<String> {
        let (now, face) = (self.0.clock.now(), self.face());
        let living = |front: &super::Front| {
            front.tokens.iter().any(|token| token.lives(now))
                || self.0.roll.standing(front.tenant.name()).iter().any(|it| it.0.lives(now))
        };
        let mute = face.fronts().filter(|front| !living(front));
        mute.map(|front| front.tenant.name().to_string()).collect()
    }
}

/// The end of the token that was used last, by title.
fn in_use(tokens: impl Iterator<Item = (Token, Option<Timestamp>)>) -> BTreeMap<String, Timestamp> {
    let mut last: BTreeMap<String, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
    for (token, used) in tokens {
        let known = last.entry(token.title).or_insert((used, token.expires));
        if used >= known.0 {
            *known = (used, token.expires);
        }
    }
    last.into_iter().filter_map(|(title, (_, expires))| Some((title, expires?))).collect()
}
