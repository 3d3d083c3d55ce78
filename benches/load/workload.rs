//! What is asked: the same in SCIM's words and in the LMS's own.

use std::fmt::Write as _;

/// The id of the first person: a guest, an administrator and the service account
/// come before.
pub(crate) const FIRST: i64 = 4;

/// Where Moodle answers, and what it takes.
pub(crate) const SCRIPT: &str = "/webservice/rest/server.php";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// So few that a cache has them all.
const KNOWN: u64 = 100;

/// The people of the small school, all on one page.
pub(crate) const PAGE: usize = 100;

/// One kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    GetFresh,
    GetCached,
    FilterFresh,
    FilterCached,
    Create,
    Disable,
    List,
}

/// A request without its head.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub method: &'static str,
    /// Path and query of SCIM; nothing of the LMS's, which has one address.
    pub target: String,
    pub body: String,
}

impl Workload {
    /// Writes come last: they leave nothing in a cache to be read.
    pub(crate) const ALL: [Self; 7] = [
        Self::GetFresh,
        Self::GetCached,
        Self::FilterFresh,
        Self::FilterCached,
        Self::List,
        Self::Create,
        Self::Disable,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GetFresh => "get, uncached",
            Self::GetCached => "get, cached",
            Self::FilterFresh => "filter, uncached",
            Self::FilterCached => "filter, cached",
            Self::Create => "create",
            Self::Disable => "disable",
            Self::List => "list of 100",
        }
    }

    /// Resources in one answer.
    pub(crate) fn rows(self) -> usize {
        if self == Self::List { PAGE } else { 1 }
    }

    /// A word that an answer must hold to be the one that was asked for.
    pub(crate) fn proof(self) -> &'static str {
        match self {
            Self::Create => "id",
            Self::Disable => "",
            _ => "person.",
        }
    }

    /// Whose turn it is. Everybody in order, so that nobody comes twice before
    /// all have come once; or one of a few.
    fn person(self, turn: u64, people: u64) -> u64 {
        match self {
            Self::GetCached | Self::FilterCached => turn % KNOWN.min(people),
            _ => turn % people,
        }
    }

    /// The request to a gateway. `who` tells apart those who create.
    pub(crate) fn scim(self, turn: u64, people: u64, who: &str) -> Asked {
        let person = self.person(turn, people);
        let id = FIRST.unsigned_abs() + person;
        let get = |target| Asked { method: "GET", target, ..Asked::default() };
        match self {
            Self::GetFresh | Self::GetCached => get(format!("/Users/{id}")),
            Self::FilterFresh | Self::FilterCached => {
                get(format!("/Users?filter=userName+eq+%22person.{person}%22"))
            }
            Self::List => get(format!("/Users?startIndex=1&count={PAGE}")),
            Self::Create => Asked {
                method: "POST",
                target: "/Users".to_owned(),
                body: format!(
                    r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"{who}.{turn}@school.example","externalId":"{who}-{turn}","active":true,"displayName":"Nina Berg-Hofer","name":{{"givenName":"Nina","familyName":"Berg-Hofer"}},"emails":[{{"type":"work","primary":true,"value":"{who}.{turn}@school.example"}}]}}"#
                ),
            },
            Self::Disable => Asked {
                method: "PATCH",
                target: format!("/Users/{id}"),
                body: format!(
                    r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"Replace","path":"active","value":"{}"}}]}}"#,
                    if enabled(turn, people) { "True" } else { "False" }
                ),
            },
        }
    }

    /// The form that comes to the same in Moodle's words.
    pub(crate) fn moodle(self, turn: u64, people: u64, who: &str, token: &str) -> String {
        let person = self.person(turn, people);
        let id = FIRST.unsigned_abs() + person;
        let mut form = format!("wstoken={token}&moodlewsrestformat=json&wsfunction=");
        // Writing into memory does not fail.
        let _ = match self {
            Self::GetFresh | Self::GetCached => {
                write!(form, "core_user_get_users_by_field&field=id&values%5B0%5D={id}")
            }
            Self::FilterFresh | Self::FilterCached => write!(
                form,
                "core_user_get_users_by_field&field=username&values%5B0%5D=person.{person}"
            ),
            Self::List => write!(
                form,
                "core_user_get_users&criteria%5B0%5D%5Bkey%5D=email&criteria%5B0%5D%5Bvalue%5D=%25"
            ),
            Self::Create => write!(
                form,
                "core_user_create_users&users%5B0%5D%5Busername%5D={who}.{turn}%40school.example\
                 &users%5B0%5D%5Bidnumber%5D={who}-{turn}&users%5B0%5D%5Bauth%5D=manual\
                 &users%5B0%5D%5Bcreatepassword%5D=1&users%5B0%5D%5Bfirstname%5D=Nina\
                 &users%5B0%5D%5Blastname%5D=Berg-Hofer\
                 &users%5B0%5D%5Bemail%5D={who}.{turn}%40school.example"
            ),
            Self::Disable => write!(
                form,
                "core_user_update_users&users%5B0%5D%5Bid%5D={id}&users%5B0%5D%5Bsuspended%5D={}",
                u8::from(!enabled(turn, people))
            ),
        };
        form
    }

    /// Whether a read goes to the proxy as one.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Disable)
    }
}

/// Every second time round, so that each change changes something.
fn enabled(turn: u64, people: u64) -> bool {
    (turn / people) % 2 == 1
}
