//! Reading typed values out of the layers: every fault, not only the first.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use figment::error::Kind;
use figment::value::Value;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::Loaded;
use super::attempt::Attempt;
use super::explain;
use super::fault::{Fault, Faults, Place, Warnings};
use super::key::Key;
use super::layers::{Layers, Part};
use super::settings::Settings;
use super::veil::Veil;
use super::words::{Environment, SECTIONS};
use crate::mapping::{self, Plan};
use crate::store::Place as Kept;

/// More faults in one table than anybody mends at once.
const MOST: usize = 100;

/// Takes the settings out of the layers and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) layers: &'a Layers,
    pub(super) environment: &'a Environment,
    /// What paths are relative to: where the file is.
    pub(super) folder: PathBuf,
    pub(super) now: Timestamp,
    pub(super) faults: Vec<Fault>,
    pub(super) mapping_faults: Vec<mapping::Fault>,
    pub(super) warnings: Vec<Fault>,
    /// Settings that turned out to be secret.
    pub(super) hidden: Vec<Key>,
    /// The mappings that were compiled so far, by name.
    pub(super) plans: Vec<(String, Option<Arc<Plan>>)>,
    /// How long a request may take.
    pub(super) deadline: Duration,
    /// Whether the store ends with the process.
    pub(super) in_memory: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        layers: &'a Layers,
        environment: &'a Environment,
        folder: PathBuf,
        now: Timestamp,
    ) -> Self {
        Self {
            layers,
            environment,
            folder,
            now,
            faults: Vec::new(),
            mapping_faults: Vec::new(),
            warnings: Vec::new(),
            hidden: Vec::new(),
            plans: Vec::new(),
            deadline: Duration::MAX,
            in_memory: false,
        }
    }

    /// All settings, as far as they can be made out.
    pub(super) fn settings(&mut self) -> Settings {
        for name in self.layers.names(&Key::default()) {
            if !SECTIONS.contains(&name.as_str()) {
                let key = Key::of(&name);
                self.faults.push(explain::unknown(self.layers, &key, &SECTIONS));
                self.hidden.push(key);
            }
        }
        let log = self.log();
        let (server, grace, mut api) = self.server();
        api.personal = log.personal;
        self.deadline = api.deadline;
        let admin = self.admin(server.listen);
        let (store, audit) = (self.store(), self.audit());
        self.in_memory = store.place == Kept::Memory;
        let mut tenants = self.tenants();
        for tenant in &mut tenants {
            tenant.provision.personal = audit.personal;
        }
        Settings { server, grace, admin, log, store, audit, api, tenants }
    }

    /// Variables that were probably meant to be settings.
    pub(super) fn strangers(&mut self) {
        for (name, meant) in self.environment.strangers() {
            if !self.layers.mentions(&name) {
                let place = Place::Word(format!("environment variable {name}"));
                let fault = Fault::new(place, "this variable is no setting, and is not read");
                self.warnings.push(fault.hint(format!("did you mean `{meant}`?")));
            }
        }
    }

    /// The settings, if nothing is wrong with them.
    pub(super) fn finish(self, settings: Settings, mut veil: Veil) -> Result<Loaded, Faults> {
        for node in self.hidden.iter().filter_map(|key| self.layers.node(key)) {
            veil.hide(node);
        }
        if self.faults.is_empty() && self.mapping_faults.is_empty() {
            Ok(Loaded { settings, warnings: Warnings::new(self.warnings, veil) })
        } else {
            Err(Faults::new(self.faults, self.mapping_faults, veil))
        }
    }

    /// Whether a setting is a table, or not there at all; else that is told.
    pub(super) fn is_table(&mut self, key: &Key) -> bool {
        let fits = |value: &Value| matches!(value, Value::Dict(..));
        self.is(key, fits, "a table")
    }

    /// Whether a setting is a list, or not there at all; else that is told.
    pub(super) fn is_list(&mut self, key: &Key) -> bool {
        let fits = |value: &Value| matches!(value, Value::Array(..));
        self.is(key, fits, "a list")
    }

    fn is(&mut self, key: &Key, fits: fn(&Value) -> bool, wanted: &str) -> bool {
        let fine = self.layers.find(key).is_none_or(fits);
        if !fine {
            let fault = self.fault(key, Part::Value, format!("`{key}` is {wanted}"));
            self.faults.push(fault.label(format!("expected {wanted}")));
        }
        fine
    }

    /// What a setting is set to, as its type says.
    ///
    /// Deserialising ends at the first fault. So each faulty value is told and
    /// taken away, and the rest is read once more.
    pub(super) fn read<T: DeserializeOwned>(&mut self, key: &Key) -> Option<T> {
        let mut attempt = Attempt::of(self.layers.find(key)?.clone());
        for _ in 0..MOST {
            let error = match attempt.value.deserialize::<T>() {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let steps = attempt.steps(&error);
            let whole = key.join(&attempt.original(&steps));
            if self.layers.spoken(&whole) && attempt.loosen(&steps, &error) {
                continue;
            }
            if !attempt.is_made_up(&steps) {
                self.faults.push(explain::fault(self.layers, &whole, &error));
            }
            // Its name is wrong, and so nobody knows whether its value is a secret.
            if matches!(error.kind, Kind::UnknownField(..)) {
                self.hidden.push(whole);
            }
            if !attempt.without(&steps, &error) {
                return None;
            }
        }
        None
    }

    /// A whole section, which need not be there.
    pub(super) fn section<T: DeserializeOwned + Default>(&mut self, key: &Key) -> T {
        self.read(key).unwrap_or_default()
    }

    /// Refuses the value of a setting.
    pub(super) fn refuse(&mut self, key: &Key, words: impl Into<String>, hint: &str) {
        self.faults.push(self.fault(key, Part::Value, words).hint(hint));
    }

    /// Refuses a number that is not within these, if there is one.
    pub(super) fn within(&mut self, key: &Key, number: Option<u64>, range: RangeInclusive<u64>) {
        if let Some(number) = number.filter(|number| !range.contains(number)) {
            let (first, last) = (range.start(), range.end());
            let words = format!("`{key}` cannot be {number}");
            self.refuse(key, words, &format!("write a number from {first} to {last}"));
        }
    }

    /// Refuses that a setting is there, or that it is not there.
    pub(super) fn refuse_name(&mut self, key: &Key, words: impl Into<String>, hint: &str) {
        self.faults.push(self.fault(key, Part::Name, words).hint(hint));
    }

    /// Says what should be known of a setting.
    pub(super) fn warn(&mut self, key: &Key, words: impl Into<String>, hint: &str) {
        self.warnings.push(self.fault(key, Part::Value, words).hint(hint));
    }

    fn fault(&self, key: &Key, part: Part, words: impl Into<String>) -> Fault {
        Fault::new(self.layers.place(key, part), words)
    }
}
