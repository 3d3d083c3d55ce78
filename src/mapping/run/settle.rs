//! The settings of one installation: filled into a plan, or all that is wrong
//! with them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Site;
use crate::mapping::fault::did_you_mean;
use crate::mapping::needed;
use crate::mapping::plan::Plan;
use crate::mapping::ready::Ready;
use crate::mapping::straight::Straight;

/// A setting that an installation got wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// Which one.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// What stands for a secret wherever one is shown.
const MASK: &str = "***";

impl Plan {
    /// Fills in an installation's settings, or says all that is wrong with them.
    pub fn settle(
        self: &Arc<Self>,
        given: &Map<String, Value>,
    ) -> Result<Arc<Site>, Vec<SettingFault>> {
        let mut faults = Vec::new();
        for name in given.keys().filter(|name| !self.settings.iter().any(|s| s.name == **name)) {
            let known = self.settings.iter().map(|setting| setting.name.as_str());
            faults.push(SettingFault {
                name: name.clone(),
                problem: "this mapping has no such setting".to_owned(),
                hint: did_you_mean(name, known),
            });
        }
        let mut settings = Map::new();
        let mut masked = Map::new();
        for setting in &self.settings {
            let value = given.get(&setting.name).or(setting.default.as_ref());
            let mut wrong = |problem: &str| {
                faults.push(SettingFault {
                    name: setting.name.clone(),
                    problem: problem.to_owned(),
                    hint: Some(setting.about.clone()),
                });
            };
            match value {
                None if setting.required => wrong("this setting is required"),
                None => {}
                Some(value) => {
                    if !setting.one_of.is_empty() && !setting.one_of.contains(value) {
                        wrong("this is none of the values it can have");
                    }
                    let shown = if setting.secret { MASK.into() } else { value.clone() };
                    masked.insert(setting.name.clone(), shown);
                    settings.insert(setting.name.clone(), value.clone());
                }
            }
        }
        if faults.is_empty() {
            let (settings, masked) = (Value::Object(settings), Value::Object(masked));
            let ready = |kind: &Arc<_>| Ready::new(kind, &settings);
            let ready: Vec<_> = self.kinds.iter().map(ready).collect();
            let wanted = |kind: &Arc<_>| needed::of_rows(self, kind, &settings);
            let wanted: Vec<_> = self.kinds.iter().map(wanted).collect();
            let kinds = self.kinds.iter().zip(&ready).zip(&wanted);
            let straight = kinds.map(|((kind, ready), wanted)| {
                Straight::of_rows(self, kind, (ready, wanted, &settings))
            });
            let straight = straight.collect();
            Ok(Arc::new(Site { plan: Arc::clone(self), settings, masked, ready, wanted, straight }))
        } else {
            Err(faults)
        }
    }
}
