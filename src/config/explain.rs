//! What deserialising found wrong, in words that tell what to write instead.
//! Values are never repeated but where a setting's own type did so.

use figment::Error;
use figment::error::{Actual, Kind};

use super::fault::Fault;
use super::key::Key;
use super::layers::{Layers, Part};
use crate::mapping::did_you_mean;

/// What is said of a network that is none.
const NO_NETWORK: &str = "invalid IP address syntax";

/// The fault behind an error at that key.
pub(super) fn fault(layers: &Layers, key: &Key, error: &Error) -> Fault {
    let here = || layers.place(key, Part::Value);
    match &error.kind {
        Kind::UnknownField(_, known) => unknown(layers, key, known),
        Kind::MissingField(name) => {
            Fault::new(layers.place(key, Part::Name), format!("`{key}` has no `{name}`"))
                .hint(format!("add `{name}`"))
        }
        Kind::UnknownVariant(word, known) => {
            let fault = Fault::new(here(), format!("`{key}` cannot be `{word}`"));
            hinted(fault.label("unknown word"), did_you_mean(word, known.iter().copied()))
        }
        Kind::InvalidValue(_, wanted) => {
            Fault::new(here(), format!("`{key}` cannot have this value"))
                .label(format!("expected {}", range_of(wanted)))
        }
        Kind::InvalidType(actual, wanted) => {
            let wanted = named(wanted);
            Fault::new(here(), format!("`{key}` is {wanted}, this is {}", kind_of(actual)))
                .label(format!("expected {wanted}"))
        }
        Kind::Message(words) if words == NO_NETWORK => {
            let hint = "write a network as 10.0.0.0/8 or fd00::/8, one machine as 10.1.2.3/32";
            Fault::new(here(), format!("`{key}` is no network")).hint(hint)
        }
        other => {
            let words = other.to_string();
            let (problem, hint) = words.split_once("; ").unwrap_or((&words, ""));
            let fault = Fault::new(here(), format!("`{key}`: {problem}"));
            hinted(fault, (!hint.is_empty()).then(|| hint.to_owned()))
        }
    }
}

/// The fault of a key that nobody knows.
pub(super) fn unknown(layers: &Layers, key: &Key, known: &[&str]) -> Fault {
    let message = format!("there is no setting `{key}`");
    let fault = Fault::new(layers.place(key, Part::Name), message).label("unknown key");
    hinted(fault, did_you_mean(key.name(), known.iter().copied()))
}

fn hinted(mut fault: Fault, hint: Option<String>) -> Fault {
    fault.hint = hint;
    fault
}

/// What a type wants, in the words of the file.
fn named(wanted: &str) -> &str {
    match wanted {
        "a string" | "path string" | "a borrowed string" | "IP network" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "a map" => "a table",
        "variant identifier" => "a word",
        wanted if wanted.starts_with("struct ") => "a table",
        wanted if wanted.starts_with("enum ") => "a word",
        other => other,
    }
}

/// Which values a type has.
fn range_of(wanted: &str) -> &str {
    match wanted {
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0",
        other => named(other),
    }
}

fn kind_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
