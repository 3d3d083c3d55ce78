//! The room `sandbox`, held against what real sites answered, and over sockets.

mod exchange;
mod replay;
mod story;
mod wire;
