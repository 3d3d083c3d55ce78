//! Those who show wrong tokens: each has to wait longer for the next answer, by the
//! address they come from. Whoever shows the right one is never among them, whatever
//! the address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Addresses that are remembered; among more, nobody is told apart any more.
const ADDRESSES: u64 = 10_000;

/// For how long a wrong token counts.
const MEMORY: Duration = Duration::from_mins(10);

/// A person who pastes may be wrong that often.
const FREE: u32 = 5;

/// The longest wait, well below what any client waits.
const LONGEST: Duration = Duration::from_secs(5);

/// Answers that may be late at the same time: beyond these, holding them back would
/// cost us more than it costs who guesses.
const LATE: usize = 512;

/// What is remembered of wrong tokens.
#[derive(Debug)]
pub(super) struct Guessers {
    wrong: Cache<IpAddr, u32>,
    late: Arc<Semaphore>,
}

/// An answer that is to be late, and its place among those.
#[derive(Debug)]
pub(super) struct Late {
    wait: Duration,
    _place: OwnedSemaphorePermit,
}

impl Guessers {
    pub(super) fn new() -> Self {
        let wrong = Cache::builder().max_capacity(ADDRESSES).time_to_idle(MEMORY).build();
        Self { wrong, late: Arc::new(Semaphore::new(LATE)) }
    }

    /// Somebody there has shown a wrong token: how late the answer is to be.
    pub(super) fn wrong(&self, address: IpAddr) -> Option<Late> {
        let key = neighbourhood(address);
        let times = self
            .wrong
            .entry(key)
            .and_upsert_with(|entry| entry.map_or(1, |entry| entry.into_value().saturating_add(1)));
        let beyond = times.into_value().checked_sub(FREE + 1)?;
        let wait = Duration::from_millis(100).saturating_mul(1 << beyond.min(6)).min(LONGEST);
        let place = Arc::clone(&self.late).try_acquire_owned().ok()?;
        Some(Late { wait, _place: place })
    }
}

impl Late {
    /// Waits for it, with no other place taken.
    pub(super) async fn pass(self) {
        tokio::time::sleep(self.wait).await;
    }

    /// How long that is.
    #[cfg(test)]
    fn wait(&self) -> Duration {
        self.wait
    }
}

/// One IPv6 customer owns a /64 at least.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from(u128::from(six) & (u128::MAX << 64))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(guessers: &Guessers, address: &str, times: u32) -> Vec<u64> {
        let wait = |late: Option<Late>| late.map_or(0, |late| late.wait().as_millis());
        let each = (0..times).map(|_| wait(guessers.wrong(address.parse().unwrap())));
        each.map(|millis| u64::try_from(millis).unwrap()).collect()
    }

    #[test]
    fn whoever_goes_on_waits_longer_and_nobody_else_does() {
        let guessers = Guessers::new();
        let waits_here = waits(&guessers, "192.0.2.1", 14);
        assert_eq!(waits_here, [0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(waits(&guessers, "192.0.2.2", 5), [0; 5]);
        assert_eq!(waits(&guessers, "::ffff:192.0.2.1", 1), [5000], "the same by another name");
    }

    #[test]
    fn one_customer_is_one_whatever_the_address() {
        let guessers = Guessers::new();
        for host in 0..5 {
            waits(&guessers, &format!("2001:db8:1:2::{host}"), 1);
        }
        assert_eq!(waits(&guessers, "2001:db8:1:2:ffff::9", 1), [100]);
        assert_eq!(waits(&guessers, "2001:db8:1:3::1", 1), [0]);
    }

    #[test]
    fn so_many_wait_at_most() {
        let guessers = Guessers::new();
        let address = "192.0.2.1".parse().unwrap();
        let held: Vec<_> = (0..2000).filter_map(|_| guessers.wrong(address)).collect();
        assert_eq!(held.len(), LATE);
        drop(held);
        assert!(guessers.wrong(address).is_some());
    }
}
