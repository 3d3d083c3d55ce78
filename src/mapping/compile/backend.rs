//! Backends: addresses, habits, errors, logins.

use std::sync::Arc;

use super::Compiler;
use super::step::Purpose;
use crate::call::{Booleans, Encoding, Lists, Method, Style};
use crate::mapping::expr::Names;
use crate::mapping::fault::{Fault, did_you_mean};
use crate::mapping::plan::{Backend, Examination, Limits};
use crate::mapping::source::{Entry, Fields, LONGEST, Node, table_of};
use crate::mapping::template::{Part, Text, Tree};

/// The names of encodings, as mappings write them.
const ENCODINGS: [&str; 6] = ["json", "form", "form.nested", "query", "query.nested", "text"];

/// Keys whose values are secrets wherever they appear.
const SECRETIVE: [&str; 6] = ["authorization", "token", "wstoken", "password", "api_key", "apikey"];

impl Compiler {
    /// Backends refer to each other only by index, so all are named before any
    /// of their steps are compiled.
    pub(super) fn name_backends(
        &mut self,
        main: Option<&Node>,
        others: Option<&Node>,
        fields: &Fields<'_>,
    ) {
        let mut nodes: Vec<(&str, &Node)> = main.map(|node| ("main", node)).into_iter().collect();
        let entries = others.map_or(&[][..], |node| table_of("backends", node, &mut self.faults));
        nodes.extend(entries.iter().map(|entry| (entry.key.as_str(), &entry.node)));
        if nodes.is_empty() {
            let fault = Fault::new(fields.span(), "the mapping has no backend");
            self.faults.push(fault.hint("add [backend] with base = \"{settings.base_url}\""));
        }
        for (name, node) in &nodes {
            let backend = self.bare_backend(name, node);
            self.backends.push(backend);
        }
        for (index, (_, node)) in nodes.iter().enumerate() {
            self.finish_backend(index, node);
        }
    }

    fn bare_backend(&mut self, name: &str, node: &Node) -> Backend {
        let names = self.names();
        let base = node.get("base").and_then(|node| self.words(node, &names));
        if node.get("base").is_none() {
            let fault = Fault::new(&node.span, format!("backend `{name}` has no base address"));
            self.faults.push(fault.hint("add base = \"{settings.base_url}\""));
        }
        let style = self.style(node);
        let (encoding, in_query) = self.encoding(node.get("encode"), style, None);
        let method = node.get("method").and_then(|node| self.method(node));
        let path = node.get("path").and_then(|node| self.words(node, &names));
        Backend {
            name: Arc::from(name),
            base: base.unwrap_or(Text { parts: Vec::new() }),
            method: method.unwrap_or(Method::Post),
            path: path.map(|text| text.parts).unwrap_or_default(),
            headers: self.headers(node.get("headers"), &names),
            query: node.get("query").and_then(|node| self.pairs(node, &names)),
            body: node.get("body").and_then(|node| self.tree(node, &names)),
            encoding,
            in_query,
            style,
            rules: Vec::new(),
            limits: Limits::default(),
            login: None,
            probe: None,
            asks: None,
            doctor: Vec::new(),
        }
    }

    fn finish_backend(&mut self, index: usize, node: &Node) {
        let names = self.names();
        let Some(mut fields) = Fields::open(node, "a backend", &mut self.faults) else { return };
        for key in ["base", "method", "path", "headers", "query", "body", "encode"] {
            fields.take(key);
        }
        fields.take("lists");
        fields.take("booleans");
        self.plain_secrets(node);
        let rules = self.rules(fields.many("errors"), &names);
        let limits = fields.take("limits").map(|node| self.limits(node)).unwrap_or_default();
        let login = fields.take("login").and_then(|node| self.login(node, index));
        let probe = fields.take("probe").map(|node| {
            let mut names = names.clone();
            self.steps(node, &mut names, &Purpose::read(index))
        });
        let asks = fields.text("asks", &mut self.faults).map(|(text, _)| text.to_owned());
        let nodes = fields.many("doctor");
        let doctor = nodes.iter().filter_map(|node| self.examination(node, &names, index));
        let doctor = doctor.collect();
        fields.close("a backend", &mut self.faults);
        if let Some(backend) = self.backends.get_mut(index) {
            backend.rules = rules;
            backend.limits = limits;
            backend.login = login;
            backend.probe = probe;
            backend.asks = asks;
            backend.doctor = doctor;
        }
    }

    fn examination(&mut self, node: &Node, names: &Names, index: usize) -> Option<Examination> {
        let mut fields = Fields::open(node, "an examination", &mut self.faults)?;
        let about = fields.text("about", &mut self.faults).map(|(text, _)| text.to_owned());
        let warns = fields.flag("warns", &mut self.faults);
        let mut names = names.clone();
        names.add("needed");
        let steps =
            fields.take("steps").map(|node| self.steps(node, &mut names, &Purpose::read(index)));
        if about.is_none() || steps.is_none() {
            let fault = Fault::new(&node.span, "an examination has `about` and `steps`");
            self.faults.push(fault.hint("about = \"the functions of the service\""));
        }
        fields.close("an examination", &mut self.faults);
        Some(Examination { about: about?, warns, steps: steps? })
    }

    fn style(&mut self, node: &Node) -> Style {
        let mut style = Style { nested: true, ..Style::default() };
        if let Some(node) = node.get("lists") {
            let known = [
                ("indexed", Lists::Indexed),
                ("bracketed", Lists::Bracketed),
                ("repeated", Lists::Repeated),
            ];
            style.lists = self.one_of(node, &known).unwrap_or_default();
        }
        if let Some(node) = node.get("booleans") {
            let known = [("digits", Booleans::Digits), ("words", Booleans::Words)];
            style.booleans = self.one_of(node, &known).unwrap_or_default();
        }
        style
    }

    /// One of a list of words.
    pub(super) fn one_of<T: Copy>(&mut self, node: &Node, known: &[(&str, T)]) -> Option<T> {
        let word = node.text().unwrap_or_default();
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("`{word}` is none of the words that fit here");
            let mut fault = Fault::new(&node.span, message).label("unknown word");
            fault.hint = did_you_mean(word, known.iter().map(|(name, _)| *name));
            self.faults.push(fault);
        }
        found
    }

    /// How a body is written; the flag says that it goes into the query.
    pub(super) fn encoding(
        &mut self,
        node: Option<&Node>,
        style: Style,
        content_type: Option<String>,
    ) -> (Encoding, bool) {
        let Some(node) = node else { return (Encoding::Json(content_type), false) };
        let known: Vec<(&str, &str)> = ENCODINGS.iter().map(|name| (*name, *name)).collect();
        let flat = Style { nested: false, ..style };
        match self.one_of(node, &known) {
            Some("form") => (Encoding::Form(flat), false),
            Some("form.nested") => (Encoding::Form(style), false),
            Some("query") => (Encoding::Form(flat), true),
            Some("query.nested") => (Encoding::Form(style), true),
            Some("text") => (Encoding::Text(content_type), false),
            Some(_) | None => (Encoding::Json(content_type), false),
        }
    }

    pub(super) fn method(&mut self, node: &Node) -> Option<Method> {
        let known: Vec<(&str, Method)> =
            Method::ALL.into_iter().map(|method| (method.as_str(), method)).collect();
        self.one_of(node, &known)
    }

    pub(super) fn headers(&mut self, node: Option<&Node>, names: &Names) -> Vec<(String, Text)> {
        let entries = node.map_or(&[][..], |node| table_of("headers", node, &mut self.faults));
        let mut headers = Vec::new();
        for entry in entries {
            let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            if !entry.key.bytes().all(fits) {
                let message = format!("`{}` cannot be the name of a header", entry.key);
                self.faults.push(Fault::new(&entry.span, message));
            }
            headers.extend(self.words(&entry.node, names).map(|text| (entry.key.clone(), text)));
        }
        headers
    }

    fn plain_secrets(&mut self, node: &Node) {
        let tables = ["headers", "query", "body"].into_iter().filter_map(|key| node.get(key));
        let entries: Vec<&Entry> = tables.filter_map(Node::table).flatten().collect();
        for entry in entries {
            let text = entry.node.text().unwrap_or_default();
            let secretive = SECRETIVE.contains(&entry.key.to_ascii_lowercase().as_str());
            if secretive && !text.is_empty() && !text.contains('{') {
                let message = format!("`{}` holds a secret in plain text", entry.key);
                let hint = "make it a setting: { secret = true, required = true, about = … }";
                self.faults.push(
                    Fault::new(&entry.node.span, message).label("secret in plain text").hint(hint),
                );
            }
        }
    }

    fn limits(&mut self, node: &Node) -> Limits {
        let Some(mut fields) = Fields::open(node, "`limits`", &mut self.faults) else {
            return Limits::default();
        };
        let mut rates = Vec::new();
        for node in fields.many("rates") {
            let (calls, seconds) = (node.get("calls"), node.get("seconds"));
            let number = |node: Option<&Node>| node.and_then(|node| node.value().as_u64());
            let fits = |found: &u64| (1..=LONGEST).contains(found);
            let (calls, seconds) = (number(calls).filter(|it| *it > 0), number(seconds));
            if let (Some(calls), Some(seconds)) = (calls, seconds.filter(fits)) {
                rates.push((calls, seconds));
            } else {
                let fault = Fault::new(&node.span, "a rate is so many calls in so many seconds");
                self.faults.push(fault.hint("write { calls = 100, seconds = 60 }"));
            }
        }
        let limits = Limits {
            concurrency: fields.number("concurrency", &mut self.faults),
            rates,
            fields: fields.number("fields", &mut self.faults),
            timeout: fields.seconds("timeout", &mut self.faults),
            answer: fields.number("answer", &mut self.faults),
        };
        fields.close("`limits`", &mut self.faults);
        limits
    }

    /// The holes of a tree.
    pub(super) fn holes(tree: &Tree, found: &mut Vec<crate::mapping::expr::Expr>) {
        tree.visit(&mut |expr| found.push(expr.clone()));
    }

    /// The holes of a path.
    pub(super) fn path_holes(parts: &[Part], found: &mut Vec<crate::mapping::expr::Expr>) {
        for part in parts {
            if let Part::Hole(expr) = part {
                found.push(expr.clone());
            }
        }
    }
}
