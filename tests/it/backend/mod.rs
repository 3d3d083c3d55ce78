//! The backend over a scripted LMS: what goes wrong, and what is told of it.

mod breaker;
mod faults;
mod ill_login;
mod limits;
mod lines;
mod login;
mod mapped;
pub(crate) mod metrics;
mod retries;
mod support;
mod tls;
