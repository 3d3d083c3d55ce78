//! Settings that are given as words: by the environment and by flags.

use std::collections::BTreeMap;
use std::fmt;

use super::layers::Word;

/// What the names of our variables begin with.
const PREFIX: &str = "MATRICULA_";

/// The sections of the settings; what else follows the prefix is none of ours,
/// such as the variables that Kubernetes makes of a service named `matricula`.
pub(super) const SECTIONS: [&str; 7] =
    ["server", "admin", "log", "store", "audit", "cache", "tenants"];

/// The environment, as it was when it was read.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// The names alone: values may be secret.
impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Environment {
    /// That of this process. What is no UTF-8 counts as not set.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
    pub fn of_process() -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        texts.collect()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The variables that are settings: `MATRICULA_SERVER__LISTEN` is
    /// `server.listen`.
    pub(super) fn words(&self) -> Vec<Word> {
        let word = |(name, value): (&String, &String)| {
            let path = path_of(name)?;
            let origin = format!("environment variable {name}");
            Some(Word { origin, path, raw: value.clone() })
        };
        self.0.iter().filter_map(word).collect()
    }

    /// Variables that look like settings whose name has one `_` too few, and the
    /// name they may have been meant to have.
    pub(super) fn strangers(&self) -> Vec<(String, String)> {
        let stranger = |name: &String| {
            let rest = name.strip_prefix(PREFIX)?;
            let (section, rest) = rest.split_once('_')?;
            let ours = SECTIONS.contains(&section.to_ascii_lowercase().as_str());
            let single = ours && path_of(name).is_none();
            single.then(|| (name.clone(), format!("{PREFIX}{section}__{rest}")))
        };
        self.0.keys().filter_map(stranger).collect()
    }
}

fn path_of(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
    let mut path: Vec<String> = rest.split("__").map(str::to_owned).collect();
    if path.len() < 2 || !SECTIONS.contains(&path.first()?.as_str()) {
        return None;
    }
    // A tenant's name has no `_`, and a variable's name no `-`.
    if let [section, tenant, ..] = path.as_mut_slice()
        && section == "tenants"
    {
        *tenant = tenant.replace('_', "-");
    }
    Some(path)
}

impl Word {
    /// A setting from a flag of its own, such as `--listen`.
    pub fn flag(name: &str, key: &str, value: impl Into<String>) -> Self {
        let path = key.split('.').map(str::to_owned).collect();
        Self { origin: format!("flag {name}"), path, raw: value.into() }
    }

    /// A setting as `--set` takes it: `key.path=value`.
    pub fn set(text: &str) -> Result<Self, String> {
        let Some((key, value)) = text.split_once('=') else {
            return Err("write it as key=value, for instance server.listen=127.0.0.1:8080".into());
        };
        let path: Vec<String> = key.trim().split('.').map(|step| step.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return Err(format!("`{}` is no key: write names with dots between them", key.trim()));
        }
        let origin = format!("flag --set {}", key.trim());
        Ok(Self { origin, path, raw: value.trim().to_owned() })
    }
}

/// Where it comes from and what it sets, not to what.
impl fmt::Debug for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} for {}", self.origin, self.path.join("."))
    }
}
