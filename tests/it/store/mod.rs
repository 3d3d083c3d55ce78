//! The stores: one suite that each of them passes, and what only a file can do.

mod crash;
mod file;
mod suite;
