//! The settings of one listener, each with its default beside it.

use super::forwarded::Forwarded;
use super::limits::Limits;
use super::tls::TlsFiles;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// One listener: where it listens, whom it believes, what it puts up with.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port. Port 0 picks a free one. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Certificate and key. Default: none, plain HTTP.
    pub tls: Option<TlsFiles>,
    /// How long a client may take. See [`Timeouts`].
    pub timeouts: Timeouts,
    /// How much a client may take. See [`Limits`].
    pub limits: Limits,
    /// Load balancers that open every connection with a PROXY header, v1 or v2.
    /// From these it is required, from all others it is not understood.
    /// Default: none.
    pub proxy_protocol: Vec<IpNet>,
    /// Reverse proxies whose word on the client's address counts. Default: none.
    pub forwarded: Forwarded,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            tls: None,
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            proxy_protocol: Vec::new(),
            forwarded: Forwarded::default(),
        }
    }
}

/// How long a client may take. In files: a number with its unit, such as `"10s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// PROXY header and TLS handshake together. Default: 10 s.
    #[serde(deserialize_with = "duration")]
    pub handshake: Duration,
    /// From a connection's start to its first request, and later from the first
    /// byte of a request's head to its last. Default: 10 s.
    #[serde(deserialize_with = "duration")]
    pub header: Duration,
    /// A request's whole body, from the moment the service reads it; trickling
    /// does not prolong it. Default: 30 s.
    #[serde(deserialize_with = "duration")]
    pub body: Duration,
    /// The client's fetching of one answer's body. Default: 60 s.
    #[serde(deserialize_with = "duration")]
    pub answer: Duration,
    /// Silence between requests; over HTTP/2 also the fetching of an answer that
    /// the service gave in one piece. Default: 75 s.
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(10),
            body: Duration::from_secs(30),
            answer: Duration::from_mins(1),
            idle: Duration::from_secs(75),
        }
    }
}

/// The longest time-out: beyond it a timer could not be set.
const LONGEST: Duration = Duration::from_hours(24);

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| de::Error::custom(format!("`{text}` is no duration; write one as \"10s\"")))?;
    match Duration::try_from(span) {
        Ok(span) if !span.is_zero() && span <= LONGEST => Ok(span),
        _ => Err(de::Error::custom(format!("`{text}` is not between 1ns and 24h"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Config, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_table_is_the_default() {
        let config = read("{}").unwrap();
        assert_eq!(config.timeouts, Timeouts::default());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn durations_are_written_with_their_unit() {
        let config = read(r#"{"timeouts": {"header": "1m 30s", "body": "250ms"}}"#).unwrap();
        assert_eq!(config.timeouts.header, Duration::from_secs(90));
        assert_eq!(config.timeouts.body, Duration::from_millis(250));
    }

    #[test]
    fn durations_that_no_timer_can_hold_are_refused() {
        for text in ["0s", "-1s", "9999999h", "soon", ""] {
            let json = format!(r#"{{"timeouts": {{"idle": "{text}"}}}}"#);
            assert!(read(&json).unwrap_err().contains(text), "{text}");
        }
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        assert!(read(r#"{"timeouts": {"idel": "1s"}}"#).unwrap_err().contains("idel"));
        assert!(read(r#"{"limits": {"peers": 1}}"#).unwrap_err().contains("peers"));
    }

    #[test]
    fn trusted_networks_are_written_as_networks() {
        let config =
            read(r#"{"proxy_protocol": ["10.0.0.0/8"], "forwarded": {"trusted": ["::1/128"]}}"#)
                .unwrap();
        assert_eq!(config.proxy_protocol.len(), 1);
        assert_eq!(config.forwarded.trusted.len(), 1);
        assert!(read(r#"{"proxy_protocol": ["10.0.0.0/80"]}"#).is_err());
    }
}
