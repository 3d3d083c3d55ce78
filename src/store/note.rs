//! Notes: small things of which a whole store has one each.

use super::Work;

/// The notes of a store, by name.
pub trait Notes: Send + Sync {
    /// What is noted.
    fn get<'a>(&'a self, name: &'a str) -> Work<'a, Option<String>>;

    /// Notes it, unless something is noted already; what stands then.
    fn keep<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, String>;

    /// Notes it, in place of what was noted.
    fn put<'a>(&'a self, name: &'a str, text: &'a str) -> Work<'a, ()>;
}
