//! The gateway as a whole, over real sockets, in front of the sandbox LMS.

mod client_leaves;
mod deeds;
mod house;
mod illness;
mod journey;
mod lost;
mod peers;
mod raw;
mod twins;

pub(crate) use house::{Answer, House, Options, sandbox};
