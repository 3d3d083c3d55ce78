//! What an LMS is like, told in TOML and compiled into a plan.
//!
//! [`Source`] is the file as written; [`Source::compile`] checks all of it and
//! makes a [`Plan`]. Nothing in this room sends, reads a clock or a file.

mod blend;
mod case;
mod compile;
mod echo;
mod essence;
pub mod expr;
mod fault;
pub mod field;
mod invent;
mod lift;
mod lower;
mod needed;
mod picture;
pub mod plan;
mod proof;
mod ready;
mod request;
mod run;
mod sheet;
mod shipped;
mod show;
mod slot;
pub mod source;
mod straight;
pub mod template;

pub use case::{Cases, Outcome};
pub use expr::{FUNCTIONS, Function};
pub use fault::{Fault, File, Span, did_you_mean};
pub use picture::Picture;
pub use plan::Plan;
pub use proof::{Proof, Proved};
pub use request::Request;
pub use run::{Coverage, Done, Moment, Next, Note, Now, Query, Run, SettingFault, Site, Want};
pub use shipped::Shipped;
pub use source::{Shelf, Source};
