//! The settings of a tenant's use cases, each with its default beside it.

use std::time::Duration;

use super::matching::{GROUPS, Match};
use crate::policy;
use crate::scim::{Kind, Rules};

/// How a tenant is served.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is made of attributes that nobody knows, and how strictly a PATCH is
    /// read.
    pub rules: Rules,
    /// What is kept of the LMS's answers.
    pub caching: Caching,
    /// The most resources one answer holds. Default: 200.
    pub page: usize,
    /// How long each step of a request may wait for the LMS, all its calls together.
    /// Default: 25 s, well inside of what Entra waits.
    pub patience: Duration,
    /// By what a create is known to mean an account that is there already, the best
    /// first. Default: by nothing; the client finds it, or is told of a conflict.
    pub matching: Vec<Match>,
    /// How much is kept of what clients write. Default: all of it.
    pub keep: Keep,
    /// What may happen.
    pub policy: policy::Rules,
    /// Whether the audit trail may name people and hold what is written of them.
    /// Default: no.
    pub personal: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            caching: Caching::default(),
            page: 200,
            patience: Duration::from_secs(25),
            matching: Vec::new(),
            keep: Keep::Full,
            policy: policy::Rules::default(),
            personal: false,
        }
    }
}

impl Config {
    /// By what a create is known to mean somebody who is there; groups go with people.
    pub(super) fn matches(&self, kind: Kind) -> &[Match] {
        match kind {
            Kind::User => &self.matching,
            Kind::Group if self.matching.is_empty() => &[],
            Kind::Group => &GROUPS,
        }
    }
}

/// How much is kept of what clients write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Only what the LMS would not say in the same words.
    Minimal,
    /// All of it.
    #[default]
    Full,
}

/// What is kept of the LMS's answers, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// Bytes, roughly. 0 keeps nothing. Default: 64 MiB.
    pub bytes: u64,
    /// How long a resource counts as fresh: so long an edit made in the LMS may
    /// stay unseen. Default: 30 s.
    pub fresh: Duration,
    /// How long it is remembered that nobody was found. Default: 5 s.
    pub missing: Duration,
}

impl Default for Caching {
    fn default() -> Self {
        Self {
            bytes: 64 * 1024 * 1024,
            fresh: Duration::from_secs(30),
            missing: Duration::from_secs(5),
        }
    }
}
