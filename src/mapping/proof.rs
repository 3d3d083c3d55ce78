//! Proof of the round trip: a value written and read back is the value written,
//! attribute by attribute, without an LMS.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::expr::{Fuel, Scope};
use super::lower::Lower;
use super::plan::{Attribute, KindPlan};
use super::run::Site;
use crate::scim::Type;

/// What was found out about one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The kind of resource.
    pub kind: String,
    /// The SCIM attribute.
    pub attribute: String,
    /// What was found out.
    pub proved: Proved,
}

/// The finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proved {
    /// So many different values came back as they went.
    Both(usize),
    /// It goes one way only, or is put together from several fields.
    OneWay,
    /// A setting switches it off.
    Off,
    /// It loses something, and the mapping says so.
    Lossy,
    /// This value came back as that one.
    Broken(String, String),
}

/// Values that people have: capitals, accents, quotes, dots, leading zeros.
const VALUES: [&str; 16] = [
    "eva.smit",
    "Eva Smit",
    "eva.smit@school.example",
    "Zo\u{eb} \u{c5}ngstr\u{f6}m",
    "\u{738b}\u{5c0f}\u{660e}",
    "O'Neil & \"Sons\" / 100%",
    "P/00.42",
    "00042",
    "0",
    "DE",
    "de",
    "Europe/Berlin",
    "+49 30 1234",
    "true",
    "en",
    "en-US",
];

impl Site {
    /// Proves every attribute of every kind.
    pub fn prove(&self) -> Vec<Proof> {
        let names = [("settings", self.settings())];
        let fuel = Fuel::new();
        let scope = Scope::new(&names, &fuel);
        let mut found = Vec::new();
        for kind in &self.plan.kinds {
            for attribute in &kind.attributes {
                let proved = self.prove_one(kind, attribute, scope);
                let (kind, attribute) = (kind.name.clone(), attribute.name.clone());
                found.push(Proof { kind, attribute, proved });
            }
        }
        found
    }
}

impl Site {
    fn prove_one(&self, kind: &Arc<KindPlan>, attribute: &Attribute, scope: Scope<'_>) -> Proved {
        let write = attribute.update.as_ref().or(attribute.create.as_ref());
        let (Some(read), Some(write)) = (&attribute.read, write) else { return Proved::OneWay };
        let (Some(place), Some(_)) = (read.fill(&scope), write.fill(&scope)) else {
            return Proved::Off;
        };
        let mut proven = 0;
        for value in candidates(attribute) {
            let lower = Lower { kind, scope };
            let Ok(Some(lowered)) = lower.value(attribute, &value, &Value::Null) else { continue };
            if lowered.is_null() {
                continue;
            }
            let mut object = Map::new();
            place.write(&mut object, lowered);
            let lift = self.lift(kind, scope);
            let only = |other: &Attribute| other.name == attribute.name;
            let back = lift.resource(&Value::Object(object), &only);
            let came = attribute.slot.read(&back).cloned().unwrap_or_default();
            if !same(attribute, &value, &came) {
                let shown = |value: &Value| value.to_string();
                return if attribute.lossy {
                    Proved::Lossy
                } else {
                    Proved::Broken(shown(&value), shown(&came))
                };
            }
            proven += 1;
        }
        Proved::Both(proven)
    }
}

fn candidates(attribute: &Attribute) -> Vec<Value> {
    if let Some(values) = &attribute.values {
        return values.pairs.iter().map(|(scim, _)| scim.clone()).collect();
    }
    match attribute.slot.place.leaf().kind {
        Type::Boolean => vec![Value::Bool(true), Value::Bool(false)],
        Type::Integer => vec![Value::from(0), Value::from(42)],
        Type::Decimal => vec![Value::from(1.5)],
        Type::DateTime => vec![Value::from("2024-05-21T10:00:00Z")],
        Type::String | Type::Binary | Type::Reference | Type::Complex | Type::Any => {
            VALUES.iter().map(|text| Value::from(*text)).collect()
        }
    }
}

fn same(attribute: &Attribute, went: &Value, came: &Value) -> bool {
    let exact = attribute.exact.unwrap_or(attribute.slot.place.leaf().case_exact);
    match (went.as_str(), came.as_str()) {
        (Some(went), Some(came)) if !exact => went.to_lowercase() == came.to_lowercase(),
        _ => went == came,
    }
}
