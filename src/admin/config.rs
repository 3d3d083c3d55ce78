//! The settings of the operators' listener.

use crate::secret::Secret;
use crate::server::{self, TlsFiles};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};

/// Where operators are answered, and what they have to show.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port. Port 0 picks a free one. Default: `127.0.0.1:9090`.
    pub listen: SocketAddr,
    /// Certificate and key. Default: none, plain HTTP.
    pub tls: Option<TlsFiles>,
    /// The bearer token that operators and Prometheus show. Required where the
    /// address is not a loopback one. Default: none.
    #[serde(skip)]
    pub token: Option<Secret>,
}

impl Default for Config {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)), tls: None, token: None }
    }
}

/// Shorter tokens can be guessed: nothing here slows guessing down.
const SHORTEST: usize = 16;

impl Config {
    /// What is wrong with the settings taken together; each ends with a hint.
    pub fn faults(&self) -> Vec<String> {
        let token = self.token.as_ref().map(Secret::expose);
        let open = !self.listen.ip().to_canonical().is_loopback();
        let mut faults = Vec::new();
        match token {
            None if open => faults.push(format!(
                "{} can be reached from elsewhere, so operators need a token\n\
                 hint: set a token, or listen on 127.0.0.1",
                self.listen
            )),
            Some(token) if token.len() < SHORTEST => faults.push(format!(
                "the token is shorter than {SHORTEST} characters\n\
                 hint: `openssl rand -hex 32` makes a good one"
            )),
            _ => {}
        }
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            faults.push(
                "the token holds characters that no header can carry\n\
                 hint: use letters, digits and signs, without spaces"
                    .to_owned(),
            );
        }
        faults
    }

    /// What the room `server` needs to know to open the listener.
    pub fn listener(&self) -> server::Config {
        server::Config { listen: self.listen, tls: self.tls.clone(), ..server::Config::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(listen: &str, token: Option<&str>) -> Vec<String> {
        let listen = listen.parse().unwrap();
        Config { listen, token: token.map(Secret::new), ..Config::default() }.faults()
    }

    #[test]
    fn an_empty_table_is_the_default() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:9090");
        assert!(config.token.is_none() && config.faults().is_empty());
    }

    #[test]
    fn a_listener_that_others_reach_needs_a_token() {
        for open in ["0.0.0.0:1", "[::]:1", "192.0.2.7:1"] {
            assert!(faults(open, None)[0].starts_with(open), "{open}");
            assert!(faults(open, Some("0123456789abcdef")).is_empty(), "{open}");
        }
        for closed in ["127.0.0.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(faults(closed, None).is_empty(), "{closed}");
        }
    }

    #[test]
    fn a_token_that_cannot_work_is_refused() {
        assert_eq!(faults("127.0.0.1:1", Some("")).len(), 1);
        assert_eq!(faults("127.0.0.1:1", Some("0123456789abcde")).len(), 1);
        assert_eq!(faults("127.0.0.1:1", Some("0123456789 abcdef")).len(), 1);
        assert_eq!(faults("127.0.0.1:1", Some("schlüssel")).len(), 2);
    }

    #[test]
    fn the_token_is_no_key_of_this_table() {
        let read: Result<Config, _> = serde_json::from_str(r#"{"token": "0123456789abcdef"}"#);
        assert!(read.unwrap_err().to_string().contains("token"));
    }
}
