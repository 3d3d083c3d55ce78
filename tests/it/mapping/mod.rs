//! The mapping language from the outside: the mappings that ship, the thirty
//! scenarios, the faults.

#![expect(clippy::panic, reason = "faults of a mapping are told as the failure of its test")]

mod blend;
mod blend_properties;
mod calls;
mod changes;
mod coverage;
mod docs;
mod echo;
mod essence;
mod faults;
mod hostile;
mod illness;
mod lookups;
mod members;
mod needed;
mod pages;
mod people;
mod scenarios;
mod sessions;
mod sheet;
mod shipped;
mod straight;
mod strangers;
mod support;
mod unseen;
