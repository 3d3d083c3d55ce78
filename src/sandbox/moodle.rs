//! The whole of Moodle as a state machine: a request in, an answer out. No
//! sockets, no clock, no waiting. A call that checks before it writes stops in
//! between, and whoever drives it decides what happens meanwhile.

use std::collections::HashMap;
use std::fmt;

use super::answer::{Answer, Format, Outcome, Trouble};
use super::cohort::book::{Cohort, Cohorts};
use super::cohort::member::Looked;
use super::cohort::{member, read, write};
use super::door;
use super::form::Array;
use super::info;
use super::people::People;
use super::person::{ADMIN, Person};
use super::shape::{self, Key};
use super::site::{Site, State};
use super::token::{Caller, Right, Token};
use super::user::{create, delete, find, record, search, update};

/// Every function that is served.
pub(super) const FUNCTIONS: &[&str] = &[
    "core_user_create_users",
    "core_user_get_users",
    "core_user_get_users_by_field",
    "core_user_update_users",
    "core_user_delete_users",
    "core_cohort_create_cohorts",
    "core_cohort_get_cohorts",
    "core_cohort_search_cohorts",
    "core_cohort_update_cohorts",
    "core_cohort_delete_cohorts",
    "core_cohort_add_cohort_members",
    "core_cohort_delete_cohort_members",
    "core_cohort_get_cohort_members",
    "core_webservice_get_site_info",
];

/// Functions that Moodle has, but no service here offers.
const ELSEWHERE: &[&str] =
    &["core_course_create_courses", "core_course_get_courses", "enrol_manual_enrol_users"];

/// The site with everything in it.
#[derive(Clone, Default)]
pub struct Moodle {
    /// Its settings and its state.
    pub site: Site,
    /// Its accounts.
    pub people: People,
    /// Its cohorts.
    pub cohorts: Cohorts,
    /// The tokens of its web service.
    pub tokens: HashMap<String, Token>,
}

// Neither tokens nor people print.
impl fmt::Debug for Moodle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Moodle").field("site", &self.site).finish_non_exhaustive()
    }
}

/// What a request comes to.
#[derive(Debug)]
pub enum Step {
    /// An answer.
    Done(Answer),
    /// It has checked and has not written; [`Moodle::finish`] goes on.
    Between(Pending),
}

/// A call between its check and its write.
#[derive(Debug)]
pub struct Pending {
    write: Write,
    format: Format,
}

#[derive(Debug)]
enum Write {
    Users(Array),
    Cohorts(Array),
    Members(Looked),
}

enum Progress {
    Done(Answer),
    Between(Write),
}

impl Moodle {
    /// A fresh installation: a guest, an administrator, and the service account
    /// to which the token belongs.
    pub fn new(site: Site, token: &str) -> Self {
        let mut made = Self { site, ..Self::default() };
        for (person, admin) in [
            (Person::new("guest", "Guest user", " ", "root@localhost"), false),
            (Person::new("admin", "Admin", "User", "admin@example.com"), true),
            (Person::new("scim-svc", "Full", "Service", "scim-svc@example.com"), false),
        ] {
            // In an empty table no name is taken.
            let id = made.people.insert(Person { admin, ..person }).unwrap_or(ADMIN);
            made.tokens.insert(token.to_owned(), Token::new(id, Right::FULL));
        }
        made
    }

    /// Answers a request, all in one.
    pub fn handle(&mut self, parameters: Array) -> Answer {
        match self.begin(parameters) {
            Step::Done(answer) => answer,
            Step::Between(pending) => self.finish(pending),
        }
    }

    /// Takes a request up to where it would write.
    pub fn begin(&mut self, parameters: Array) -> Step {
        let format = match parameters.text("moodlewsrestformat") {
            Some("json") => Format::Json,
            _ => Format::Xml,
        };
        match self.site.state {
            State::ServicesOff => return Step::Done(Answer::html(403, "")),
            State::CliMaintenance => {
                return Step::Done(Answer::html(503, "<h1>Down</h1>").after(300));
            }
            _ => {}
        }
        match self.progress(parameters) {
            Ok(Progress::Between(write)) => Step::Between(Pending { write, format }),
            done => Step::Done(self.answered(
                format,
                done.map(|progress| match progress {
                    Progress::Done(answer) => answer,
                    Progress::Between(_) => Answer::json(&()),
                }),
            )),
        }
    }

    /// Writes what was begun.
    pub fn finish(&mut self, pending: Pending) -> Answer {
        let written = match pending.write {
            Write::Users(given) => create::write(self, &given),
            Write::Cohorts(given) => write::create(self, &given),
            Write::Members(looked) => member::add(self, looked),
        };
        self.answered(pending.format, written)
    }

    /// Everybody who exists, in the order of ids; the guest and the deleted do
    /// not count.
    pub fn accounts(&self) -> Vec<Person> {
        let real = |person: &&Person| !person.deleted && person.id != super::person::GUEST;
        self.people.all().filter(real).cloned().collect()
    }

    /// Every cohort in the order of ids.
    pub fn groups(&self) -> Vec<Cohort> {
        self.cohorts.all().cloned().collect()
    }

    fn answered(&self, format: Format, outcome: Outcome) -> Answer {
        match (outcome, format) {
            (Ok(answer), Format::Json) => answer,
            // Moodle would answer XML. Saying so is better than answering JSON,
            // which a client that forgot the format would not get there either.
            (Ok(_), Format::Xml) => Answer::html(501, "The sandbox speaks JSON only."),
            (Err(trouble), format) => trouble.answer(&self.site, format),
        }
    }

    fn progress(&mut self, parameters: Array) -> Outcome<Progress> {
        let token = self.token(&parameters)?;
        let function = parameters
            .text("wsfunction")
            .ok_or_else(|| Trouble::parameter("Missing required parameter: wsfunction"))?
            .to_owned();
        if !FUNCTIONS.contains(&function.as_str()) && !ELSEWHERE.contains(&function.as_str()) {
            return Err(Trouble::no_record("external_functions"));
        }
        let caller = self.caller(&token);
        if !token.offers(&function) || ELSEWHERE.contains(&function.as_str()) {
            return Err(Trouble::access());
        }
        let raw = parameters.text("moodlewssettingraw") == Some("1");
        let given = parameters.without(&[
            "wstoken",
            "wsfunction",
            "moodlewsrestformat",
            "moodlewssettingraw",
            "moodlewssettingfilter",
        ]);
        let call = Call { function: &function, caller, token, given, raw };
        shape::check(call.takes(), &call.given, &self.site)?;
        door::unblocked(&call.token, &function)?;
        self.run(call)
    }

    fn run(&mut self, call: Call<'_>) -> Outcome<Progress> {
        let Call { function, caller, token, given, raw } = call;
        let answer = match function {
            "core_user_create_users" => {
                caller.must(Right::CreateUsers)?;
                create::check(self, &given)?;
                return Ok(Progress::Between(Write::Users(given)));
            }
            "core_user_update_users" => {
                caller.must(Right::UpdateUsers)?;
                update::run(self, &caller, &given)
            }
            "core_user_delete_users" => {
                caller.must(Right::DeleteUsers)?;
                delete::run(self, &caller, &given)
            }
            "core_user_get_users_by_field" => find::run(self, &caller, &given),
            "core_user_get_users" => search::run(self, &caller, &given),
            "core_cohort_create_cohorts" => {
                caller.must(Right::ManageCohorts)?;
                write::check(self, &given)?;
                return Ok(Progress::Between(Write::Cohorts(given)));
            }
            "core_cohort_update_cohorts" => {
                caller.must(Right::ManageCohorts)?;
                write::update(self, &given)
            }
            "core_cohort_delete_cohorts" => {
                caller.must(Right::ManageCohorts)?;
                write::delete(self, &given)
            }
            "core_cohort_get_cohorts" => read::get(self, &caller, &given, raw),
            "core_cohort_search_cohorts" => read::search(self, &caller, &given, raw),
            "core_cohort_add_cohort_members" => {
                caller.must(Right::AssignCohorts)?;
                return Ok(Progress::Between(Write::Members(member::look(self, &given)?)));
            }
            "core_cohort_delete_cohort_members" => {
                caller.must(Right::AssignCohorts)?;
                member::remove(self, &given)
            }
            "core_cohort_get_cohort_members" => member::get(self, &caller, &given),
            _ => info::run(self, &caller, |name| token.offers(name)),
        };
        answer.map(Progress::Done)
    }
}

/// One call, its parameters not yet looked at.
struct Call<'a> {
    function: &'a str,
    caller: Caller,
    token: Token,
    given: Array,
    raw: bool,
}

impl Call<'_> {
    fn takes(&self) -> &'static [Key] {
        match self.function {
            "core_user_create_users" => record::CREATE,
            "core_user_update_users" => record::UPDATE,
            "core_user_delete_users" => delete::TAKES,
            "core_user_get_users_by_field" => find::TAKES,
            "core_user_get_users" => search::TAKES,
            "core_cohort_create_cohorts" => write::CREATE,
            "core_cohort_update_cohorts" => write::UPDATE,
            "core_cohort_delete_cohorts" => write::DELETE,
            "core_cohort_get_cohorts" => read::GET,
            "core_cohort_search_cohorts" => read::SEARCH,
            "core_cohort_add_cohort_members" => member::ADD,
            "core_cohort_delete_cohort_members" => member::REMOVE,
            "core_cohort_get_cohort_members" => member::GET,
            _ => &[],
        }
    }
}
