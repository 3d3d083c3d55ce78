//! Who may see more than life and readiness.

use crate::secret::Secret;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The lock before the operators' pages; it keeps a digest, not the token.
pub(super) struct Lock(Option<Box<[u8]>>);

impl Lock {
    pub(super) fn new(token: Option<&Secret>) -> Self {
        Self(token.map(|token| Sha256::digest(token.expose()).as_slice().into()))
    }

    /// Whether there is one at all.
    pub(super) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Whether these headers open it; without a token they all do.
    pub(super) fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.0 else { return true };
        // Digests are of one length, so the time taken does not tell the token's.
        bearer(headers).is_some_and(|given| Sha256::digest(given).as_slice().ct_eq(expected).into())
    }
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
    fn without_a_header_nobody_may() {
        assert!(!Lock::new(Some(&Secret::new("t"))).opens(&HeaderMap::new()));
    }
}
