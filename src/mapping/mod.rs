//! What an LMS is like, told in TOML and compiled into a plan.
//!
//! [`Source`] is the file as written. Nothing in this room
//! sends, reads a clock or a file.

pub mod expr;
mod fault;
pub mod source;

pub use expr::{FUNCTIONS, Function};
pub use fault::{Fault, File, Span};
pub use source::{Shelf, Source};
