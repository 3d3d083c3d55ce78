//! The names that expressions see while an operation runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Moment, Site};
use crate::mapping::expr::{Fuel, Scope};
use crate::scim::{Place, Projection};

/// Which attributes are wanted.
#[derive(Clone, Debug, Default)]
pub enum Want {
    /// All of them.
    #[default]
    All,
    /// What the client asked to see.
    Shown(Projection),
    /// Nothing but ids.
    Ids,
}

impl Want {
    /// Whether the attribute at that place is wanted.
    pub fn has(&self, place: &Place) -> bool {
        match self {
            Self::All => true,
            Self::Shown(projection) => projection.includes(place),
            Self::Ids => false,
        }
    }
}

/// Values by name.
pub(super) struct Vars {
    site: Arc<Site>,
    now: Value,
    pub(super) lookups: Value,
    named: BTreeMap<String, Value>,
    /// The names that steps kept, rather than we ourselves.
    kept: Vec<String>,
}

impl Vars {
    pub(super) fn new(site: &Arc<Site>, moment: &Moment) -> Self {
        Self {
            site: Arc::clone(site),
            now: Value::String(moment.now.to_string()),
            lookups: Value::Object(moment.lookups.clone()),
            named: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    /// What the operation was told about the world, and has learned of it since.
    pub(super) fn moment(&self) -> Moment {
        let now = self.now.as_str().unwrap_or_default();
        Moment { now: now.into(), lookups: self.lookups.as_object().cloned().unwrap_or_default() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.named.get(name)
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.named.insert(name.to_owned(), value);
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.named.remove(name)
    }

    pub(super) fn keep(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.set(name, value),
            None => {
                self.named.remove(name);
            }
        }
        if !self.kept.iter().any(|known| known == name) {
            self.kept.push(name.to_owned());
        }
    }

    /// Whether a step kept something under that name.
    pub(super) fn has_kept(&self, name: &str) -> bool {
        self.kept.iter().any(|known| known == name)
    }

    /// What steps kept.
    pub(super) fn kept(&self) -> Map<String, Value> {
        let pair = |name: &String| Some((name.clone(), self.get(name)?.clone()));
        self.kept.iter().filter_map(pair).collect()
    }

    /// The names as expressions want them.
    pub(super) fn names(&self) -> Listed<'_> {
        self.list(&self.site.settings)
    }

    /// The same with every secret setting masked.
    pub(super) fn masked(&self) -> Listed<'_> {
        self.list(&self.site.masked)
    }

    fn list<'v>(&'v self, settings: &'v Value) -> Listed<'v> {
        let mut names: Vec<(&str, &Value)> =
            vec![("settings", settings), ("now", &self.now), ("lookup", &self.lookups)];
        names.extend(self.named.iter().map(|(name, value)| (name.as_str(), value)));
        Listed { names, fuel: Fuel::new() }
    }
}

/// Names laid out for a scope.
pub(super) struct Listed<'v> {
    names: Vec<(&'v str, &'v Value)>,
    fuel: Fuel,
}

impl Listed<'_> {
    pub(super) fn scope(&self) -> Scope<'_> {
        self.scope_of(&self.fuel)
    }

    /// The same, with fuel of its own.
    pub(super) fn scope_of<'s>(&'s self, fuel: &'s Fuel) -> Scope<'s> {
        Scope::new(&self.names, fuel)
    }
}
