//! The settings from the outside: what they come to, and how mistakes are told.

mod check;
mod faults_of_sections;
mod faults_of_tenants;
mod faults_of_tokens;
mod layers;
mod many_faults;
mod ranges;
mod rules;
mod secrets;
mod settings;
mod shipped_file;
mod stores;
mod support;
mod warnings;
