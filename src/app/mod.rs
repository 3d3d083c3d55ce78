//! The room `app`: putting it all together, for `cli` alone.

pub mod log;
