//! Steps: what an operation does, one call after the other.

use std::sync::Arc;
use std::time::Duration;

use crate::call::{Encoding, Kind, Method, Safety};
use crate::mapping::expr::Expr;
use crate::mapping::fault::Span;
use crate::mapping::template::{Part, Text, Tree};

/// Steps in order, shared by every run.
pub type Steps = Arc<[Step]>;

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Where it stands in the file.
    pub span: Span,
    /// It is taken only if this holds.
    pub when: Option<Expr>,
    /// It is taken for each item of this list, or each batch of items.
    pub each: Option<Expr>,
    /// How many items make a batch.
    pub chunk: Option<Expr>,
    /// What it does.
    pub act: Act,
    /// What is kept of its outcome, for later steps.
    pub keep: Vec<(String, Expr)>,
    /// What bad replies to it mean, before anybody else is asked.
    pub rules: Vec<Rule>,
    /// What takes it back when a later step fails.
    pub undo: Steps,
    /// What it sends of the record; with none of it there, nothing is sent.
    pub sends: Vec<Expr>,
}

impl Step {
    /// Whether it keeps the id of what is created, or one of the steps within it does.
    pub fn keeps_id(&self) -> bool {
        let inner = matches!(&self.act, Act::Do(inner) if inner.iter().any(Self::keeps_id));
        inner || self.keep.iter().any(|(name, _)| name == "id")
    }

    /// Whether it reads the resource at hand, always, and does nothing else.
    pub fn only_loads(&self) -> bool {
        let always = self.when.is_none() && self.each.is_none();
        matches!(self.act, Act::Load) && always && self.keep.is_empty() && self.undo.is_empty()
    }
}

/// What a step does.
#[derive(Debug)]
pub enum Act {
    /// Makes a call.
    Call(Box<CallPlan>),
    /// Asks a row of the `find` table, for `found`.
    Find(String, Expr),
    /// Reads the resource at hand, for `object`.
    Load,
    /// Takes further steps.
    Do(Steps),
    /// Ends the operation.
    Fail(Kind, Text),
    /// Only keeps values.
    Keep,
}

/// A call with holes.
#[derive(Debug)]
pub struct CallPlan {
    /// Index of the backend.
    pub backend: usize,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: Vec<PathPart>,
    /// The query.
    pub query: Option<Tree>,
    /// Headers beside the backend's.
    pub headers: Vec<(String, Text)>,
    /// The body, laid over the backend's.
    pub body: Option<Tree>,
    /// How it is written.
    pub encoding: Encoding,
    /// Whether the body is written into the query.
    pub in_query: bool,
    /// Whether it may be repeated.
    pub safety: Safety,
    /// How long it may take.
    pub patience: Option<Duration>,
}

/// A part of a path.
pub type PathPart = Part;

/// What a reply means, when its condition holds.
#[derive(Debug)]
pub struct Rule {
    /// The condition over status, headers, format and body.
    pub when: Expr,
    /// A key of the body without which it does not hold.
    pub needs: Option<String>,
    /// What it means.
    pub verdict: Verdict,
    /// The SCIM attribute at fault.
    pub attribute: Option<String>,
    /// Words for the client.
    pub says: Option<Text>,
    /// Seconds to wait before another attempt.
    pub wait: Option<Expr>,
}

/// What a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a success after all.
    Ok,
    /// It is a failure of this class.
    Is(Kind),
    /// The reply does not tell: look whether a unique value is taken; if not,
    /// it is a failure of this class.
    Look(Kind),
}
