//! Telling the recorded exchanges in the order they happened, to a site in the
//! state that the record was made in.

use std::collections::BTreeSet;

use matricula::sandbox::{
    Answer, Array, Field, FieldKind, Moodle, Person, Right, Site, Standing, Token,
};

use super::exchange::{Exchange, Ordered};

/// A site, and what it has answered otherwise than the record says.
pub(super) struct Story {
    pub(super) moodle: Moodle,
    pub(super) played: BTreeSet<String>,
    /// Answers whose size was the record's as well.
    pub(super) sized: usize,
    folder: &'static str,
    faults: Vec<String>,
}

/// What several stories have told.
#[derive(Default)]
pub(super) struct Told {
    pub(super) played: BTreeSet<String>,
    pub(super) faults: Vec<String>,
}

/// Functions of the recorded service that no sandbox serves.
const ELSEWHERE: &[&str] =
    &["enrol_manual_enrol_users", "core_role_assign_roles", "core_course_get_courses"];

impl Story {
    pub(super) fn new() -> Self {
        let mut site = Site {
            url: "http://127.0.0.1:8090".to_owned(),
            name: "SCIM lab".to_owned(),
            now: 1_795_168_315,
            theme_revision: 1_795_168_302,
            ..Site::default()
        };
        site.categories.insert(2, "ARTS".to_owned());
        site.fields = fields();
        let mut moodle = Moodle::new(site, "full");
        for (name, first) in [
            ("scim-docmin", "Documented"),
            ("scim-view", "View"),
            ("scim-min", "Min"),
            ("scim-suspended", "Suspended"),
            ("scim-unlisted", "Unlisted"),
            ("scim-norest", "Norest"),
        ] {
            let email = format!("{name}@example.com");
            let suspended = name == "scim-suspended";
            let person = Person { suspended, ..Person::new(name, first, "Service", &email) };
            moodle.people.insert(person).unwrap();
        }
        for id in 2..=9 {
            let fill = |person: &mut Person| {
                person.custom.insert("mustfill".to_owned(), "filled".to_owned());
            };
            moodle.people.edit(id, fill).unwrap();
        }
        tokens(&mut moodle);
        Self { moodle, played: BTreeSet::new(), sized: 0, folder: "", faults: Vec::new() }
    }

    /// Exchanges from now on stand in that folder.
    pub(super) fn from(&mut self, folder: &'static str) {
        self.folder = folder;
    }

    /// An account that was made outside of the record.
    pub(super) fn person(&mut self, username: &str, change: impl FnOnce(&mut Person)) -> i64 {
        let email = format!("{username}@example.com");
        let mut person = Person::new(username, "Ada", "Example", &email);
        change(&mut person);
        self.moodle.people.insert(person).unwrap()
    }

    pub(super) fn edit(&mut self, id: i64, change: impl FnOnce(&mut Person)) {
        self.moodle.people.edit(id, change).unwrap();
    }

    /// Plays exchanges, named in a row.
    pub(super) fn play(&mut self, names: &str) {
        for name in names.split_whitespace() {
            let name = format!("{}{name}", self.folder);
            let exchange = Exchange::read(&name);
            let token = exchange.caller.clone().unwrap_or_else(|| "full".to_owned());
            let (query, body) = exchange.wire(&token);
            let limit = self.moodle.site.max_input_vars;
            let read = Array::decode(query.as_bytes(), body.as_bytes(), limit);
            let answer = self.moodle.handle(read);
            self.sized += usize::from(exchange.response.bytes == Some(answer.body.len()));
            if let Some(fault) = difference(&exchange, &answer) {
                self.faults.push(format!("{name}: {fault}"));
            }
            assert!(self.played.insert(name.clone()), "{name} is told twice");
        }
    }

    /// Ends the story, and adds it to what was told before.
    pub(super) fn end(self, told: &mut Told) {
        told.played.extend(self.played);
        told.faults.extend(self.faults);
    }
}

fn difference(exchange: &Exchange, answer: &Answer) -> Option<String> {
    let told = &exchange.response;
    if answer.status != told.status {
        return Some(format!("status {} instead of {}", answer.status, told.status));
    }
    let kind = told.headers.get("Content-Type").and_then(Ordered::text);
    if kind.is_some_and(|kind| kind != answer.content_type) {
        return Some(format!("{} instead of {kind:?}", answer.content_type));
    }
    if exchange.request.method == "HEAD" {
        return None;
    }
    let Some(mut expected) = told.body.clone() else {
        let raw = told.body_raw.as_deref().unwrap_or_default();
        return (raw != answer.body).then(|| format!("{} instead of {raw}", answer.body));
    };
    let Some(mut given) = Ordered::parse(&answer.body) else {
        return Some(format!("no JSON: {}", answer.body));
    };
    if told.trimmed
        && let Some(fault) = cut(&mut given, &expected, told.items)
    {
        return Some(fault);
    }
    if expected.get("...").is_some() {
        abridge(&mut given, &mut expected);
    }
    level(&mut expected);
    level(&mut given);
    (expected != given).then(|| format!("\n  it was {expected:?}\n  now it is {given:?}"))
}

/// A record that keeps only the first of many: the count, and then those.
fn cut(given: &mut Ordered, expected: &Ordered, items: Option<usize>) -> Option<String> {
    match (given, expected) {
        (Ordered::List(given), Ordered::List(expected)) => {
            let count = given.len();
            given.truncate(expected.len());
            items.filter(|&items| items != count).map(|items| format!("{count}, not {items}"))
        }
        (Ordered::Record(given), Ordered::Record(expected)) => given
            .iter_mut()
            .zip(expected)
            .filter(|((name, _), _)| name == "users" || name == "cohorts")
            .find_map(|((_, given), (_, expected))| cut(given, expected, items)),
        _ => None,
    }
}

/// A record that says `...` means only what it spells out.
fn abridge(given: &mut Ordered, expected: &mut Ordered) {
    if let (Ordered::Record(given), Ordered::Record(expected)) = (given, expected) {
        expected.retain(|(key, _)| key != "...");
        given.retain(|(key, _)| expected.iter().any(|(name, _)| name == key));
    }
}

/// Takes out what is each site's own: hashes, preferences, addresses, functions
/// that are not served here and the order of the rest, and midnight, which the
/// recorded site held in London time.
fn level(body: &mut Ordered) {
    body.without("preferences");
    let mut functions = |name: &str, value: &mut Ordered| {
        if name == "functions"
            && let Ordered::List(list) = value
        {
            let served = |item: &Ordered| {
                item.get("name").and_then(Ordered::text).is_some_and(|n| !ELSEWHERE.contains(&n))
            };
            list.retain(served);
            let name = |item: &Ordered| {
                item.get("name").and_then(Ordered::text).unwrap_or_default().to_owned()
            };
            list.sort_by_key(name);
        }
        let Ordered::Text(text) = value else { return };
        let hash = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if name == "email" && hash {
            "HASH".clone_into(text);
        }
        if text == "1714518000" || text == "1714521600" {
            "MIDNIGHT".clone_into(text);
        }
        if text.starts_with("Site policy not agreed") {
            "POLICY".clone_into(text);
        }
        if let Some((_, rest)) = text.split_once("/core/") {
            *text = format!("PICTURE/{}", rest.rsplit('/').next().unwrap_or_default());
        }
        if name == "siteurl" {
            "URL".clone_into(text);
        }
    };
    body.each(&mut functions);
}

fn tokens(moodle: &mut Moodle) {
    let all = Right::FULL;
    let documented = [
        Right::UseRest,
        Right::CreateUsers,
        Right::UpdateUsers,
        Right::DeleteUsers,
        Right::ViewDetails,
        Right::ManageCohorts,
        Right::AssignCohorts,
        Right::ViewCohorts,
    ];
    let standing = |standing| Token { standing, ..Token::new(3, all) };
    let few = Some(vec!["core_webservice_get_site_info".to_owned()]);
    for (name, token) in [
        ("admin", Token::new(2, &[])),
        ("doc", Token::new(4, &documented)),
        ("view", Token::new(5, &[Right::UseRest, Right::ViewDetails])),
        ("min", Token::new(6, &[Right::UseRest])),
        ("suspended", Token::new(7, all)),
        ("norest", Token::new(9, &[])),
        ("siteinfo_only", Token { functions: few, ..Token::new(3, all) }),
        ("expired", standing(Standing::Expired)),
        ("disabled_service", standing(Standing::Barred)),
        ("iprestricted", standing(Standing::Barred)),
        ("unlisted", Token { standing: Standing::Barred, ..Token::new(8, all) }),
    ] {
        moodle.tokens.insert(name.to_owned(), token);
    }
}

fn fields() -> Vec<Field> {
    let menu = ["permanent", "temporary"].map(ToOwned::to_owned).to_vec();
    vec![
        Field::new("costcentre", "Cost centre", FieldKind::Text),
        Field::new("stafftype", "Staff type", FieldKind::Menu(menu)),
        Field::new("badgeno", "Badge number", FieldKind::Text),
        Field::new("mustfill", "Must fill", FieldKind::Text),
        Field::new("ismanager", "Is manager", FieldKind::Checkbox),
        Field::new("startdate", "Start date", FieldKind::Datetime),
        Field { private: true, ..Field::new("secretnote", "Secret note", FieldKind::Text) },
    ]
}
