//! The rules of a tenant as they are written.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::unit::{Count, Grace, Wait};

/// Whether writes reach the LMS.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    DryRun,
    Confirm,
    Sync,
}

/// Whether new accounts may be used at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Activation {
    Automatic,
    Manual,
}

/// How people sign in to the LMS.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum SignIn {
    Password,
    Sso,
}

/// What a DELETE does to an account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deprovision {
    Disable,
    Delete,
    DeleteAfter(Grace),
}

/// How many removals are done before a person is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Guard {
    Off,
    On { removals: Count, within: Wait },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disabled {
    delete_after: Grace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Removals {
    removals: Count,
    within: Wait,
}

impl<'de> Deserialize<'de> for Deprovision {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(DeprovisionVisitor)
    }
}

struct DeprovisionVisitor;

impl<'de> Visitor<'de> for DeprovisionVisitor {
    type Value = Deprovision;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("\"disable\", \"delete\" or { delete_after = \"30d\" }")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Deprovision, E> {
        match word {
            "disable" => Ok(Deprovision::Disable),
            "delete" => Ok(Deprovision::Delete),
            other => Err(E::unknown_variant(other, &["disable", "delete"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Deprovision, A::Error> {
        let read = Disabled::deserialize(MapAccessDeserializer::new(map));
        read.map(|disabled| Deprovision::DeleteAfter(disabled.delete_after))
    }
}

impl<'de> Deserialize<'de> for Guard {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(GuardVisitor)
    }
}

struct GuardVisitor;

impl<'de> Visitor<'de> for GuardVisitor {
    type Value = Guard;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{ removals = 50, within = \"40m\" } or false")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Guard, E> {
        if on {
            return Err(E::custom(
                "how many removals are too many is not said; write { removals = 50, within = \
                 \"40m\" }, or leave it away",
            ));
        }
        Ok(Guard::Off)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Guard, A::Error> {
        let read = Removals::deserialize(MapAccessDeserializer::new(map));
        read.map(|Removals { removals, within }| Guard::On { removals, within })
    }
}
