//! The PROXY protocol, versions 1 and 2 (haproxy's `proxy-protocol.txt`): a load
//! balancer's word on whose connection it passes on.
//!
//! Not one byte behind the header is read, since it belongs to TLS or HTTP. What
//! a header may hold beyond the address (TLVs) is skipped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How every header of version 2 begins; no header of version 1 is shorter.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest header of version 1, its line end included (section 2.1).
const LONGEST_LINE: usize = 107;
/// The longest rest of version 2 that is put up with. Addresses take 36 bytes;
/// the TLVs of the known senders, certificates' names included, well under 2 KiB.
const LONGEST_REST: u16 = 4096;

/// What a header said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announced {
    /// The connection is passed on for this address.
    Client(IpAddr),
    /// The balancer speaks for itself (health checks) or knows no address.
    Local,
}

/// Why a header was not understood.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProxyFault {
    #[error("the connection ended within the PROXY header")]
    Ended(#[from] io::Error),
    #[error("there is no PROXY header")]
    Absent,
    #[error("the PROXY header is malformed")]
    Malformed,
    #[error("the PROXY header is too long")]
    TooLong,
}

/// Reads one header from the start of a connection.
pub(super) async fn read<R: AsyncRead + Unpin>(source: &mut R) -> Result<Announced, ProxyFault> {
    let mut start = [0; SIGNATURE.len()];
    source.read_exact(&mut start).await?;
    if start == SIGNATURE {
        return binary(source).await;
    }
    if !start.starts_with(b"PROXY ") {
        return Err(ProxyFault::Absent);
    }
    line(source, &start).await
}

/// Version 1. Read byte by byte: the length is known only at the line's end, and
/// a buffer would swallow what follows.
async fn line<R: AsyncRead + Unpin>(source: &mut R, start: &[u8]) -> Result<Announced, ProxyFault> {
    let mut line = Vec::with_capacity(LONGEST_LINE);
    line.extend_from_slice(start);
    while !line.ends_with(b"\r\n") {
        if line.len() >= LONGEST_LINE {
            return Err(ProxyFault::TooLong);
        }
        line.push(source.read_u8().await?);
    }
    std::str::from_utf8(&line).ok().and_then(parse_line).ok_or(ProxyFault::Malformed)
}

/// `PROXY TCP4 192.0.2.1 192.0.2.9 56324 443`, or `PROXY UNKNOWN` and anything.
fn parse_line(line: &str) -> Option<Announced> {
    let line = line.strip_prefix("PROXY ")?.strip_suffix("\r\n")?;
    if line == "UNKNOWN" || line.starts_with("UNKNOWN ") {
        return Some(Announced::Local);
    }
    let words: Vec<&str> = line.split(' ').collect();
    let [family, source, target, source_port, target_port] = words.as_slice() else {
        return None;
    };
    let source: IpAddr = source.parse().ok()?;
    let target: IpAddr = target.parse().ok()?;
    let fits = match *family {
        "TCP4" => source.is_ipv4() && target.is_ipv4(),
        "TCP6" => source.is_ipv6() && target.is_ipv6(),
        _ => false,
    };
    let ports = is_port(source_port) && is_port(target_port);
    (fits && ports).then(|| Announced::Client(source.to_canonical()))
}

/// Digits only: `u16` itself would also take a sign.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Version 2, behind its signature.
async fn binary<R: AsyncRead + Unpin>(source: &mut R) -> Result<Announced, ProxyFault> {
    let version_and_command = source.read_u8().await?;
    let family = source.read_u8().await?;
    let length = source.read_u16().await?;
    if length > LONGEST_REST {
        return Err(ProxyFault::TooLong);
    }
    let mut rest = vec![0; usize::from(length)];
    source.read_exact(&mut rest).await?;
    match version_and_command {
        0x20 => Ok(Announced::Local),
        0x21 => address(family, &rest).ok_or(ProxyFault::Malformed),
        _ => Err(ProxyFault::Malformed),
    }
}

/// The source address. Families that name no host (unspecified, UNIX) are as good
/// as none; the spec asks receivers to go on with the socket's own address.
fn address(family: u8, rest: &[u8]) -> Option<Announced> {
    match family {
        0x11 | 0x12 => {
            let (source, _) = rest.get(..12)?.split_first_chunk::<4>()?;
            Some(Announced::Client(Ipv4Addr::from(*source).into()))
        }
        0x21 | 0x22 => {
            let (source, _) = rest.get(..36)?.split_first_chunk::<16>()?;
            Some(Announced::Client(IpAddr::from(Ipv6Addr::from(*source)).to_canonical()))
        }
        0x00 | 0x31 | 0x32 => Some(Announced::Local),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Reads from bytes, which never keep anybody waiting; gives back the rest.
    fn parsed(mut bytes: &[u8]) -> (Result<Announced, ProxyFault>, &[u8]) {
        let outcome = {
            let mut reading = pin!(read(&mut bytes));
            match reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcome) => outcome,
                Poll::Pending => panic!("bytes in memory do not wait"),
            }
        };
        (outcome, bytes)
    }

    fn announced(bytes: &[u8]) -> Option<Announced> {
        parsed(bytes).0.ok()
    }

    fn client(address: &str) -> Announced {
        Announced::Client(address.parse().unwrap())
    }

    fn version_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    #[test]
    fn a_line_names_the_client() {
        assert_eq!(
            announced(b"PROXY TCP4 192.0.2.1 192.0.2.9 56324 443\r\n"),
            Some(client("192.0.2.1"))
        );
        assert_eq!(announced(b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n"), Some(client("2001:db8::1")));
        assert_eq!(
            announced(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"),
            Some(client("192.0.2.1"))
        );
    }

    #[test]
    fn a_balancer_may_speak_for_itself() {
        assert_eq!(announced(b"PROXY UNKNOWN\r\n"), Some(Announced::Local));
        assert_eq!(announced(b"PROXY UNKNOWN ff:: ff:: 1 2\r\n"), Some(Announced::Local));
        assert_eq!(announced(&version_2(0x20, 0, b"")), Some(Announced::Local));
        assert_eq!(announced(&version_2(0x21, 0x31, &[0; 216])), Some(Announced::Local));
    }

    #[test]
    fn a_line_that_is_not_to_the_letter_is_refused() {
        for line in [
            "PROXY TCP4 192.0.2.1 192.0.2.9 56324\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.9 1 2\r\n",
            "PROXY TCP4  192.0.2.1 192.0.2.9 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.9 +1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.9 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.9 1 2 \r\n",
            "PROXY UNKNOWNS\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(announced(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let endless = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 500]].concat();
        let (outcome, rest) = parsed(&endless);
        assert!(matches!(outcome, Err(ProxyFault::TooLong)));
        assert_eq!(rest.len(), endless.len() - LONGEST_LINE);
    }

    #[test]
    fn a_binary_header_is_refused_unread_if_it_is_too_long() {
        let header = version_2(0x21, 0x11, &[0; 5000]);
        let (outcome, rest) = parsed(&header);
        assert!(matches!(outcome, Err(ProxyFault::TooLong)));
        assert_eq!(rest.len(), 5000);
    }

    #[test]
    fn unknown_versions_commands_and_families_are_refused() {
        for (command, family) in [(0x11, 0x11), (0x22, 0x11), (0x21, 0x41), (0x21, 0x13)] {
            assert!(announced(&version_2(command, family, &[0; 36])).is_none());
        }
        assert!(announced(&version_2(0x21, 0x11, &[0; 11])).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer_within_bounds(bytes: Vec<u8>) {
            let (_, rest) = parsed(&bytes);
            prop_assert!(bytes.len() - rest.len() <= 16 + usize::from(LONGEST_REST));
        }

        #[test]
        fn any_rest_behind_a_signature_ends_in_an_answer(rest: Vec<u8>) {
            let bytes = [&SIGNATURE[..], &rest].concat();
            let (_, left) = parsed(&bytes);
            prop_assert!(left.len() <= rest.len());
        }

        #[test]
        fn any_text_behind_the_word_ends_in_an_answer(text: String) {
            let bytes = format!("PROXY {text}\r\n");
            let (_, rest) = parsed(bytes.as_bytes());
            prop_assert!(bytes.len() - rest.len() <= LONGEST_LINE);
        }

        #[test]
        fn what_follows_a_header_is_left_alone(
            source: IpAddr, tlvs in proptest::collection::vec(any::<u8>(), 0..200), next: Vec<u8>,
        ) {
            let (family, rest) = match source {
                IpAddr::V4(it) => (0x11, [&it.octets()[..], &[0; 8]].concat()),
                IpAddr::V6(it) => (0x21, [&it.octets()[..], &[0; 20]].concat()),
            };
            let word = if source.is_ipv4() { "TCP4" } else { "TCP6" };
            let line = format!("PROXY {word} {source} {source} 1 65535\r\n");
            for header in [version_2(0x21, family, &[rest, tlvs].concat()), line.into_bytes()] {
                let bytes = [&header[..], &next].concat();
                let (outcome, left) = parsed(&bytes);
                prop_assert_eq!(outcome.unwrap(), Announced::Client(source.to_canonical()));
                prop_assert_eq!(left, &next[..]);
            }
        }
    }
}
