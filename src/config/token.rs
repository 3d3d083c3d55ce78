//! `[[tenants.<name>.tokens]]`: who may speak for a tenant's client.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::key::{self, Key};
use super::reader::Reader;
use super::server::{LONG_TOKEN, SHORTEST};
use super::written;
use crate::store::{Digest, Fixed, Scope, Token, undisguised};

/// Entra ID for governments takes no more.
const LONGEST: usize = 512;

impl Reader<'_> {
    /// The tokens of a tenant that its settings name, no two the same. There need not
    /// be any: the store may have some, if it is one that lasts.
    pub(super) fn tokens(&mut self, tenant: &Key) -> Fixed {
        let list = tenant.then("tokens");
        let mut found: Vec<Token> = Vec::new();
        if !self.is_list(&list) {
            return Fixed::default();
        }
        let length = self.layers.length(&list);
        for position in 0..length {
            let key = list.at(position);
            let Some(token) = self.token(&key) else { continue };
            if let Some(twin) = found.iter().find(|other| other.digest == token.digest) {
                let words = format!("`{}` and `{}` are the same token", twin.title, token.title);
                self.refuse_name(&key, words, "give each client a token of its own");
            }
            found.push(token);
        }
        if length == 0 && self.in_memory {
            let words = format!("`{tenant}` has no token, so nobody could speak to it");
            let hint = format!(
                "add [[{list}]] with token = {{ env = \"NAME\" }}: a store in memory keeps none"
            );
            self.refuse_name(tenant, words, &hint);
        }
        Fixed::new(found)
    }

    fn token(&mut self, key: &Key) -> Option<Token> {
        let before = self.faults.len();
        let written: written::Token = self.read(key)?;
        let clean = self.faults.len() == before;
        let digest = match (&written.token, &written.sha256) {
            (Some(_), None) => self.digest_of_secret(&key.then("token")),
            (None, Some(hex)) => self.digest_of_hex(&key.then("sha256"), hex),
            // What it lacks is most likely misspelt, and that is told already.
            (None, None) if !clean => None,
            (None, None) => {
                let hint = "add token = { env = \"NAME\" }, or sha256 = the digest of one";
                self.refuse_name(key, format!("`{key}` has neither `token` nor `sha256`"), hint);
                None
            }
            (Some(_), Some(_)) => {
                let words = format!("`{key}` has both `token` and `sha256`");
                self.refuse_name(&key.then("sha256"), words, "one says all: take the other away");
                None
            }
        };
        let expires = written.expires.as_deref().and_then(|text| self.expiry(key, text));
        let all = Scope::default();
        let scope = Scope {
            users: written.users.unwrap_or(all.users),
            groups: written.groups.unwrap_or(all.groups),
            write: written.write.unwrap_or(all.write),
        };
        if !scope.users && !scope.groups {
            let words = format!("`{key}` may neither see users nor groups");
            self.refuse_name(key, words, "leave one of them on");
        }
        let position = key::position(key.name()).unwrap_or_default();
        let title = written.title.unwrap_or_else(|| format!("token {}", position + 1));
        let from = written.from.into_iter().map(undisguised).collect();
        Some(Token { title, digest: digest?, scope, expires, from })
    }

    fn digest_of_secret(&mut self, key: &Key) -> Option<Digest> {
        let secret = self.secret(key)?;
        let text = secret.expose();
        if text.chars().count() < SHORTEST {
            self.refuse(key, format!("`{key}` has less than {SHORTEST} characters"), LONG_TOKEN);
            return None;
        }
        if text.chars().any(|letter| !letter.is_ascii_graphic()) {
            let words = format!("`{key}` has characters that no header can carry");
            self.refuse(key, words, "letters, digits and signs of ASCII only, no spaces");
            return None;
        }
        if text.len() > LONGEST {
            let words = format!("`{key}` is longer than {LONGEST} bytes");
            self.warn(key, words, "Entra ID refuses longer ones in its government clouds");
        }
        Some(Digest::of(text))
    }

    fn digest_of_hex(&mut self, key: &Key, hex: &str) -> Option<Digest> {
        let digest = Digest::parse(hex);
        if digest.is_none() {
            let hint = "64 hexadecimal digits: printf %s \"$TOKEN\" | sha256sum";
            self.refuse(key, format!("`{key}` is no SHA-256 digest"), hint);
        }
        digest
    }

    fn expiry(&mut self, token: &Key, text: &str) -> Option<Timestamp> {
        let key = token.then("expires");
        let Some(expires) = instant(text) else {
            let hint = "write a day as 2027-01-01, or a time as 2027-01-01T08:00:00Z";
            self.refuse(&key, format!("`{key}` is no time"), hint);
            return None;
        };
        if expires <= self.now {
            let words = format!("`{token}` has expired: nobody can speak with it");
            self.warn(&key, words, "put a new one beside it, or take it away");
        }
        Some(expires)
    }
}

/// A time, or the beginning of a day in UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    let day = || text.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let time = || text.parse::<Timestamp>().ok();
    time().or_else(|| {
        // A day alone: what has a clock time but no zone could mean any hour.
        (text.len() == "2027-01-01".len()).then(day).flatten().map(|day| day.timestamp())
    })
}
