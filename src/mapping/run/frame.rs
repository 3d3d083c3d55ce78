//! Where a run stands: frames within frames, the innermost on top.

use std::collections::VecDeque;

use serde_json::Value;

use super::seek::Seek;
use crate::call::Failure;
use crate::mapping::plan::Steps;

/// What is under way.
#[derive(Debug)]
pub(super) enum Frame {
    /// Steps, one after the other.
    Steps { steps: Steps, at: usize },
    /// One step for each item of a list or each batch of it.
    Each { steps: Steps, index: usize, items: VecDeque<Value>, name: &'static str },
    /// A question to the `find` table.
    Seek(Box<Seek>),
    /// Unique values that somebody else may have.
    Look { probes: VecDeque<Probe>, asked: Option<Probe>, otherwise: Option<Failure> },
    /// Joins, object by object.
    Joins { at: usize, join: usize, waiting: bool },
    /// Members, group by group.
    Members { at: usize, waiting: bool },
}

/// One unique value to look for.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) attribute: String,
    pub(super) question: String,
    pub(super) value: Value,
}

/// A call that waits for its reply.
#[derive(Debug)]
pub(super) enum Pending {
    /// The call of a step.
    Step { steps: Steps, index: usize },
    /// A call of the question on top.
    Seek,
}

impl Frame {
    pub(super) fn steps(steps: Steps) -> Self {
        Self::Steps { steps, at: 0 }
    }
}
