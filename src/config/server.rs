//! The sections that concern the process: `[server]`, `[admin]`, `[log]`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use http::Uri;

use super::key::Key;
use super::reader::Reader;
use super::settings::{Audit, Log};
use super::written;
use crate::admin;
use crate::api;
use crate::server::{Certificates, Config, Forwarded, Grace, Limits, TlsFiles};
use crate::store::undisguised;

/// The levels of a log.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Sizes of a body, asked for or answered: what is smaller holds no resource, and one
/// that is larger would be held in memory as a whole.
pub(super) const BODIES: RangeInclusive<u64> = 1 << 10..=1 << 30;

/// Room for all of them is made for each request, and what they are kept in has room
/// for some more at most.
const MOST_HEADERS: u64 = 10_000;

/// So much is read of a head before anything is known of whoever sent it.
const MOST_HEADER_BYTES: u64 = 16 << 20;

/// Shorter secrets can be guessed.
pub(super) const SHORTEST: usize = 20;

impl Reader<'_> {
    /// `[server]`, as the listener and the SCIM face take it.
    pub(super) fn server(&mut self) -> (Config, Grace, api::Config) {
        let key = Key::of("server");
        let before = self.faults.len();
        let written: written::Server = self.section(&key);
        let read = self.faults.len() == before;
        let tls = written.tls.map(|files| self.certificates(&key, files, read));
        self.bounds(&key.then("limits"), written.limits);
        self.within(&key.then("body"), written.body.map(|it| it.0), BODIES);
        let server = Config {
            listen: written.listen.map_or(Config::default().listen, |it| it.0),
            tls,
            timeouts: written.timeouts,
            limits: written.limits,
            proxy_protocol: written.proxy_protocol.into_iter().map(undisguised).collect(),
            forwarded: Forwarded {
                trusted: written.forwarded.trusted.into_iter().map(undisguised).collect(),
                ..written.forwarded
            },
        };
        self.clear_text(&key.then("listen"), &server);
        let (grace, api) = (Grace::default(), api::Config::default());
        let grace = Grace {
            notice: written.drain.notice.map_or(grace.notice, |it| it.0),
            deadline: written.drain.deadline.map_or(grace.deadline, |it| it.0),
        };
        let public_url = written.public_url.and_then(|url| self.public_url(&key, &url));
        let api = api::Config {
            public_url,
            concurrency: written.concurrency.map_or(api.concurrency, |it| it.0),
            body: written.body.map_or(api.body, |it| usize::try_from(it.0).unwrap_or(usize::MAX)),
            bulk_operations: written.bulk_operations.map_or(api.bulk_operations, |it| it.0),
            deadline: written.deadline.map_or(api.deadline, |it| it.0),
            compress: written.compress.unwrap_or(api.compress),
            personal: api.personal,
        };
        (server, grace, api)
    }

    /// Certificates are looked at now: later it would be too late to say so.
    fn certificates(&mut self, key: &Key, files: TlsFiles, read: bool) -> TlsFiles {
        let mut files = files;
        self.settle_path(&mut files.certificate);
        self.settle_path(&mut files.key);
        if let Some(clients) = &mut files.clients {
            self.settle_path(&mut clients.authorities);
        }
        if read && let Err(fault) = Certificates::load(files.clone()) {
            let words = fault.to_string();
            let (problem, hint) = words.split_once("\nhint: ").unwrap_or((
                &words,
                "certificate and key are PEM files; paths are relative to the configuration file",
            ));
            self.refuse_name(&key.then("tls"), problem, hint);
        }
        files
    }

    fn settle_path(&self, path: &mut PathBuf) {
        let full = self.folder.join(Path::new(path));
        *path = full;
    }

    fn bounds(&mut self, key: &Key, limits: Limits) {
        let counts = [
            ("connections", limits.connections),
            ("connections_per_peer", limits.connections_per_peer),
            ("headers", limits.headers),
            ("streams", limits.streams as usize),
        ];
        for (name, _) in counts.iter().filter(|(_, count)| *count == 0) {
            let key = key.then(*name);
            self.refuse(&key, format!("`{key}`: with 0 nobody could be served"), "write 1 or more");
        }
        if limits.header_bytes < 8192 {
            let key = key.then("header_bytes");
            let words = format!("`{key}` is less than 8192, which a token can take alone");
            self.refuse(&key, words, "write 8192 or more; the default is 32768");
        }
        let headers = (limits.headers > 0).then_some(limits.headers as u64);
        self.within(&key.then("headers"), headers, 1..=MOST_HEADERS);
        let bytes = Some(u64::from(limits.header_bytes)).filter(|bytes| *bytes >= 8192);
        self.within(&key.then("header_bytes"), bytes, 8192..=MOST_HEADER_BYTES);
    }

    /// Tokens that travel in the clear are anybody's.
    fn clear_text(&mut self, key: &Key, server: &Config) {
        let behind_proxy =
            !server.forwarded.trusted.is_empty() || !server.proxy_protocol.is_empty();
        if server.tls.is_none() && !server.listen.ip().is_loopback() && !behind_proxy {
            let words = "tokens and people's data come in unencrypted from other machines";
            let hint = "set server.tls; or, behind a proxy that ends TLS, name its network in \
                        server.forwarded.trusted";
            self.warn(key, words, hint);
        }
    }

    fn public_url(&mut self, key: &Key, url: &str) -> Option<String> {
        let trimmed = url.trim_end_matches('/');
        let bare = trimmed.parse::<Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http"))
                && uri.authority().is_some_and(|it| !it.as_str().contains('@'))
                && uri.path().len() <= 1
                && uri.query().is_none()
        });
        if bare.is_none() {
            let key = key.then("public_url");
            let words = format!("`{key}` is no address without a path");
            self.refuse(
                &key,
                words,
                "write it as in \"https://scim.example\"; each tenant adds its path",
            );
            return None;
        }
        Some(trimmed.to_owned())
    }

    /// `[admin]`, which must not be open to everybody.
    pub(super) fn admin(&mut self, server: SocketAddr) -> admin::Config {
        let key = Key::of("admin");
        let before = self.faults.len();
        let written: written::Admin = self.section(&key);
        let read = self.faults.len() == before;
        let given = written.token.is_some();
        let (listen, token) = (key.then("listen"), key.then("token"));
        let config = admin::Config {
            listen: written.listen.map_or(admin::Config::default().listen, |it| it.0),
            tls: written.tls.map(|files| self.certificates(&key, files, read)),
            token: written.token.and_then(|_| self.secret(&token)),
        };
        // A secret that cannot be had is told already.
        let missed = given && config.token.is_none();
        for fault in config.faults().iter().filter(|_| !missed) {
            let (problem, hint) = fault.split_once("\nhint: ").unwrap_or((fault, ""));
            let place = if given { &token } else { &listen };
            self.refuse(place, format!("`{key}`: {problem}"), hint);
        }
        if config.listen == server && server.port() != 0 {
            let words = format!("`{listen}` and `server.listen` are both {server}");
            self.refuse(&listen, words, "give each a port of its own");
        }
        config
    }

    /// `[audit]`
    pub(super) fn audit(&mut self) -> Audit {
        let written: written::Audit = self.section(&Key::of("audit"));
        let default = Audit::default();
        Audit {
            keep: written.keep.map_or(default.keep, |it| it.0),
            personal: written.personal.unwrap_or(default.personal),
        }
    }

    /// `[log]`
    pub(super) fn log(&mut self) -> Log {
        let key = Key::of("log");
        let written: written::Log = self.section(&key);
        let default = Log::default();
        let filter = written.filter.unwrap_or(default.filter);
        for part in filter.split(',') {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
            if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
                let words = format!("`log.filter`: `{level}` is no level");
                let hint = "levels are off, error, warn, info, debug, trace; \
                            with exceptions: \"info,matricula::backend=debug\"";
                self.refuse(&key.then("filter"), words, hint);
            }
        }
        Log {
            format: written.format.unwrap_or(default.format),
            filter,
            personal: written.personal.unwrap_or(default.personal),
        }
    }
}

/// How one makes a token.
pub(super) const LONG_TOKEN: &str = "make one that nobody can guess: openssl rand -base64 32";
