//! The room `sandbox`, held against what real sites answered, and over sockets.

mod exchange;
mod other_sites;
mod replay;
mod story;
mod wire;
