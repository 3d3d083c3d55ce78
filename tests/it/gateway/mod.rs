//! The gateway as a whole, over real sockets, in front of the sandbox LMS.

mod attributes;
mod cache;
mod client_leaves;
mod deeds;
mod house;
mod illness;
mod journey;
mod lost;
mod peers;
mod protocol;
mod raw;
mod rides;
mod twins;
mod wire;

pub(crate) use house::{Answer, House, Options};
