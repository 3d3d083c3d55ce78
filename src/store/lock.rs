//! The lock of the house: what a store has to keep, and nobody may read who has not
//! the key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use super::token::{hex, unhex};
use super::{Error, Key};

/// What is locked begins so, for whoever comes across it.
const LOCKED: &str = "locked:";

/// Locks texts up, each for the place that it is kept in: elsewhere it does not open.
#[derive(Debug)]
pub(super) struct Lock(RandomizedNonceKey);

impl Lock {
    pub(super) fn of(key: &Key) -> Result<Self, Error> {
        let own = RandomizedNonceKey::new(&AES_256_GCM, &key.seal("lock", &[]));
        own.map(Self).map_err(Error::new)
    }

    /// Locks a text up.
    pub(super) fn shut(&self, place: &[&str], text: &str) -> Result<String, Error> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(within(place), &mut bytes);
        let nonce = nonce.map_err(Error::new)?;
        Ok([LOCKED, &hex(nonce.as_ref()), &hex(&bytes)].concat())
    }

    /// What was locked up there; nothing, where it was so with another key, or
    /// elsewhere, or somebody changed it.
    pub(super) fn open(&self, place: &[&str], text: &str) -> Option<String> {
        let bytes = unhex(text.strip_prefix(LOCKED)?)?;
        let (nonce, locked) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut locked = locked.to_vec();
        let open = self.0.open_in_place(nonce, within(place), &mut locked).ok()?;
        String::from_utf8(open.to_vec()).ok()
    }
}

/// Whether a text was locked up.
pub(super) fn is_locked(text: &str) -> bool {
    text.starts_with(LOCKED)
}

/// Names cannot be moved from one to the other.
fn within(place: &[&str]) -> Aad<Vec<u8>> {
    Aad::from(serde_json::to_vec(place).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn lock(secret: &str) -> Lock {
        Lock::of(&Key::of(&Secret::new(secret))).unwrap()
    }

    #[test]
    fn what_is_locked_up_opens_with_the_same_key_in_the_same_place() {
        for text in ["", "hunter2", "Pässwörd \u{1f511}"] {
            let locked = lock("one").shut(&["school", "User", "7"], text).unwrap();
            assert!(is_locked(&locked) && !locked.contains("hunter2"));
            let opened = lock("one").open(&["school", "User", "7"], &locked);
            assert_eq!(opened.as_deref(), Some(text));
            assert_eq!(lock("other").open(&["school", "User", "7"], &locked), None);
            for place in [&["school", "User", "8"][..], &["school", "User7"], &[]] {
                assert_eq!(lock("one").open(place, &locked), None, "{place:?}");
            }
        }
    }

    #[test]
    fn what_somebody_changed_does_not_open() {
        let locked = lock("one").shut(&["here"], "hunter2").unwrap();
        let broken = |text: &str| assert_eq!(lock("one").open(&["here"], text), None, "{text}");
        for at in LOCKED.len()..locked.len() {
            let mut text = locked.clone().into_bytes();
            text[at] = if text[at] == b'0' { b'1' } else { b'0' };
            broken(&String::from_utf8(text).unwrap());
        }
        broken(&locked[..locked.len() - 2]);
        for text in ["", "hunter2", "locked:", "locked:0", "locked:zz", "locked:00ff", "locked:ää"]
        {
            broken(text);
        }
    }

    #[test]
    fn the_same_is_never_locked_up_twice_alike() {
        let lock = lock("one");
        assert_ne!(lock.shut(&["here"], "x").unwrap(), lock.shut(&["here"], "x").unwrap());
    }
}
