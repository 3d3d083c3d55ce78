//! `[tenants.<name>.lms]`: what the mapping wants to know of an installation.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::key::Key;
use super::layers;
use super::reader::Reader;
use super::settings::{BASE, Lms, TOKEN, in_sandbox};

use crate::mapping::plan::Setting;
use crate::mapping::{Plan, SettingFault, did_you_mean};
use crate::policy::SignIn;

/// The setting of a mapping that is told how people sign in.
const SIGN_IN: &str = "sign_in";

/// What stands in until the sandbox runs.
const NOWHERE: &str = "http://sandbox.invalid";

impl Reader<'_> {
    /// The LMS of a tenant, its settings checked against the mapping.
    pub(super) fn lms(
        &mut self,
        tenant: &Key,
        plan: &Arc<Plan>,
        (sandbox, sign_in): (bool, SignIn),
    ) -> Option<Lms> {
        let key = tenant.then("lms");
        if !self.is_table(&key) {
            self.hidden.push(key);
            return None;
        }
        let mut given = Map::new();
        for name in self.layers.names(&key) {
            let setting = plan.settings.iter().find(|setting| setting.name == name);
            let own = key.then(&name);
            if setting.is_none_or(|setting| setting.secret) {
                self.hidden.push(own.clone());
            }
            let value = match setting {
                Some(setting) => self.setting(&own, setting),
                None => Some(Value::Null),
            };
            given.insert(name, value.unwrap_or_default());
        }
        // Said for the tenant as a whole, since more than the mapping goes by it.
        if plan.settings.iter().any(|setting| setting.name == SIGN_IN) {
            given.entry(SIGN_IN).or_insert_with(|| sign_in.as_str().into());
        }
        if sandbox {
            return self.in_sandbox(&key, plan, given);
        }
        match plan.settle(&given) {
            Ok(site) => Some(Lms::Real(site)),
            Err(faults) => {
                self.setting_faults(&key, plan, &faults);
                None
            }
        }
    }

    fn in_sandbox(
        &mut self,
        key: &Key,
        plan: &Arc<Plan>,
        given: Map<String, Value>,
    ) -> Option<Lms> {
        for name in [BASE, TOKEN] {
            if given.contains_key(name) {
                let words = format!("a sandbox brings its own `{name}`");
                let hint = "take it away, or take `sandbox = true` away";
                self.refuse_name(&key.then(name), words, hint);
            }
        }
        match plan.settle(&in_sandbox(&given, NOWHERE, "sandbox")) {
            Ok(_) => Some(Lms::Sandbox(given)),
            Err(faults) => {
                self.setting_faults(key, plan, &faults);
                None
            }
        }
    }

    /// One setting: a secret in its forms, anything else as it is.
    fn setting(&mut self, key: &Key, setting: &Setting) -> Option<Value> {
        if setting.secret {
            return self.secret(key).map(|secret| Value::from(secret.expose()));
        }
        let value = self.layers.find(key)?;
        let text = value.as_str().filter(|_| self.layers.spoken(key));
        let wants_more = setting.default.as_ref().is_some_and(|default| !default.is_string());
        let meant = text.filter(|_| wants_more).and_then(layers::meant);
        let value: Value = meant.as_ref().unwrap_or(value).deserialize().ok()?;
        let fits = setting.default.as_ref().is_none_or(|default| alike(default, &value));
        if !fits {
            let words =
                format!("`{key}` is {}, this is {}", what(setting.default.as_ref()?), what(&value));
            self.refuse(key, words, &setting.about);
        }
        Some(value)
    }

    fn setting_faults(&mut self, key: &Key, plan: &Plan, faults: &[SettingFault]) {
        for fault in faults {
            let own = key.then(&fault.name);
            let known = plan.settings.iter().find(|setting| setting.name == fault.name);
            let Some(setting) = known else {
                let names = plan.settings.iter().map(|setting| setting.name.as_str());
                let hint = did_you_mean(&fault.name, names).unwrap_or_default();
                let words = format!("the mapping has no setting `{}`", fault.name);
                self.refuse_name(&own, words, &hint);
                continue;
            };
            if self.layers.find(&own).is_none() {
                let words = format!("`{key}` has no `{}`, which the mapping needs", fault.name);
                self.refuse_name(key, words, &format!("{}: {}", setting.name, setting.about));
            } else if !setting.one_of.is_empty() {
                let values: Vec<String> = setting.one_of.iter().map(Value::to_string).collect();
                let words = format!("`{own}` is none of the values it can have");
                self.refuse(&own, words, &format!("one of {}", values.join(", ")));
            } else {
                self.refuse(&own, format!("`{own}`: {}", fault.problem), &setting.about);
            }
        }
    }
}

/// Whether a value can stand where the default stood. A number may stand for a
/// text: ids are often written so.
fn alike(default: &Value, value: &Value) -> bool {
    match default {
        Value::String(_) => !value.is_array() && !value.is_object() && !value.is_boolean(),
        Value::Bool(_) => value.is_boolean(),
        Value::Number(_) => value.is_number(),
        Value::Array(_) => value.is_array(),
        Value::Object(_) => value.is_object(),
        Value::Null => true,
    }
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
        Value::Null => "nothing",
    }
}
