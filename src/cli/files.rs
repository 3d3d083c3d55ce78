//! Finding mappings on disk, or among those that ship.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Trouble;
use crate::config::Folder;
use crate::mapping::{Fault, Plan, SettingFault, Shelf, Shipped, Site, Source};

/// Reads and compiles a mapping: a file, or the name of one that ships.
pub(super) fn plan(name: &str) -> Result<Arc<Plan>, Trouble> {
    let path = Path::new(name);
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => Shipped.text(name).ok_or_else(|| {
            let known = Shipped.names().join(", ");
            let hint = format!("hint: give a file, or one of those that ship: {known}");
            Trouble::Failed(format!("error: `{name}` cannot be read: {error}\n{hint}"))
        })?,
    };
    Source::read(name, &text, &Folder::new(folder, "toml"))
        .and_then(|source| source.compile())
        .map(Arc::new)
        .map_err(|faults| Trouble::Failed(told(&faults)))
}

/// Faults as a compiler prints them, and how many there are.
pub(super) fn told(faults: &[Fault]) -> String {
    let mut text: Vec<String> = faults.iter().map(Fault::render).collect();
    let count = faults.len();
    let s = if count == 1 { "" } else { "s" };
    text.push(format!("error: {count} fault{s}; nothing was run"));
    text.join("\n\n")
}

/// A plan with its settings filled in; required ones that nobody gave are made
/// up, so that a mapping can be looked at without an installation.
pub(super) fn site(plan: &Arc<Plan>, given: &[String]) -> Result<Arc<Site>, Trouble> {
    let mut settings = Map::new();
    for setting in plan.settings.iter().filter(|setting| setting.required) {
        settings.insert(setting.name.clone(), Value::from(format!("<{}>", setting.name)));
    }
    for pair in given {
        let Some((name, value)) = pair.split_once('=') else {
            let words = format!("error: `{pair}` sets nothing\nhint: write --set name=value");
            return Err(Trouble::Failed(words));
        };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        settings.insert(name.to_owned(), value);
    }
    plan.settle(&settings).map_err(|faults| {
        let words: Vec<String> = faults.iter().map(setting_words).collect();
        Trouble::Failed(words.join("\n"))
    })
}

fn setting_words(fault: &SettingFault) -> String {
    let hint = fault.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("error: setting `{}`: {}{hint}", fault.name, fault.problem)
}
