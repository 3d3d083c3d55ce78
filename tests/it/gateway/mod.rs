//! The gateway as a whole, over real sockets, in front of the sandbox LMS.

mod house;
mod journey;
mod peers;
mod raw;

pub(crate) use house::{Answer, House, Options};
