//! Matricula: a SCIM 2.0 gateway in front of learning management systems that
//! have no SCIM of their own.
//!
//! The crate is a house of strict rooms; an arrow between two of them exists
//! only where `tests/architecture.rs` allows it, and every arrow points down:
//!
//! ```text
//! main → cli → app → config ─► (the settings of every room)
//!                    │
//!        server    admin    api            faces: transport, operators, SCIM
//!                    │       │
//!                    provision             the use cases, no HTTP
//!          ┌─────────┼──────────┬─────────┐
//!        policy   mapping    backend    store
//!          │       │   │        │         │
//!         scim ◄───┘   └─►call◄─┘       scim       values; no IO, no clock
//! ```
//!
//! `docs/ARCHITECTURE.md` tells which rooms stand today and walks a request
//! through them.

pub mod admin;
pub mod api;
pub mod app;
pub mod backend;
mod behalf;
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
mod der;
pub mod mapping;
pub mod policy;
pub mod provision;
pub mod sandbox;
pub mod scim;
pub mod secret;
pub mod server;
pub mod store;
