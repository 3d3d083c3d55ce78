//! Faults are told all at once.
