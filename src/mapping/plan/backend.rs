//! A service behind the mapping: how it is addressed, how it says no, how one
//! logs in.

use std::sync::Arc;

use super::step::{PathPart, Rule, Steps};
use crate::call::{Encoding, Method, Style};
use crate::mapping::expr::Expr;
use crate::mapping::template::{Text, Tree};

/// One service.
#[derive(Debug)]
pub struct Backend {
    /// Its name in the mapping.
    pub name: Arc<str>,
    /// Its base address.
    pub base: Text,
    /// The method of calls that name none.
    pub method: Method,
    /// The path of calls that name none, below the base.
    pub path: Vec<PathPart>,
    /// Headers of every call.
    pub headers: Vec<(String, Text)>,
    /// Query parameters of every call.
    pub query: Option<Tree>,
    /// Body fields of every call.
    pub body: Option<Tree>,
    /// How bodies are written.
    pub encoding: Encoding,
    /// Whether a body is written into the query instead.
    pub in_query: bool,
    /// How lists and booleans are written in queries.
    pub style: Style,
    /// What bad replies mean, in order.
    pub rules: Vec<Rule>,
    /// What it bears.
    pub limits: Limits,
    /// How a session is opened, where there is one.
    pub login: Option<Login>,
    /// Calls that prove identity and rights.
    pub probe: Option<Steps>,
    /// The field of a body whose text says which function a call asks for, where
    /// the LMS has functions rather than paths.
    pub asks: Option<String>,
    /// What is to be known of an installation before it is trusted.
    pub doctor: Vec<Examination>,
}

/// Something that an installation has to be, and how one finds out.
#[derive(Debug)]
pub struct Examination {
    /// What is examined, in a few words.
    pub about: String,
    /// Whether failing it is a warning only.
    pub warns: bool,
    /// The calls; none of them writes.
    pub steps: Steps,
}

/// What a service bears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls at the same time.
    pub concurrency: Option<u64>,
    /// Calls within spans of so many seconds.
    pub rates: Vec<(u64, u64)>,
    /// Form fields in one call.
    pub fields: Option<u64>,
    /// Seconds that a call may take.
    pub timeout: Option<u64>,
    /// Bytes that an answer may have.
    pub answer: Option<u64>,
}

/// How a session is opened and shown. The backend room runs it: one login at a
/// time, and what is `durable` stored before it is used.
#[derive(Debug)]
pub struct Login {
    /// The calls; what they keep is the session.
    pub steps: Steps,
    /// What is kept, by name.
    pub keeps: Vec<String>,
    /// Headers that show the session.
    pub headers: Vec<(String, Text)>,
    /// Query parameters that show the session.
    pub query: Option<Tree>,
    /// Body fields that show the session.
    pub body: Option<Tree>,
    /// Seconds it lives, over what is kept; for ever when it says nothing.
    pub life: Option<Expr>,
    /// Seconds before its end at which it counts as over.
    pub margin: u64,
    /// Whether idleness ends it, rather than age.
    pub idle: bool,
    /// What must survive a crash: single-use refresh tokens.
    pub durable: Vec<String>,
    /// Whether a second session ends the first.
    pub exclusive: bool,
}

/// A list kept from the LMS: names to ids.
#[derive(Debug)]
pub struct Lookup {
    /// Its name.
    pub name: String,
    /// The calls that fetch it; the last keeps `entries`.
    pub steps: Steps,
    /// The key of each `item`.
    pub key: Expr,
    /// The value of each `item`.
    pub value: Expr,
    /// Seconds it may be kept.
    pub life: u64,
}
