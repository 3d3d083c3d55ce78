//! What is known of a tenant without asking the server: whether anything waits,
//! and whether ids mean the same on both sides. A wrong no costs time; a wrong yes
//! must not be.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::store::Ears;

/// Something waits.
pub(super) const WAITS: &str = "!waits";

/// Somebody is called otherwise, or is not there.
pub(super) const PECULIAR: &str = "!peculiar";

/// What is known of one tenant.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// Nothing waits where it is 0; else it counts additions.
    additions: AtomicU64,
    peculiar: AtomicBool,
}

impl Flags {
    pub(super) fn nothing_waits(&self) -> bool {
        self.additions() == 0
    }

    pub(super) fn all_plain(&self) -> bool {
        !self.peculiar.load(Ordering::Acquire)
    }

    /// How often anything was added since nothing waited.
    pub(super) fn additions(&self) -> u64 {
        self.additions.load(Ordering::Acquire)
    }

    /// A word of this is true from now on.
    pub(super) fn hear(&self, word: &str) {
        match word {
            WAITS => drop(self.additions.fetch_add(1, Ordering::AcqRel)),
            PECULIAR => self.peculiar.store(true, Ordering::Release),
            _ => {}
        }
    }

    /// Nothing was left when so many had been added. It stays known that something
    /// waits where somebody has added meanwhile.
    pub(super) fn emptied(&self, additions: u64) {
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        let _ = self.additions.compare_exchange(additions, 0, order.0, order.1);
    }
}

impl Ears for Flags {
    fn heard(&self, word: &str) {
        self.hear(word);
    }

    /// The tables are asked then.
    fn missed(&self) {}
}
