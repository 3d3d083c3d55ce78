//! How many connections there may be, in total and from one address.

use super::metrics::Refusal;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Open connections. Beyond it a new one is closed at once. Default: 16384.
    pub connections: usize,
    /// Open connections from one IPv4 address or one IPv6 /64. Trusted proxies
    /// are exempt; the clients that a PROXY header names are not. Default: 256.
    pub connections_per_peer: usize,
    /// Headers of an HTTP/1.1 request. Over HTTP/2 their size bounds their
    /// number: each counts for 32 bytes at least. Default: 100.
    pub headers: usize,
    /// Bytes of a request's head, 8192 at least. Default: 32768.
    pub header_bytes: u32,
    /// Requests at a time over one HTTP/2 connection. Default: 100.
    pub streams: u32,
    /// HTTP/2 streams that a client may open and reset before they were looked
    /// at (CVE-2023-44487); beyond it the connection ends. Default: 20.
    pub resets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_peer: 256,
            headers: 100,
            header_bytes: 32_768,
            streams: 100,
            resets: 20,
        }
    }
}

/// Counts the connections of one listener.
#[derive(Debug)]
pub(super) struct Gate {
    total: usize,
    per_peer: usize,
    /// Never longer than `total`: an address without a connection is dropped.
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// One connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    gate: Arc<Gate>,
    peer: Option<IpAddr>,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            total: limits.connections,
            per_peer: limits.connections_per_peer,
            taken: Mutex::default(),
        })
    }

    /// A place for a connection of which nothing is known yet.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Place, Refusal> {
        let mut taken = self.lock();
        if taken.total >= self.total {
            return Err(Refusal::Full);
        }
        taken.total += 1;
        Ok(Place { gate: Arc::clone(self), peer: None })
    }

    /// What is counted stays true whoever panicked while holding the lock.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Puts the place to the account of `address`.
    pub(super) fn assign(&mut self, address: IpAddr) -> Result<(), Refusal> {
        let peer = share(address);
        let mut taken = self.gate.lock();
        let held = taken.by_peer.entry(peer).or_default();
        if *held >= self.gate.per_peer {
            // A limit of zero must not leave an empty entry behind.
            if *held == 0 {
                taken.by_peer.remove(&peer);
            }
            return Err(Refusal::Peer);
        }
        *held += 1;
        drop(taken);
        self.peer = Some(peer);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.gate.lock();
        taken.total -= 1;
        let Some(peer) = self.peer else { return };
        if let Some(held) = taken.by_peer.get_mut(&peer) {
            *held -= 1;
            if *held == 0 {
                taken.by_peer.remove(&peer);
            }
        }
    }
}

/// Whom an address stands for. One IPv6 customer owns a /64 at least, so that
/// counting single addresses would bound nothing.
fn share(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(network.into())
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(connections: usize, connections_per_peer: usize) -> Arc<Gate> {
        Gate::new(&Limits { connections, connections_per_peer, ..Limits::default() })
    }

    fn taken(gate: &Arc<Gate>, address: &str) -> Result<Place, Refusal> {
        let mut place = gate.enter()?;
        place.assign(address.parse().unwrap())?;
        Ok(place)
    }

    #[test]
    fn the_total_bounds_all_together() {
        let gate = gate(2, 9);
        let _one = taken(&gate, "192.0.2.1").unwrap();
        let two = taken(&gate, "192.0.2.2").unwrap();
        assert_eq!(taken(&gate, "192.0.2.3").unwrap_err(), Refusal::Full);
        drop(two);
        assert!(taken(&gate, "192.0.2.3").is_ok());
    }

    #[test]
    fn an_address_is_held_to_its_share() {
        let gate = gate(9, 1);
        let one = taken(&gate, "192.0.2.1").unwrap();
        assert_eq!(taken(&gate, "::ffff:192.0.2.1").unwrap_err(), Refusal::Peer);
        assert!(taken(&gate, "192.0.2.2").is_ok());
        drop(one);
        assert!(taken(&gate, "192.0.2.1").is_ok());
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let gate = gate(9, 1);
        let _one = taken(&gate, "2001:db8::1").unwrap();
        assert_eq!(taken(&gate, "2001:db8::ffff:1").unwrap_err(), Refusal::Peer);
        assert!(taken(&gate, "2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let gate = gate(9, 1);
        drop(taken(&gate, "192.0.2.1").unwrap());
        let full = self::gate(9, 0);
        assert!(taken(&full, "192.0.2.1").is_err());
        for gate in [gate, full] {
            assert_eq!(gate.lock().total, 0);
            assert!(gate.lock().by_peer.is_empty());
        }
    }
}
