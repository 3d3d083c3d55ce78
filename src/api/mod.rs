//! The SCIM face: HTTP requests in, use cases asked, SCIM answers out.

mod config;

pub use config::Config;
