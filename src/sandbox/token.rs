//! Who calls: tokens, and what their owners may do.

use super::answer::{Outcome, Trouble};

/// A capability that a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// `webservice/rest:use`.
    UseRest,
    /// `moodle/user:create`.
    CreateUsers,
    /// `moodle/user:update`.
    UpdateUsers,
    /// `moodle/user:delete`.
    DeleteUsers,
    /// `moodle/user:viewdetails`: without it nobody is seen.
    ViewDetails,
    /// `moodle/user:viewalldetails`: usernames, idnumbers, auth.
    ViewAllDetails,
    /// `moodle/site:viewfullnames`: first and last names.
    ViewFullNames,
    /// `moodle/site:viewuseridentity`: what `showuseridentity` names.
    ViewIdentity,
    /// `moodle/cohort:manage`.
    ManageCohorts,
    /// `moodle/cohort:assign`.
    AssignCohorts,
    /// `moodle/cohort:view`.
    ViewCohorts,
}

impl Right {
    /// Everything a service account should have.
    pub const FULL: &[Self] = &[
        Self::UseRest,
        Self::CreateUsers,
        Self::UpdateUsers,
        Self::DeleteUsers,
        Self::ViewDetails,
        Self::ViewAllDetails,
        Self::ViewFullNames,
        Self::ViewIdentity,
        Self::ManageCohorts,
        Self::AssignCohorts,
        Self::ViewCohorts,
    ];

    /// What Moodle says is missing.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::UseRest => "Use REST protocol",
            Self::CreateUsers => "Create users",
            Self::UpdateUsers => "Update user profiles",
            Self::DeleteUsers => "Delete users",
            Self::ViewDetails => "View user profiles",
            Self::ViewAllDetails => "View user full information",
            Self::ViewFullNames => "See full names of users",
            Self::ViewIdentity => "See full user identity in lists",
            Self::ManageCohorts => "Create, delete and move cohorts",
            Self::AssignCohorts => "Add and remove cohort members",
            Self::ViewCohorts => "View site-wide cohorts",
        }
    }
}

/// How a token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    #[default]
    Valid,
    /// Past its end: refused once, and then unknown, for Moodle deletes it.
    Expired,
    /// Its service is off, it is bound to another address, or its owner is not
    /// on the list of the service.
    Barred,
}

/// What stands in the way of the owner's account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Block {
    /// Nothing.
    #[default]
    None,
    /// A required profile field is empty.
    ProfileIncomplete,
    /// The password must be changed.
    MustChangePassword,
    /// The site policy is not agreed to.
    PolicyNotAgreed,
}

/// A token of the web service.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whose it is: the id of a user.
    pub owner: i64,
    /// What the owner may do; administrators need nothing here.
    pub rights: Vec<Right>,
    /// The functions of its service; `None` is every function there is.
    pub functions: Option<Vec<String>>,
    /// How it stands.
    pub standing: Standing,
    /// What stands in the owner's way.
    pub block: Block,
}

impl Token {
    /// A token that works.
    pub fn new(owner: i64, rights: &[Right]) -> Self {
        Self {
            owner,
            rights: rights.to_vec(),
            functions: None,
            standing: Standing::default(),
            block: Block::default(),
        }
    }

    pub(super) fn offers(&self, function: &str) -> bool {
        self.functions.as_ref().is_none_or(|offered| offered.iter().any(|name| name == function))
    }
}

/// The caller of one call.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) id: i64,
    pub(super) admin: bool,
    rights: Vec<Right>,
}

impl Caller {
    pub(super) fn new(id: i64, admin: bool, rights: Vec<Right>) -> Self {
        Self { id, admin, rights }
    }

    /// Refuses who lacks a right.
    pub(super) fn must(&self, right: Right) -> Outcome<()> {
        if self.may(right) { Ok(()) } else { Err(Trouble::missing_right(right.words())) }
    }

    pub(super) fn may(&self, right: Right) -> bool {
        self.admin || self.rights.contains(&right)
    }
}
