//! One binary for every integration test, so that the crate is linked once.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should fail")]

mod admin;
mod backend;
#[path = "../../fuzz/checks.rs"]
mod checks;
mod commands;
mod config;
mod doctor;
mod exposition;
mod gateway;
mod kolibri;
mod logins;
mod mapping;
mod moodle;
mod operators;
mod patches;
mod policy;
mod program;
mod sandbox;
mod scim;
mod seeds;
mod server;
mod simulator;
mod store;
mod unread;
mod waiting;
