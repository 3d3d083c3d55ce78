//! A compiled mapping: everything checked, every expression parsed, ready to run.

mod asked;
mod attribute;
mod backend;
mod kind;
mod step;

pub use attribute::{Attribute, Check, Derived, Policy, Slot, Values};
pub use backend::{Backend, Examination, Limits, Login, Lookup};
pub use kind::{Codec, IdType, Join, KindPlan, Look, Members, Paging, Row, Strategy};
pub use step::{Act, CallPlan, PathPart, Rule, Step, Steps, Verdict};

use std::sync::Arc;

use serde_json::Value;

/// What an installation says about itself.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it means.
    pub about: String,
    /// What it is when nobody says.
    pub default: Option<Value>,
    /// Whether it has to be said.
    pub required: bool,
    /// Whether it may never be shown.
    pub secret: bool,
    /// The only values it can have, when they are listed.
    pub one_of: Vec<Value>,
}

/// A compiled mapping.
#[derive(Debug)]
pub struct Plan {
    /// What it is for, in words.
    pub title: String,
    /// What an installation can say.
    pub settings: Vec<Setting>,
    /// The LMS, or the several services that make it up; the first is meant
    /// where none is named.
    pub backends: Vec<Backend>,
    /// Lists that are fetched from the LMS and kept: role name to role id.
    pub lookups: Vec<Lookup>,
    /// What SCIM resources are in this LMS: users, one or more kinds of groups.
    pub kinds: Vec<Arc<KindPlan>>,
}

impl Plan {
    /// The backend of that name.
    pub fn backend(&self, name: &str) -> Option<&Backend> {
        self.backends.iter().find(|backend| &*backend.name == name)
    }

    /// The kinds that appear as this SCIM resource type.
    pub fn kinds_of(&self, kind: crate::scim::Kind) -> impl Iterator<Item = &Arc<KindPlan>> {
        self.kinds.iter().filter(move |plan| plan.kind == kind)
    }

    /// What replies to a row of a kind mean, in order.
    pub fn rules_of<'p>(
        &'p self,
        kind: &'p KindPlan,
        row: &'p Row,
    ) -> impl Iterator<Item = &'p Rule> {
        let backends = row.calls.iter().filter_map(|call| self.backends.get(call.backend));
        let rules = row.rules.iter().chain(&kind.rules);
        rules.chain(backends.flat_map(|backend| &backend.rules))
    }
}
