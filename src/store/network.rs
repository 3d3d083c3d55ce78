//! Networks that somebody may speak from.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

/// Reads a network, `10.0.0.0/8` or `fd00::/8`, or one address. An IPv4 network in
/// IPv6's disguise is the IPv4 network.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let read = text.parse::<IpNet>().ok();
    read.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(undisguised)
}

/// The same network as addresses are compared: without disguise, and without what
/// stands behind its prefix.
pub fn undisguised(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else { return network.trunc() };
    let four = six.addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(96));
    let four = four.and_then(|(at, length): (Ipv4Addr, u8)| Ipv4Net::new(at, length).ok());
    four.map_or(network.trunc(), |four| IpNet::V4(four.trunc()))
}

/// Whether somebody may speak from there. No network at all is everywhere.
pub fn admits(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.is_empty() || networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(networks: &[&str], address: &str) -> bool {
        let networks: Vec<_> = networks.iter().map(|text| network(text).unwrap()).collect();
        admits(&networks, address.parse().unwrap())
    }

    #[test]
    fn an_address_is_held_against_every_network() {
        let campus = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"];
        for inside in ["10.1.255.255", "192.0.2.7", "2001:db8:ffff::1", "::ffff:10.1.0.1"] {
            assert!(admitted(&campus, inside), "{inside}");
        }
        for outside in ["10.2.0.0", "192.0.2.8", "2001:db9::1", "::1", "::ffff:10.2.0.1"] {
            assert!(!admitted(&campus, outside), "{outside}");
        }
        assert!(admitted(&[], "203.0.113.9"), "no list is everywhere");
    }

    #[test]
    fn a_disguised_network_is_the_network() {
        assert!(admitted(&["::ffff:10.0.0.0/104"], "10.9.9.9"));
        assert!(!admitted(&["::ffff:10.0.0.0/104"], "11.0.0.1"));
        assert_eq!(network("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("::/0").unwrap().to_string(), "::/0");
        assert!(network("10.0.0.0/33").is_none() && network("campus").is_none());
    }
}
