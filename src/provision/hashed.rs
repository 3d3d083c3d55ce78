//! A key that brings its hash along.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// A key with its hash, worked out once: whoever looks something up, waits for it
/// and keeps it would otherwise do that four times over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hashed<K> {
    // First, so that comparing mostly ends here.
    hash: u64,
    key: K,
}

impl<K: Hash> Hashed<K> {
    /// Ids and filters are the clients': so the hash has to have a secret.
    pub(super) fn new(secret: &RandomState, key: K) -> Self {
        Self { hash: secret.hash_one(&key), key }
    }
}

impl<K> Hashed<K> {
    /// The key itself.
    pub(super) fn key(&self) -> &K {
        &self.key
    }
}

impl<K> Hash for Hashed<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// For maps whose keys are [`Hashed`].
pub(super) type Through = BuildHasherDefault<AsItIs>;

/// Takes the one number that it is given for the hash.
#[derive(Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
