//! The functions about cohorts, and their table.

pub(super) mod book;
pub(super) mod member;
pub(super) mod read;
pub(super) mod write;
