//! The gateway as a whole, over real sockets, in front of the sandbox LMS.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]
#![expect(clippy::expect_used, reason = "what is expected is said in words")]
#![expect(clippy::panic, reason = "a broken rule ends the test")]

mod access;
mod addresses;
mod adoption;
mod approval;
mod attributes;
mod audit;
mod cache;
mod client_leaves;
mod cohorts;
mod crowds;
pub(crate) mod cycle;
mod deeds;
mod dry_run;
mod grace;
mod guard;
mod house;
mod illness;
mod journey;
mod keeping;
mod lost;
mod made_again;
mod moody;
mod names;
mod order;
mod overtime;
mod pages;
mod peers;
mod places;
mod policies;
mod privacy;
mod protocol;
mod raw;
mod refusals;
mod replicas;
mod rides;
mod rights;
mod rivals;
mod sharing;
pub(crate) mod switch;
mod twins;
mod waiting_members;
mod walk;
mod wire;

pub(crate) use house::{Answer, House, Options, sandbox};
pub(crate) use replicas::replicas;
