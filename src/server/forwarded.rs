//! `X-Forwarded-For` and `Forwarded` (RFC 7239), believed from trusted proxies
//! only.
//!
//! A header is read from its end: every proxy appends the address it saw, so the
//! last entry is the word of whoever holds the connection, the one before it the
//! word of the proxy which that entry names, and so on for as long as the names
//! are trusted. What a client writes itself stands further left and is not read.

use http::HeaderMap;
use http::header::FORWARDED;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

/// How many proxies in a row are followed.
const MOST_HOPS: usize = 16;

/// Whose word on the client's address counts, and how it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Forwarded {
    /// The networks of trusted proxies. Default: none.
    pub trusted: Vec<IpNet>,
    /// The header that these proxies write. Default: `x-forwarded-for`.
    pub header: Header,
}

/// The header that is read. One only: a proxy that writes the one lets the other
/// pass as the client made it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// `X-Forwarded-For` with `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` with `for` and `proto`, RFC 7239.
    Forwarded,
}

/// What trusted proxies said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) address: IpAddr,
    /// Absent where nobody trusted said so.
    pub(super) https: Option<bool>,
}

/// One proxy's entry.
#[derive(Default)]
struct Hop {
    address: Option<IpAddr>,
    https: Option<bool>,
}

impl Forwarded {
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        contains(&self.trusted, address)
    }

    /// Whose request this is, `holder` being who holds the connection.
    pub(super) fn origin(&self, holder: IpAddr, headers: &HeaderMap) -> Origin {
        let mut origin = Origin { address: holder, https: None };
        if !self.trusts(holder) {
            return origin;
        }
        let hops = match self.header {
            Header::XForwardedFor => from_list(headers),
            Header::Forwarded => from_elements(headers),
        };
        for hop in hops.into_iter().take(MOST_HOPS) {
            origin.https = hop.https.or(origin.https);
            // An entry without an address ends the chain: what stands left of it
            // cannot be put to anybody's account.
            let Some(address) = hop.address else { break };
            origin.address = address;
            if !self.trusts(address) {
                break;
            }
        }
        origin
    }
}

pub(super) fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Entries of `X-Forwarded-For`, the last one first. `X-Forwarded-Proto` says
/// what the first trusted proxy was spoken to by, and most proxies replace it; so
/// its last value counts, once.
fn from_list(headers: &HeaderMap) -> Vec<Hop> {
    let entries = values(headers, "x-forwarded-for");
    let mut hops: Vec<_> = entries
        .rev()
        .flat_map(|value| value.rsplit(','))
        .take(MOST_HOPS)
        .map(|entry| Hop { address: address(entry.trim()), https: None })
        .collect();
    let scheme = values(headers, "x-forwarded-proto").next_back();
    let scheme = scheme.and_then(|value| value.rsplit(',').next());
    let scheme = scheme.and_then(|word| https(word.trim()));
    match hops.first_mut() {
        Some(first) => first.https = scheme,
        None => hops.push(Hop { address: None, https: scheme }),
    }
    hops
}

/// Elements of `Forwarded`, the last one first.
fn from_elements(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops: Vec<_> = values(headers, FORWARDED.as_str())
        .flat_map(|value| split(value, ','))
        .map(|element| element.map_or_else(Hop::default, hop))
        .collect();
    hops.reverse();
    hops
}

/// One element: `for="[2001:db8::1]:4711";proto=https`.
fn hop(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.and_then(|pair| pair.split_once('=')) else { continue };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(value),
            "proto" => hop.https = https(value),
            _ => {}
        }
    }
    hop
}

fn values<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
    // A value that is no text is an entry without an address, not no entry.
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
}

/// Splits at `separator` outside of quotes. A part with an open quote is `None`,
/// since nobody can say where it ends.
fn split(text: &str, separator: char) -> Vec<Option<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(|c| {
        let outside = !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside && c == separator
    });
    let mut parts: Vec<_> = parts.map(Some).collect();
    if quoted && let Some(last) = parts.last_mut() {
        *last = None;
    }
    parts
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|it| it.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

fn https(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    const PROXY: &str = "10.0.0.1";

    fn origin(header: Header, holder: &str, lines: &[(&str, &str)]) -> Origin {
        let forwarded = Forwarded { trusted: vec!["10.0.0.0/8".parse().unwrap()], header };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        forwarded.origin(holder.parse().unwrap(), &headers)
    }

    fn by_list(holder: &str, value: &str) -> String {
        origin(Header::XForwardedFor, holder, &[("x-forwarded-for", value)]).address.to_string()
    }

    fn by_elements(value: &str) -> Origin {
        origin(Header::Forwarded, PROXY, &[("forwarded", value)])
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(by_list("192.0.2.7", "198.51.100.1"), "192.0.2.7");
        let said = [("x-forwarded-proto", "https"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(origin(Header::XForwardedFor, "192.0.2.7", &said).https, None);
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        for written in ["198.51.100.1", " 198.51.100.1:4711 ", "::ffff:198.51.100.1"] {
            assert_eq!(by_list(PROXY, written), "198.51.100.1");
        }
        assert_eq!(by_list("::ffff:10.0.0.1", "[2001:db8::1]:80"), "2001:db8::1");
        assert_eq!(by_list(PROXY, "[2001:db8::1]"), "2001:db8::1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_read() {
        assert_eq!(by_list(PROXY, "203.0.113.9, 198.51.100.1"), "198.51.100.1");
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.1")];
        let said = origin(Header::XForwardedFor, PROXY, &lines);
        assert_eq!(said.address.to_string(), "198.51.100.1");
    }

    #[test]
    fn trusted_proxies_are_followed_in_a_row() {
        assert_eq!(by_list(PROXY, "203.0.113.9, 198.51.100.1, 10.0.0.3, 10.0.0.2"), "198.51.100.1");
        assert_eq!(by_list(PROXY, "10.0.0.3"), "10.0.0.3");
    }

    #[test]
    fn an_entry_without_an_address_ends_the_chain() {
        assert_eq!(by_list(PROXY, "203.0.113.9, unknown"), PROXY);
        assert_eq!(by_list(PROXY, "203.0.113.9, unknown, 10.0.0.2"), "10.0.0.2");
        assert_eq!(by_list(PROXY, "203.0.113.9,"), PROXY);
        assert_eq!(by_list(PROXY, ""), PROXY);
    }

    #[test]
    fn only_the_configured_header_is_read() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1")];
        let said = |header| origin(header, PROXY, &lines).address.to_string();
        assert_eq!(said(Header::Forwarded), "198.51.100.1");
        assert_eq!(said(Header::XForwardedFor), "203.0.113.9");
    }

    #[test]
    fn elements_are_read_as_the_rfc_writes_them() {
        let said =
            by_elements(r#"for=192.0.2.43, For="[2001:db8:cafe::17]:4711";proto=HTTPS;by=x"#);
        assert_eq!(said.address.to_string(), "2001:db8:cafe::17");
        assert_eq!(said.https, Some(true));
        assert_eq!(by_elements("proto=http; for=192.0.2.60").https, Some(false));
        assert_eq!(by_elements("for=_hidden").address.to_string(), PROXY);
    }

    #[test]
    fn a_comma_in_quotes_does_not_make_an_element() {
        let said = by_elements(r#"for=198.51.100.1;host="a,for=203.0.113.9""#);
        assert_eq!(said.address.to_string(), "198.51.100.1");
        let open = by_elements(r#"for=203.0.113.9;host="a,for=198.51.100.1"#);
        assert_eq!(open.address.to_string(), PROXY);
    }

    #[test]
    fn the_scheme_is_what_the_first_proxy_was_spoken_to_by() {
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "http, https")];
        assert_eq!(origin(Header::XForwardedFor, PROXY, &lines).https, Some(true));
    }

    proptest! {
        #[test]
        fn any_value_gives_an_address(value in "[ -~]{0,80}") {
            by_list(PROXY, &value);
            by_elements(&value);
        }

        #[test]
        fn whatever_a_client_writes_the_proxys_entry_counts(junk in "[ -~]{0,40}") {
            prop_assert_eq!(by_list(PROXY, &format!("{junk}, 198.51.100.1")), "198.51.100.1");
        }
    }
}
