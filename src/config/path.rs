//! The paths below which tenants are served: any, as long as each request
//! belongs to one tenant.

use super::key::Key;
use super::reader::Reader;

impl Reader<'_> {
    /// The path of a tenant, its own or the usual one.
    pub(super) fn path(&mut self, tenant: &Key, name: &str, own: Option<&str>) -> Option<String> {
        let Some(path) = own else { return Some(format!("/{name}/scim/v2")) };
        if let Some(problem) = problem(path) {
            let key = tenant.then("path");
            let hint = "write it as in \"/school/scim/v2\"";
            self.refuse(&key, format!("`{key}` {problem}"), hint);
            return None;
        }
        Some(path.to_owned())
    }

    /// No two tenants at one path, and none below another.
    pub(super) fn keep_apart(&mut self, paths: &mut Vec<(Key, String)>, tenant: &Key, path: &str) {
        for (other, taken) in paths.iter() {
            let words = if path == taken {
                format!("`{tenant}` and `{other}` are both at `{path}`")
            } else if below(path, taken) || below(taken, path) {
                format!("`{path}` of `{tenant}` and `{taken}` of `{other}` lie one below the other")
            } else {
                continue;
            };
            let hint = "give each a path of its own, neither the beginning of the other";
            self.refuse(&tenant.then("path"), words, hint);
        }
        paths.push((tenant.clone(), path.to_owned()));
    }
}

fn below(path: &str, top: &str) -> bool {
    path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'))
}

fn problem(path: &str) -> Option<&'static str> {
    // What clients or proxies would encode or resolve arrives as another path.
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(letter);
    if !path.starts_with('/') {
        Some("does not begin with a slash")
    } else if path.ends_with('/') {
        Some("ends with a slash")
    } else if path.contains(['?', '#']) {
        Some("has a query")
    } else if !path.chars().all(plain) {
        Some("has a letter that clients would encode")
    } else if path.split('/').skip(1).any(|part| matches!(part, "" | "." | "..")) {
        Some("has an empty part, `.` or `..`")
    } else {
        None
    }
}
