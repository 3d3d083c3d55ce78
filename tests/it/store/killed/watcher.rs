//! Who looks at the LMS all the time, as an administrator there would: nobody is
//! disabled, enabled or deleted who must not be, not even for a moment.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use matricula::sandbox::{Person, Sandbox};

use super::life::Life;
use super::ruled::{Fate, Register};

/// The account that the rules protect.
pub(super) fn protected() -> Person {
    Person::new("protected@hoch.example", "Petra", "P", "petra@elsewhere.example")
}

/// Whoever looks.
pub(super) struct Watcher<'a> {
    pub life: &'a Life,
    pub lms: &'a Sandbox,
    pub register: &'a Register,
}

/// Nobody has to go on who has seen what must not be.
impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.life.is_spoilt();
        }
    }
}

impl Watcher<'_> {
    /// Looks until told to end, and says who was ever enabled. An account that is just
    /// being made is enabled for a moment, since Moodle makes no other.
    pub(super) fn watch(self, over: &AtomicBool) -> HashSet<String> {
        let (mut disabled, mut enabled) = (HashSet::new(), HashSet::new());
        while !over.load(Ordering::Acquire) {
            let approved = self.register.approved.lock().unwrap().clone();
            let mut names = HashSet::new();
            for person in self.lms.people() {
                let (name, suspended) = (person.username.clone(), person.suspended);
                match Fate::of_name(&name) {
                    Some(Fate::Unapproved) if suspended => drop(disabled.insert(person.id)),
                    Some(Fate::Unapproved) => {
                        let orphan = self.register.orphans.lock().unwrap().contains(&name);
                        assert!(
                            orphan || !disabled.contains(&person.id),
                            "nobody has approved of {name}"
                        );
                    }
                    Some(_) if !suspended && approved.contains(&name) => {
                        enabled.insert(name.clone());
                    }
                    Some(Fate::Safe) => {
                        assert!(!enabled.contains(&name), "nobody asked to disable {name}");
                    }
                    Some(Fate::Ordinary | Fate::Kept) => {}
                    None => is_untouched(&person),
                }
                assert!(names.insert(name), "{} is there twice", person.username);
            }
            let safe = |name: &&String| Fate::of_name(name) == Some(Fate::Safe);
            let gone = enabled.iter().filter(safe).find(|name| !names.contains(*name));
            assert!(gone.is_none(), "{gone:?} was deleted, and nobody asked for it");
            assert!(names.contains(&protected().username), "who is protected was deleted");
            thread::park_timeout(Duration::from_micros(500));
        }
        enabled
    }
}

fn is_untouched(person: &Person) {
    if person.username == protected().username {
        let before = Person { id: person.id, ..protected() };
        assert_eq!(*person, before, "who is protected was touched");
    }
}

/// In the end all is as clients said, as far as operators let it be; and no more were
/// removed without a person's word than the guard lets pass.
pub(super) fn all_is_as_it_was_said(
    (lms, register): (&Sandbox, &Register),
    said: &BTreeMap<String, Option<bool>>,
    (enabled, released): (&HashSet<String>, &HashSet<String>),
    guard: usize,
) {
    let here: BTreeMap<_, _> =
        lms.people().into_iter().map(|person| (person.username.clone(), person)).collect();
    for name in here.keys().filter(|name| Fate::of_name(name).is_some()) {
        assert!(said.contains_key(name), "{name} is there, and no client says so");
    }
    let mut unasked = Vec::new();
    for (name, active) in said {
        let Some(person) = here.get(name) else { unreachable!("{name} is not there") };
        let approved = Fate::of_name(name) != Some(Fate::Unapproved);
        let orphan = register.orphans.lock().unwrap().contains(name);
        if let Some(active) = active.filter(|_| approved || !orphan) {
            assert_eq!(person.suspended, !(active & approved), "{name}");
        }
        if person.suspended && enabled.contains(name) && !released.contains(name) {
            unasked.push(name);
        }
    }
    assert!(unasked.len() <= guard, "the guard let more pass: {unasked:?}");
}
