//! The directory that people come from, and what happens in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::profile::{Profile, Roles};

/// The default mapping of a non-gallery application: SCIM path, source attribute.
pub(crate) const MAPPING: [(&str, &str); 21] = [
    ("userName", "userPrincipalName"),
    ("displayName", "displayName"),
    ("title", "jobTitle"),
    (r#"emails[type eq "work"].value"#, "mail"),
    // The capital is in Microsoft's own table.
    (r#"emails[type eq "other"].Value"#, "proxyAddresses"),
    ("preferredLanguage", "preferredLanguage"),
    ("name.givenName", "givenName"),
    ("name.familyName", "surname"),
    ("name.formatted", "joinedName"),
    (r#"addresses[type eq "work"].formatted"#, "physicalDeliveryOfficeName"),
    (r#"addresses[type eq "work"].streetAddress"#, "streetAddress"),
    (r#"addresses[type eq "work"].locality"#, "city"),
    (r#"addresses[type eq "work"].region"#, "state"),
    (r#"addresses[type eq "work"].postalCode"#, "postalCode"),
    (r#"addresses[type eq "work"].country"#, "country"),
    (r#"phoneNumbers[type eq "work"].value"#, "telephoneNumber"),
    (r#"phoneNumbers[type eq "mobile"].value"#, "mobile"),
    (r#"phoneNumbers[type eq "fax"].value"#, "facsimileTelephoneNumber"),
    ("externalId", "mailNickname"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "employeeId"),
    (DEPARTMENT, "department"),
];

/// The path of the department.
pub(crate) const DEPARTMENT: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

/// How a person stands to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Assigned and enabled.
    Assigned,
    /// May not sign in.
    Blocked,
    /// Not assigned any more.
    Unassigned,
    /// In the recycle bin.
    Binned,
    /// Gone for good.
    Purged,
}

/// A person of the directory.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) key: String,
    pub(crate) standing: Standing,
    pub(crate) manager: Option<String>,
    /// The value and the display name of each.
    pub(crate) roles: Vec<(&'static str, &'static str)>,
    source: BTreeMap<&'static str, String>,
    revision: u64,
}

impl Person {
    /// Somebody with a user name in mixed case, as real ones are.
    pub(crate) fn new(alias: &str, given: &str, surname: &str) -> Self {
        let lower = alias.to_lowercase();
        let source = [
            ("userPrincipalName", format!("{alias}@Hoch.example")),
            ("displayName", format!("{given} {surname}")),
            ("mail", format!("{lower}@hoch.example")),
            ("givenName", given.to_owned()),
            ("surname", surname.to_owned()),
            ("joinedName", format!("{given} {surname}")),
            ("mailNickname", lower.clone()),
        ];
        Self {
            key: lower,
            standing: Standing::Assigned,
            manager: None,
            roles: Vec::new(),
            source: source.into_iter().collect(),
            revision: 0,
        }
    }

    /// Everything that the default mapping knows, odd spellings included.
    pub(crate) fn complete(alias: &str, given: &str, surname: &str) -> Self {
        let rest = [
            ("jobTitle", "Lecturer (Maths & Physics)"),
            ("preferredLanguage", "de-CH"),
            ("physicalDeliveryOfficeName", "B 2.14"),
            ("streetAddress", "Seeweg 4, \"Hinterhaus\""),
            ("city", "Zürich"),
            ("state", "ZH"),
            ("postalCode", "cx47 4mz"),
            ("country", "Sierra Leone"),
            ("telephoneNumber", "+41 44 000 00 00"),
            ("mobile", "10-040-1308"),
            ("facsimileTelephoneNumber", "(044) 000-00-01"),
            ("employeeId", "020417"),
            ("department", "Math \\ Science"),
        ];
        let mut person = Self::new(alias, given, surname);
        person.source.extend(rest.map(|(name, value)| (name, value.to_owned())));
        let other = format!("{}@alumni.example", person.key);
        person.with("proxyAddresses", &other)
    }

    /// The same with one source attribute set; nothing clears it.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.source.insert(name, value.to_owned());
        self
    }

    /// What the mapping makes of a SCIM path; empty values are not sent.
    pub(crate) fn value(&self, target: &str) -> Option<&str> {
        let (_, source) = MAPPING.iter().find(|(path, _)| path.eq_ignore_ascii_case(target))?;
        self.source.get(source).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Every path that has a value, and `active`.
    pub(crate) fn wanted(&self, profile: &Profile) -> Vec<(&'static str, Value)> {
        let mut wanted: Vec<_> = MAPPING
            .iter()
            .filter_map(|(path, _)| Some((*path, json!(self.value(path)?))))
            .chain([("active", json!(self.is_active()))])
            .collect();
        if let (Some(Roles::Single), Some((value, _))) = (profile.roles, self.roles.first()) {
            wanted.push((r#"roles[primary eq "True"].value"#, json!(value)));
        }
        wanted
    }

    /// What Entra computes `active` from.
    pub(crate) fn is_active(&self) -> bool {
        self.standing == Standing::Assigned
    }
}

/// A group of the directory.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) assigned: bool,
    revision: u64,
}

impl Team {
    /// An assigned group without members.
    pub(crate) fn new(name: &str) -> Self {
        let key = format!("1d7a4f6e-0c1b-4a4e-9a58-{}", name.to_lowercase().replace(' ', "-"));
        let members = BTreeSet::new();
        Self { key, name: name.to_owned(), members, assigned: true, revision: 0 }
    }
}

/// The directory, and how often it changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    people: BTreeMap<String, Person>,
    teams: BTreeMap<String, Team>,
    revision: u64,
}

impl Directory {
    /// A school: `people` of all kinds, the first the manager of all others,
    /// in two groups, one of them large.
    pub(crate) fn school(people: usize) -> Self {
        let mut school = Self::default();
        for number in 0..people {
            let (alias, surname) = (format!("Person.{number}"), format!("O'Neil-{number}"));
            let mut person = if number % 2 == 0 {
                Person::complete(&alias, "Zoë", &surname)
            } else {
                Person::new(&alias, "Björn", &surname)
            };
            person.manager = (number > 0).then(|| "person.0".to_owned());
            person.roles = vec![("teacher", "Teacher")];
            school.hire(person);
        }
        for (name, share) in [("Math 1A", 1), ("Choir & Band", 3)] {
            let mut team = Team::new(name);
            team.members = (0..people).step_by(share).map(|n| format!("person.{n}")).collect();
            school.found(team);
        }
        school
    }

    /// Takes somebody in.
    pub(crate) fn hire(&mut self, person: Person) {
        let key = person.key.clone();
        self.people.insert(key.clone(), person);
        self.change(&key, |_| {});
    }

    /// Takes a group in.
    pub(crate) fn found(&mut self, team: Team) {
        let key = team.key.clone();
        self.teams.insert(key.clone(), team);
        self.change_team(&key, |_| {});
    }

    /// Something happens to somebody.
    pub(crate) fn change(&mut self, key: &str, act: impl FnOnce(&mut Person)) {
        self.revision += 1;
        let person = self.people.get_mut(key).expect("somebody of that key");
        act(person);
        person.revision = self.revision;
    }

    /// An attribute of somebody becomes another.
    pub(crate) fn set(&mut self, key: &str, name: &'static str, value: &str) {
        self.change(key, |person| {
            person.source.insert(name, value.to_owned());
        });
    }

    /// Somebody is blocked, unassigned, deleted, restored.
    pub(crate) fn put(&mut self, key: &str, standing: Standing) {
        self.change(key, |person| person.standing = standing);
    }

    /// Something happens to a group.
    pub(crate) fn change_team(&mut self, key: &str, act: impl FnOnce(&mut Team)) {
        self.revision += 1;
        let team = self.teams.get_mut(key).expect("a group of that key");
        act(team);
        team.revision = self.revision;
    }

    /// The key of the group of that name.
    pub(crate) fn team_key(&self, name: &str) -> String {
        self.teams.values().find(|team| team.name == name).expect("that group").key.clone()
    }

    /// How far it is.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Everybody who ever was.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Every group that ever was.
    pub(crate) fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.values()
    }

    /// Somebody by key.
    pub(crate) fn person(&self, key: &str) -> Option<&Person> {
        self.people.get(key)
    }
}

impl Person {
    /// Whether anything happened since.
    pub(crate) fn is_newer(&self, watermark: u64) -> bool {
        self.revision > watermark
    }
}

impl Team {
    /// Whether anything happened since.
    pub(crate) fn is_newer(&self, watermark: u64) -> bool {
        self.revision > watermark
    }
}

#[test]
fn the_mapping_skips_what_is_empty() {
    let person = Person::new("Nina", "Nina", "Berg").with("jobTitle", "");
    assert_eq!(person.value("title"), None);
    assert_eq!(person.value("userName"), Some("Nina@Hoch.example"));
    assert_eq!(Person::complete("Nina", "N", "B").value(DEPARTMENT), Some("Math \\ Science"));
}
