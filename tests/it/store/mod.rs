//! The stores: one suite that each of them passes, and what only a file can do.

#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there should fail")]

mod crash;
mod file;
mod keys;
mod killed;
mod locked;
mod peers;
mod pending;
pub(crate) mod postgres;
mod queue;
mod report;
mod suite;
mod switched;
mod tls;
mod tokens;
mod trail;
