//! One binary for every integration test, so that the crate is linked once.
