//! The closed list of functions, as data: the parser, the reference page and
//! the hints all read it from here.

use std::fmt;

use serde_json::Value;

use super::Pattern;
use super::functions::{lists, objects, text, time};

/// A function of the language.
pub struct Function {
    /// Its name behind the `|`.
    pub name: &'static str,
    /// The fewest and the most arguments.
    pub arguments: (usize, usize),
    /// What it does, in one line.
    pub about: &'static str,
    pub(super) takes: Takes,
}

/// How a function is handed its input.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// A value that is there; absent and null pass by untouched as absent.
    Value(fn(&Value, &[Value]) -> Option<Value>),
    /// Whatever there is, absent included.
    Anything(fn(Option<&Value>, &[Value]) -> Option<Value>),
    /// A text and a pattern.
    Pattern(fn(&str, &Pattern, &[Value]) -> Option<Value>),
    /// A list, and an expression for each `item` of it.
    Each(Each),
}

/// What is done with each item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Map,
    Where,
    Any,
    All,
}

impl Function {
    /// How many arguments it takes, in words.
    pub fn count(&self) -> String {
        match self.arguments {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

const fn value(
    name: &'static str,
    arguments: (usize, usize),
    run: fn(&Value, &[Value]) -> Option<Value>,
    about: &'static str,
) -> Function {
    Function { name, arguments, about, takes: Takes::Value(run) }
}

const fn anything(
    name: &'static str,
    arguments: (usize, usize),
    run: fn(Option<&Value>, &[Value]) -> Option<Value>,
    about: &'static str,
) -> Function {
    Function { name, arguments, about, takes: Takes::Anything(run) }
}

const fn pattern(
    name: &'static str,
    arguments: (usize, usize),
    run: fn(&str, &Pattern, &[Value]) -> Option<Value>,
    about: &'static str,
) -> Function {
    Function { name, arguments, about, takes: Takes::Pattern(run) }
}

const fn each(name: &'static str, each: Each, about: &'static str) -> Function {
    Function { name, arguments: (1, 1), about, takes: Takes::Each(each) }
}

/// Every function there is.
pub static FUNCTIONS: &[Function] = &[
    value("lower", (0, 0), text::lower, "letters in lower case"),
    value("upper", (0, 0), text::upper, "letters in upper case"),
    value("trim", (0, 0), text::trim, "without blanks at both ends"),
    value("collapse", (0, 0), text::collapse, "every run of blanks as one space"),
    value("ascii", (0, 0), text::ascii, "accents dropped, anything else that is not ASCII too"),
    value("truncate", (1, 1), text::truncate, "at most that many characters"),
    value("pad", (2, 2), text::pad, "filled from the left to that many characters: pad(6, '0')"),
    value("slice", (1, 2), text::slice, "characters from a position, of a length: slice(0, 3)"),
    value("replace", (2, 2), text::replace, "every occurrence replaced: replace('@', '_')"),
    value("prefix", (1, 1), text::prefix, "with this text in front"),
    value("suffix", (1, 1), text::suffix, "with this text behind"),
    value(
        "split",
        (1, 1),
        text::split,
        "the parts between a separator, trimmed, without empty ones",
    ),
    value("words", (0, 0), text::words, "a list of the parts between blanks"),
    value("lines", (0, 0), text::lines, "a list of the lines"),
    value("starts", (1, 1), text::starts, "whether it begins with this text"),
    value("ends", (1, 1), text::ends, "whether it ends with this text"),
    value("contains", (1, 1), text::contains, "whether it contains this text, case ignored"),
    pattern("matches", (1, 1), text::matches, "whether a pattern is found in it"),
    pattern("extract", (1, 1), text::extract, "the first group of a pattern, or the whole match"),
    pattern("replace_all", (2, 2), text::replace_all, "every match of a pattern replaced"),
    value("text", (0, 0), text::text, "as a text"),
    value("number", (0, 0), text::number, "as a number; absent when it is none"),
    value("boolean", (0, 0), text::boolean, "true/false, yes/no, on/off, 1/0 as a boolean"),
    value("json", (0, 0), text::json, "as JSON in a text"),
    value("odata", (0, 0), text::odata, "as a quoted literal of an OData filter"),
    value("base64", (0, 0), text::base64, "in base64"),
    value("basic", (1, 1), text::basic, "HTTP Basic credentials: user | basic(password)"),
    value("first", (0, 0), lists::first, "the first item"),
    value("last", (0, 0), lists::last, "the last item"),
    value("rest", (0, 0), lists::rest, "all items but the first"),
    value("count", (0, 0), lists::count, "how many items, keys or characters"),
    value("list", (0, 0), lists::list, "as a list, one value as a list of one"),
    value("join", (1, 1), lists::join, "items that are not empty as one text: join(', ')"),
    value("unique", (0, 0), lists::unique, "each item once"),
    value("sort", (0, 0), lists::sort, "items in order"),
    value("flatten", (0, 0), lists::flatten, "lists within the list laid out"),
    value("with", (1, 1), lists::with, "with these items added behind"),
    value("without", (1, 1), lists::without, "without these items, or without these keys"),
    each("map", Each::Map, "the value of an expression over each `item`"),
    each("where", Each::Where, "the items for which a condition holds"),
    each("any", Each::Any, "whether a condition holds for some `item`"),
    each("all", Each::All, "whether a condition holds for every `item`"),
    value("keys", (0, 0), objects::keys, "the keys of an object"),
    value("values", (0, 0), objects::values, "the values of an object"),
    value("set", (2, 2), objects::set, "with a key set: set('id', id)"),
    value("over", (1, 1), objects::over, "laid over another object, key by key at every depth"),
    value("upsert", (3, 3), objects::upsert, "the item whose key has a value laid over or added"),
    anything("known", (0, 0), objects::known, "whether it is there at all, be it null"),
    anything("empty", (0, 0), objects::empty, "whether it is absent, null, '' or has no items"),
    anything("default", (1, 1), objects::default, "this instead, when it is empty"),
    value("cookie", (1, 1), objects::cookie, "the value of a cookie in `set-cookie`"),
    value("link", (1, 1), objects::link, "the address of a relation in a `Link` header"),
    value("date", (1, 1), time::date, "a time as a text of this form: date('%d-%m-%Y')"),
    value("parse_date", (1, 1), time::parse_date, "a text of this form as an ISO time"),
    value("unix", (0, 0), time::unix, "a time as Unix seconds"),
    value("from_unix", (0, 0), time::from_unix, "Unix seconds as an ISO time"),
    value("plus_days", (1, 1), time::plus_days, "a time so many days later"),
];
