//! Tokens: who may speak, about what, until when.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use super::network::admits;

/// What is kept of a token: its digest. Tokens are long and random, so that no
/// slow hash is needed.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of nothing at all: what no secret has.
    pub(super) const ZERO: Self = Self([0; 32]);

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of a token as it is presented.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The digest written as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text)?.try_into().ok().map(Self)
    }

    /// The digest as 64 hexadecimal digits: as settings take it.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes that hexadecimal digits are, if they are such.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// In constant time: how much of a wrong guess was right does not show.
impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

/// Enough to tell tokens apart in a log, too little to find one.
impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third, ..] = self.0;
        write!(out, "Digest({first:02x}{second:02x}{third:02x}…)")
    }
}

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// Users. Default: yes.
    pub users: bool,
    /// Groups. Default: yes.
    pub groups: bool,
    /// Writing, besides reading. Default: yes.
    pub write: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self { users: true, groups: true, write: true }
    }
}

/// As commands take it: `users,groups`, `users,read-only`.
impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.users, "users"), (self.groups, "groups"), (!self.write, "read-only")];
        let words: Vec<_> = words.iter().filter(|it| it.0).map(|it| it.1).collect();
        out.write_str(&words.join(","))
    }
}

impl Scope {
    /// Reads what is written with commas: `users`, `groups`, `read-only`. Where neither
    /// users nor groups are named, both are meant.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut scope = Self { users: false, groups: false, write: true };
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "users" => scope.users = true,
                "groups" => scope.groups = true,
                "read-only" => scope.write = false,
                other => {
                    return Err(format!(
                        "`{other}` is no scope; write users, groups, read-only, or several \
                         with commas between"
                    ));
                }
            }
        }
        if !scope.users && !scope.groups {
            (scope.users, scope.groups) = (true, true);
        }
        Ok(scope)
    }
}

/// A token that may speak for one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name for people: logs and the audit name it so.
    pub title: String,
    /// What it is recognised by.
    pub digest: Digest,
    /// What it may be used for.
    pub scope: Scope,
    /// When it ends; never, if it does not say.
    pub expires: Option<Timestamp>,
    /// From where it may be used; from everywhere, if no network is named.
    pub from: Vec<IpNet>,
}

impl Token {
    /// Whether its end is still to come.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| end > now)
    }

    /// Whether it may be used from there.
    pub fn admits(&self, address: IpAddr) -> bool {
        admits(&self.from, address)
    }
}

/// The tokens of one tenant that its settings name.
#[derive(Clone, Debug, Default)]
pub struct Fixed(Vec<Token>);

impl Fixed {
    /// These.
    pub fn new(tokens: Vec<Token>) -> Self {
        Self(tokens)
    }

    /// The token with that digest, expired or not. All are compared, so that the
    /// time it takes does not tell which came close.
    pub fn find(&self, digest: Digest) -> Option<&Token> {
        self.0
            .iter()
            .fold(None, |found, token| if token.digest == digest { Some(token) } else { found })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_what_sha256_writes() {
        let text = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(Digest::parse(text), Some(Digest::of("secret")));
        assert_eq!(Digest::parse(&text.to_uppercase()), Some(Digest::of("secret")));
        for bad in ["", "2b", &text[1..], &text.replace('b', "x"), &"é".repeat(32)] {
            assert!(Digest::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_digest_shows_no_more_than_a_glimpse() {
        assert_eq!(format!("{:?}", Digest::of("secret")), "Digest(2bb80d…)");
    }

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for text in ["users,groups", "users", "groups", "users,read-only", "users,groups,read-only"]
        {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Scope::parse("read-only").unwrap().to_string(), "users,groups,read-only");
        assert_eq!(Scope::parse("").unwrap(), Scope::default());
        assert!(Scope::parse("users,all").unwrap_err().contains("`all`"));
    }

    #[test]
    fn a_token_is_found_by_its_digest_alone() {
        let token = |title: &str| Token {
            title: title.to_owned(),
            digest: Digest::of(title),
            scope: Scope::default(),
            expires: None,
            from: Vec::new(),
        };
        let tokens = Fixed::new(vec![token("old"), token("new")]);
        assert_eq!(tokens.find(Digest::of("new")).map(|it| it.title.as_str()), Some("new"));
        assert!(tokens.find(Digest::of("nobody")).is_none());
    }
}
