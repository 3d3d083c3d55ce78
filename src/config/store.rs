//! `[store]`: in a file, in memory, or on a PostgreSQL server.

#[cfg(feature = "postgres")]
use std::time::Duration;

use super::key::Key;
use super::reader::Reader;
use super::server::{LONG_TOKEN, SHORTEST};
use super::written;
use crate::store::{self, Config, Place};

/// Room for all of them is made at the start, and no server has so many.
#[cfg(feature = "postgres")]
const MOST_CONNECTIONS: u64 = 1000;

/// The server counts it in milliseconds, of which it knows no more than fit into 32 bits.
#[cfg(feature = "postgres")]
const LONGEST_STATEMENT: Duration = Duration::from_hours(24);

impl Reader<'_> {
    /// `[store]`
    pub(super) fn store(&mut self) -> Config {
        let key = Key::of("store");
        self.hidden.push(key.then("key"));
        let mut written: written::Store = self.section(&key);
        // A variable that an image sets can be emptied, not taken away.
        written.path = written.path.filter(|path| !path.as_os_str().is_empty());
        let default = Config::default();
        let sandboxes = written.sandboxes.unwrap_or(default.sandboxes);
        let in_memory = written.in_memory.unwrap_or_default();
        let claims = [
            ("path", written.path.is_some()),
            ("in_memory", in_memory),
            ("postgres", written.postgres.is_some()),
        ];
        let mut named = claims.into_iter().filter(|(_, named)| *named).map(|(name, _)| name);
        if let (Some(first), Some(second)) = (named.next(), named.next()) {
            let words = format!("`store` is to be in two places: `{first}` and `{second}`");
            self.refuse_name(&key.then(second), words, "take one of them away");
        }
        let place = match (written.path, written.postgres) {
            _ if in_memory => Place::Memory,
            (Some(path), _) => Place::File(self.folder.join(path)),
            (None, Some(server)) => {
                self.postgres(&key.then("postgres"), server).unwrap_or(Place::Memory)
            }
            (None, None) => match default.place {
                Place::File(path) => Place::File(self.folder.join(path)),
                place => place,
            },
        };
        let secret = written.key.is_some().then(|| self.store_key(&key.then("key"))).flatten();
        Config { place, folder: self.folder.clone(), sandboxes, key: secret }
    }

    fn store_key(&mut self, key: &Key) -> Option<store::Key> {
        let secret = self.secret(key)?;
        if secret.expose().chars().count() < SHORTEST {
            self.refuse(key, format!("`{key}` has less than {SHORTEST} characters"), LONG_TOKEN);
            return None;
        }
        Some(store::Key::of(&secret))
    }

    #[cfg(not(feature = "postgres"))]
    fn postgres(&mut self, key: &Key, _: written::Postgres) -> Option<Place> {
        let hint = "use one that was built with its feature `postgres`, or name a file as `path`";
        self.refuse_name(key, "this program was built without PostgreSQL", hint);
        None
    }

    /// `[store.postgres]`
    #[cfg(feature = "postgres")]
    fn postgres(&mut self, key: &Key, written: written::Postgres) -> Option<Place> {
        use crate::store::Settings;
        let place = key.then("url");
        self.hidden.push(place.clone());
        if written.url.is_none() {
            let hint = "add url = \"postgres://USER@HOST/DATABASE\"";
            self.refuse_name(key, format!("`{key}` has no `url`"), hint);
            return None;
        }
        let url = self.secret(&place)?;
        let mut settings = match Settings::parse(&url) {
            Ok(settings) => settings,
            Err(error) => {
                let words = error.to_string();
                let (problem, hint) = words.split_once("\nhint: ").unwrap_or((&words, ""));
                self.refuse(&place, format!("`{place}`: {problem}"), hint);
                return None;
            }
        };
        if settings.is_exposed() {
            let hint = "take `sslmode=disable` away; a private authority is named by `ca`";
            self.warn(
                &place,
                "people's data and the password go to the database unencrypted",
                hint,
            );
        }
        if written.password.is_some() {
            settings = settings.with_password(&self.secret(&key.then("password"))?);
        }
        settings.authorities = self.authorities(key, written.ca);
        if let Some(schema) = written.schema {
            self.schema(&key.then("schema"), &schema);
            settings.schema = schema;
        }
        let connections = written.connections.map(|it| it.0 as u64);
        self.within(&key.then("connections"), connections, 1..=MOST_CONNECTIONS);
        if written.statement.is_some_and(|it| it.0 > LONGEST_STATEMENT) {
            let key = key.then("statement");
            let words = format!("`{key}` is longer than a day");
            self.refuse(&key, words, "write \"24h\" or less; the default is \"5s\"");
        }
        settings.connections = written.connections.map_or(settings.connections, |it| it.0);
        settings.connect = written.connect.map_or(settings.connect, |it| it.0);
        settings.statement = written.statement.map_or(settings.statement, |it| it.0);
        Some(Place::Postgres(Box::new(settings)))
    }

    #[cfg(feature = "postgres")]
    fn authorities(&mut self, key: &Key, ca: Option<std::path::PathBuf>) -> Option<Vec<u8>> {
        let (key, path) = (key.then("ca"), self.folder.join(ca?));
        match std::fs::read(&path) {
            Ok(pem) if crate::backend::authorities(&pem).is_ok_and(|it| !it.is_empty()) => {
                return Some(pem);
            }
            Ok(_) => {
                let words = format!("`{}` holds no certificates", path.display());
                self.refuse(
                    &key,
                    words,
                    "a file of authorities is PEM: -----BEGIN CERTIFICATE-----",
                );
            }
            Err(error) => {
                let words = format!("`{}` cannot be read: {error}", path.display());
                self.refuse(&key, words, "paths are relative to the configuration file");
            }
        }
        None
    }

    /// It stands in statements as it is.
    #[cfg(feature = "postgres")]
    fn schema(&mut self, key: &Key, name: &str) {
        let plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
        let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
        if !begins || name.len() > 63 || name.starts_with("pg_") || !name.chars().all(plain) {
            let words = format!("`{key}` is no name for a schema");
            self.refuse(key, words, "a name has 1 to 63 of a-z, 0-9 and _, a letter first");
        }
    }
}
