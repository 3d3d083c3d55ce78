//! How a PostgreSQL server is reached and what it is trusted with.

use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::secret::Secret;

/// A PostgreSQL server, and how it is spoken to. What is shown of it names no
/// password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server, the database and who we are there.
    pub(super) server: Config,
    /// Who vouches for the server, as PEM; the machine's own authorities, if nobody
    /// is named.
    pub authorities: Option<Vec<u8>>,
    /// The schema that our tables are in. Default: `matricula`.
    pub schema: String,
    /// The most connections for reading and writing; two more stand beside them.
    /// Default: 8.
    pub connections: usize,
    /// How long a connection may take, to all hosts together. Default: 5 s.
    pub connect: Duration,
    /// How long one statement may take. Default: 5 s.
    pub statement: Duration,
}

/// What is wrong with an address, without a word of it: passwords stand in there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Unreadable {
    #[error(
        "it is no address of a PostgreSQL database\nhint: write postgres://USER@HOST/DATABASE; \
         within a password, `@`, `/`, `?` and `%` are percent-encoded, or it is written beside \
         as `password`"
    )]
    Form,
    #[error(
        "`sslmode` may be disable, require, verify-ca or verify-full\nhint: `allow` and `prefer` \
         would speak unencrypted to whoever asks for it; every other mode checks certificate and \
         name"
    )]
    Tls,
    #[error(
        "`sslrootcert` is not read\nhint: name the file with the authorities as `ca`, beside `url`"
    )]
    Authorities,
}

impl Settings {
    /// The server at an address, `postgres://USER@HOST:PORT/DATABASE`, with all else
    /// by default. TLS is spoken unless the server is on this machine or the address
    /// says `sslmode=disable`; where it is spoken, certificate and name are checked.
    pub fn parse(address: &Secret) -> Result<Self, Unreadable> {
        let text = address.expose();
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(Unreadable::Form);
        }
        let (plain, tls) = without_tls(text)?;
        let mut server: Config = plain.parse().map_err(|_| Unreadable::Form)?;
        if server.get_hosts().is_empty() && server.get_hostaddrs().is_empty() {
            return Err(Unreadable::Form);
        }
        let encrypted = tls.unwrap_or_else(|| !server.get_hosts().iter().all(is_here));
        server.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        if server.get_application_name().is_none() {
            server.application_name("matricula");
        }
        // A server that is gone without a word is noticed within seconds.
        server.keepalives_idle(Duration::from_secs(10));
        server.keepalives_interval(Duration::from_secs(3));
        server.keepalives_retries(3);
        server.tcp_user_timeout(Duration::from_secs(15));
        Ok(Self {
            server,
            authorities: None,
            schema: "matricula".to_owned(),
            connections: 8,
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(5),
        })
    }

    /// The same with a password, which goes before one in the address.
    pub fn with_password(mut self, password: &Secret) -> Self {
        self.server.password(password.expose());
        self
    }

    /// The server, as it is reached: each of several hosts has its share of the time, so
    /// that one who says nothing leaves enough for the next.
    pub(super) fn reached(&self) -> Config {
        let mut server = self.server.clone();
        let hosts = server.get_hosts().len().max(server.get_hostaddrs().len()).max(1);
        if server.get_connect_timeout().is_none() {
            server.connect_timeout(self.connect / u32::try_from(hosts).unwrap_or(u32::MAX));
        }
        server
    }

    /// Whether what is said can be read on the way: another machine, and no TLS.
    pub fn is_exposed(&self) -> bool {
        !self.is_encrypted() && !self.server.get_hosts().iter().all(is_here)
    }

    /// Whether TLS is spoken.
    pub fn is_encrypted(&self) -> bool {
        self.server.get_ssl_mode() != SslMode::Disable
    }

    /// Where it is, in words for people: hosts and database.
    pub fn place(&self) -> String {
        let ports = self.server.get_ports();
        let hosts = self.server.get_hosts().iter().enumerate().map(|(index, host)| match host {
            Host::Tcp(name) => {
                let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
                format!("{name}:{port}")
            }
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let name = self.server.get_dbname().or(self.server.get_user()).unwrap_or_default();
        format!("PostgreSQL {hosts}/{name}")
    }
}

/// An address without what it says of TLS, and what that is.
fn without_tls(text: &str) -> Result<(String, Option<bool>), Unreadable> {
    let Some((address, query)) = text.split_once('?') else { return Ok((text.to_owned(), None)) };
    let (mut kept, mut tls) = (Vec::new(), None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => tls = Some(false),
            Some(("sslmode", "require" | "verify-ca" | "verify-full")) => tls = Some(true),
            Some(("sslmode", _)) => return Err(Unreadable::Tls),
            Some(("sslrootcert", _)) => return Err(Unreadable::Authorities),
            _ => kept.push(pair),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok((format!("{address}{mark}{}", kept.join("&")), tls))
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Settings, Unreadable};
    use crate::secret::Secret;

    fn parsed(text: &str) -> Result<Settings, Unreadable> {
        Settings::parse(&Secret::new(text))
    }

    #[test]
    fn a_server_on_another_machine_is_spoken_to_over_tls_unless_told_otherwise() {
        for (text, encrypted, exposed) in [
            ("postgres://m@db.example/m", true, false),
            ("postgres://m@db.example/m?sslmode=require", true, false),
            ("postgres://m@db.example/m?sslmode=disable", false, true),
            ("postgres://m@db.example,localhost/m", true, false),
            ("postgres://m@127.0.0.1:5433/m", false, false),
            ("postgresql://m@localhost/m?sslmode=verify-full", true, false),
            ("postgres:///m?host=/run/postgresql&user=m", false, false),
        ] {
            let settings = parsed(text).unwrap();
            assert_eq!(
                (settings.is_encrypted(), settings.is_exposed()),
                (encrypted, exposed),
                "{text}"
            );
        }
    }

    #[test]
    fn what_would_fall_back_to_clear_text_is_refused() {
        for mode in ["allow", "prefer", "on"] {
            let text = format!("postgres://m@db.example/m?sslmode={mode}");
            assert_eq!(parsed(&text), Err(Unreadable::Tls));
        }
        let text = "postgres://m@db.example/m?sslrootcert=/etc/ca.pem";
        assert_eq!(parsed(text), Err(Unreadable::Authorities));
    }

    #[test]
    fn what_is_no_address_is_refused_without_a_word_of_it() {
        for text in ["", "hunter2", "host=x password=hunter2", "postgres:///m"] {
            let refused = parsed(text).unwrap_err();
            assert!(!refused.to_string().contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn each_of_several_hosts_has_its_share_of_the_time() {
        for (text, millis) in [
            ("postgres://m@one.example/m", 5000),
            ("postgres://m@one.example,two.example/m", 2500),
            ("postgres://m@one.example,two.example/m?connect_timeout=4", 4000),
        ] {
            let reached = parsed(text).unwrap().reached();
            assert_eq!(reached.get_connect_timeout(), Some(&Duration::from_millis(millis)));
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = parsed("postgres://m:hunter2@db.example/m").unwrap();
        let settings = settings.with_password(&Secret::new("hunter3"));
        let shown = format!("{settings:?} {}", settings.place());
        assert!(!shown.contains("hunter") && shown.contains("db.example:5432/m"), "{shown}");
    }
}
