//! Who may see more than life and readiness.

use crate::secret::Secret;
use arc_swap::ArcSwapOption;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The lock before the operators' pages; it keeps a digest, not the token. It can be
/// changed while the pages are served.
#[derive(Debug)]
pub struct Lock(ArcSwapOption<[u8; 32]>);

impl Lock {
    /// What this token opens; without one, everybody.
    pub fn new(token: Option<&Secret>) -> Self {
        let lock = Self(ArcSwapOption::empty());
        lock.change(token);
        lock
    }

    /// From now on it is this one.
    pub fn change(&self, token: Option<&Secret>) {
        self.0.store(token.map(|token| Arc::new(digest(token.expose().as_bytes()))));
    }

    /// Whether there is one at all.
    pub(super) fn is_there(&self) -> bool {
        self.0.load().is_some()
    }

    /// Whether these headers open it; without a token they all do.
    pub(super) fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &*self.0.load() else { return true };
        // Digests are of one length, so the time taken does not tell the token's.
        bearer(headers).is_some_and(|given| digest(given).ct_eq(expected.as_ref()).into())
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// RFC 6750 section 2.1; the scheme's name in any case, as RFC 9110 has it.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(header: &str) -> bool {
        let lock = Lock::new(Some(&Secret::new("a-token-of-some-length")));
        lock.opens(&HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]))
    }

    #[test]
    fn the_token_opens_and_nothing_else_does() {
        assert!(opens("Bearer a-token-of-some-length"));
        assert!(opens("bearer  a-token-of-some-length"));
        for wrong in ["", "Bearer", "Bearer ", "a-token-of-some-length", "Basic a-token"] {
            assert!(!opens(wrong), "{wrong}");
        }
        assert!(!opens("Bearer a-token-of-some-lengtH"));
        assert!(!opens("Bearer a-token-of-some-length-and-more"));
    }

    #[test]
    fn without_a_token_everybody_may() {
        assert!(Lock::new(None).opens(&HeaderMap::new()));
    }

    #[test]
    fn a_changed_lock_is_opened_by_the_new_token_alone() {
        let lock = Lock::new(Some(&Secret::new("old")));
        let opens = |word: &str| {
            lock.opens(&HeaderMap::from_iter([(AUTHORIZATION, word.parse().unwrap())]))
        };
        assert!(opens("Bearer old") && !opens("Bearer new"));
        lock.change(Some(&Secret::new("new")));
        assert!(opens("Bearer new") && !opens("Bearer old"));
        lock.change(None);
        assert!(opens("Bearer anything"));
    }

    #[test]
    fn without_a_header_nobody_may() {
        assert!(!Lock::new(Some(&Secret::new("t"))).opens(&HeaderMap::new()));
    }
}
