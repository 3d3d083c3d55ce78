//! Accounts that the gateway never touches.

use crate::scim::{Matcher, Resource};

/// Filters on accounts; whom one of them fits is left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Protect(Vec<Matcher>);

impl Protect {
    /// These filters.
    pub fn new(filters: Vec<Matcher>) -> Self {
        Self(filters)
    }

    /// Whether nobody is protected.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The filter that fits an account.
    pub fn covers(&self, account: &Resource) -> Option<&Matcher> {
        self.0.iter().find(|filter| filter.matches(account))
    }
}
