//! The use cases, without HTTP: create, change, delete, get and list, each as
//! one readable flow between the client's words, the LMS and the store.

mod config;

pub use config::{Caching, Config};
