//! A kind of resource: its attributes, its operations, how it is found.

use super::attribute::{Attribute, Derived};
use super::step::{CallPlan, Rule, Steps};
use crate::mapping::expr::Expr;
use crate::mapping::sheet::Sheet;
use crate::scim::{Kind, ResourceType};

/// One kind of resource in the LMS.
#[derive(Debug)]
pub struct KindPlan {
    /// Its name in the mapping: `user`, `group`, or the author's own.
    pub name: String,
    /// What it is in SCIM.
    pub kind: Kind,
    /// The resource type as this LMS offers it.
    pub resource_type: ResourceType,
    /// How ids travel.
    pub id: Codec,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// The keys of a resource that attributes stand under, in order.
    pub homes: Vec<(String, Vec<usize>)>,
    /// Where values stand in the text of a resource, if that is always the same.
    pub sheet: Option<Sheet>,
    /// Fields made from several attributes.
    pub derived: Vec<Derived>,
    /// Further calls that a read may need.
    pub joins: Vec<Join>,
    /// How resources are found.
    pub rows: Vec<Row>,
    /// Steps of a create.
    pub create: Option<Steps>,
    /// Steps of a change.
    pub update: Option<Steps>,
    /// Steps of a delete.
    pub delete: Option<Steps>,
    /// Members.
    pub members: Option<Members>,
    /// What bad replies mean, before the backend's rules.
    pub rules: Vec<Rule>,
    /// Whether an object is really deleted.
    pub gone: Option<Expr>,
    /// Whether an account is not to be touched.
    pub protected: Option<Expr>,
    /// When uniqueness is looked up.
    pub look: Look,
    /// Operations that are refused without asking, and the words for it.
    pub refuse: Vec<(String, String)>,
    /// Whether the LMS cannot be read, so that the gateway's own memory answers.
    pub remembered: bool,
    /// Whether a filter that no row answers may read everything.
    pub scan: bool,
}

impl KindPlan {
    /// The row that answers a question.
    pub fn row(&self, question: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.question.eq_ignore_ascii_case(question))
    }

    /// The attribute of that SCIM path.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// When a mapping looks whether a unique value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Only after the LMS refused without saying why.
    After,
    /// Before every create, because the LMS does not check.
    Before,
}

/// How a SCIM id is made from what the LMS calls its own.
#[derive(Debug)]
pub struct Codec {
    /// Put in front, so that several kinds can share one id space.
    pub prefix: String,
    /// The parts and where each stands in the object; one for a plain id.
    pub parts: Vec<(String, Expr)>,
    /// Between the parts.
    pub separator: String,
    /// What an LMS id is.
    pub id_type: IdType,
}

/// What an id of the LMS is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdType {
    /// A whole number.
    Number,
    /// A text.
    Text,
}

/// A further call for each object that is read, under a name of its own.
#[derive(Debug)]
pub struct Join {
    /// Its name behind `joins`.
    pub name: String,
    /// The steps; the last keeps `result`.
    pub steps: Steps,
}

/// One way to find resources.
#[derive(Debug)]
pub struct Row {
    /// The question: `userName eq`, `id eq`, or `*` for all.
    pub question: String,
    /// The calls that answer it, one after the other; their objects are united.
    pub calls: Vec<CallPlan>,
    /// Where the objects stand in an answer.
    pub objects: Option<Expr>,
    /// What is done to a value before it is asked for.
    pub value: Option<Expr>,
    /// Whether a value can exist at all; if not, the answer is nobody.
    pub possible: Option<Expr>,
    /// How many values one call can ask for; one, when it says nothing.
    pub many: Option<Expr>,
    /// Whether every answer is an exact match; others are checked again.
    pub exact: bool,
    /// Whether the objects are abridged and have to be read one by one.
    pub brief: bool,
    /// What bad replies mean here.
    pub rules: Vec<Rule>,
    /// How the rest is reached.
    pub paging: Option<Paging>,
}

/// How a long answer comes in pieces.
#[derive(Debug)]
pub struct Paging {
    /// The way to the next page.
    pub strategy: Strategy,
    /// How many objects one page has.
    pub size: u64,
    /// The number of the first page.
    pub first: u64,
    /// Whether there is more, over the reply.
    pub more: Option<Expr>,
    /// The cursor or address of the next page, over the reply.
    pub next: Option<Expr>,
    /// How many there are in all, over the reply.
    pub total: Option<Expr>,
    /// How many can be reached at all.
    pub reach: Option<u64>,
    /// The most pages before something must be wrong.
    pub most: u64,
}

/// The way to the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// `page.number` counts pages.
    Number,
    /// `page.offset` counts objects.
    Offset,
    /// `page.cursor` is what the last answer said.
    Cursor,
    /// The last answer names the address.
    Link,
}

/// How the members of a group are read and written.
#[derive(Debug)]
pub struct Members {
    /// Steps that read; the last keeps `members`, a list of ids.
    pub read: Option<Steps>,
    /// Whether the list that was read is known to be cut off.
    pub truncated: Option<Expr>,
    /// Steps that add the ids in `added`.
    pub add: Option<Steps>,
    /// Steps that remove the ids in `removed`.
    pub remove: Option<Steps>,
    /// Steps that do both at once.
    pub change: Option<Steps>,
    /// Steps that make the ids in `members` the whole list.
    pub set: Option<Steps>,
    /// What a member id of the LMS is.
    pub id_type: IdType,
    /// Put in front of each member's SCIM id.
    pub prefix: String,
}

impl Members {
    /// The steps that write them.
    pub fn writes(&self) -> impl Iterator<Item = &Steps> {
        [&self.add, &self.remove, &self.change, &self.set].into_iter().flatten()
    }
}
