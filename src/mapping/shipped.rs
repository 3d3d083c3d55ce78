//! The mappings that ship, within the program itself: `extends = "moodle"`
//! works wherever the gateway is installed.

use super::source::Shelf;

/// The shipped mappings by name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shipped;

const MAPPINGS: &[(&str, &str)] = &[
    ("blackboard", include_str!("../../mappings/blackboard.toml")),
    ("canvas", include_str!("../../mappings/canvas.toml")),
    ("kolibri", include_str!("../../mappings/kolibri.toml")),
    ("minimal-rest", include_str!("../../mappings/minimal-rest.toml")),
    ("moodle", include_str!("../../mappings/moodle.toml")),
];

impl Shelf for Shipped {
    fn text(&self, name: &str) -> Option<String> {
        let found = MAPPINGS.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| (*text).to_owned())
    }

    fn names(&self) -> Vec<String> {
        MAPPINGS.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}
