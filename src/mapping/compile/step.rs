//! Steps, calls and error rules.

use std::time::Duration;

use serde_json::Value;

use super::Compiler;
use crate::call::{Kind, Method, Safety};
use crate::mapping::expr::{Expr, Names};
use crate::mapping::fault::{Fault, did_you_mean};
use crate::mapping::plan::{Act, CallPlan, Step, Steps};
use crate::mapping::source::{Entry, Fields, Node};
use crate::mapping::template::{Part, Text};

/// What steps are for: decides what they may use and how safe they are.
#[derive(Clone, Debug)]
pub(super) struct Purpose {
    pub(super) backend: usize,
    pub(super) safety: Safety,
    /// The questions that `find` may ask, in canonical form.
    pub(super) questions: Vec<String>,
    /// Whether the steps are about one resource of a kind.
    pub(super) resource: bool,
}

impl Purpose {
    pub(super) fn read(backend: usize) -> Self {
        Self { backend, safety: Safety::Read, questions: Vec::new(), resource: false }
    }

    pub(super) fn login(backend: usize) -> Self {
        Self { safety: Safety::Once, ..Self::read(backend) }
    }
}

/// A fault that has been told.
#[derive(Debug)]
pub(super) struct Faulty;

/// What a reply offers to expressions.
pub(super) const REPLY: [&str; 4] = ["status", "headers", "format", "body"];

/// The keys of a step that name a method and hold a path.
const METHODS: [(&str, Method); 6] = [
    ("get", Method::Get),
    ("head", Method::Head),
    ("post", Method::Post),
    ("put", Method::Put),
    ("patch", Method::Patch),
    ("delete", Method::Delete),
];

impl Compiler {
    /// A list of steps, or one. What a step keeps, later ones may use.
    pub(super) fn steps(&mut self, node: &Node, names: &mut Names, purpose: &Purpose) -> Steps {
        let nodes = node.list().unwrap_or(std::slice::from_ref(node));
        nodes.iter().filter_map(|node| self.step(node, names, purpose)).collect()
    }

    fn step(&mut self, node: &Node, names: &mut Names, purpose: &Purpose) -> Option<Step> {
        let mut fields = Fields::open(node, "a step", &mut self.faults)?;
        let when = fields.take("when").and_then(|node| self.expr(node, names));
        let each = fields.take("each").and_then(|node| self.expr(node, names));
        let chunk = fields.take("chunk").and_then(|node| self.expr(node, names));
        let mut inner = names.clone();
        if each.is_some() {
            inner.add(if chunk.is_some() { "batch" } else { "item" });
        }
        let act = self.act(&mut fields, &mut inner, purpose)?;
        let mut kept = inner.clone();
        match act {
            Act::Call(_) => kept = kept.and(&REPLY),
            Act::Find(..) => kept.add("found"),
            Act::Load => kept.add("object"),
            Act::Do(_) | Act::Fail(..) | Act::Keep => {}
        }
        let rules = self.rules(fields.many("errors"), &inner);
        let keep = fields.table("keep", &mut self.faults);
        let keep = self.keeps(keep, &kept);
        if each.is_none() {
            match act {
                Act::Find(..) => names.add("found"),
                Act::Load => names.add("object"),
                Act::Do(_) => *names = inner.clone(),
                Act::Call(_) | Act::Fail(..) | Act::Keep => {}
            }
        }
        for (name, _) in &keep {
            inner.add(name);
            names.add(name);
        }
        let undo = fields.take("undo");
        let undo = undo.map(|node| self.steps(node, &mut inner, purpose)).unwrap_or_default();
        fields.close("a step", &mut self.faults);
        let sends = sent_of_record(&act);
        Some(Step { span: node.span.clone(), when, each, chunk, act, keep, rules, undo, sends })
    }

    fn keeps(&mut self, entries: &[Entry], names: &Names) -> Vec<(String, Expr)> {
        let mut found = Vec::new();
        for entry in entries {
            if matches!(entry.key.as_str(), "settings" | "now" | "record" | "user" | "item") {
                let message = format!("`{}` has a meaning already", entry.key);
                self.faults.push(Fault::new(&entry.span, message).hint("choose another name"));
            }
            // A name stays known although its expression is at fault: one
            // mistake is told once.
            let expr = self.expr(&entry.node, names).unwrap_or(Expr::Plain(Value::Null));
            found.push((entry.key.clone(), expr));
        }
        found
    }

    fn act(
        &mut self,
        fields: &mut Fields<'_>,
        names: &mut Names,
        purpose: &Purpose,
    ) -> Option<Act> {
        if let Some(node) = fields.take("do") {
            return Some(Act::Do(self.steps(node, names, purpose)));
        }
        if let Some(entry) = fields.entry("load") {
            if !purpose.resource {
                let fault = Fault::new(&entry.span, "there is no resource to load here");
                self.faults
                    .push(fault.hint("`load` reads the resource that is changed or deleted"));
            }
            return Some(Act::Load);
        }
        if let Some(node) = fields.take("find") {
            return self.find_act(node, fields, names, purpose);
        }
        if let Some(node) = fields.take("fail") {
            let kinds: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind.as_str(), kind)).collect();
            let kind = self.one_of(node, &kinds)?;
            let says = fields.take("says").and_then(|node| self.words(node, names));
            return Some(Act::Fail(kind, says.unwrap_or(Text { parts: Vec::new() })));
        }
        match self.call(fields, names, purpose) {
            Ok(Some(call)) => Some(Act::Call(Box::new(call))),
            Ok(None) => Some(Act::Keep),
            Err(Faulty) => None,
        }
    }

    fn find_act(
        &mut self,
        node: &Node,
        fields: &mut Fields<'_>,
        names: &Names,
        purpose: &Purpose,
    ) -> Option<Act> {
        let question = node.text().unwrap_or_default().to_owned();
        if !purpose.questions.iter().any(|known| known.eq_ignore_ascii_case(&question)) {
            let message = format!("no row of `find` answers `{question}`");
            let mut fault = Fault::new(&node.span, message);
            fault.hint = did_you_mean(&question, purpose.questions.iter().map(String::as_str));
            self.faults.push(fault);
        }
        let Some(with) = fields.take("with") else {
            let fault = Fault::new(&node.span, "`find` does not say which value is wanted");
            self.faults.push(fault.hint("add with = \"record.username\""));
            return None;
        };
        Some(Act::Find(question, self.expr(with, names)?))
    }

    /// The call of a step or a row, when there is one.
    pub(super) fn call(
        &mut self,
        fields: &mut Fields<'_>,
        names: &Names,
        purpose: &Purpose,
    ) -> Result<Option<CallPlan>, Faulty> {
        let mut methods: Vec<(Method, &Node)> =
            METHODS.iter().filter_map(|(key, method)| Some((*method, fields.take(key)?))).collect();
        let backend = fields.take("backend").map(|node| self.backend_index(node));
        let index = backend.unwrap_or(Some(purpose.backend)).ok_or(Faulty)?;
        let (query, body) = (fields.take("query"), fields.take("body"));
        let headers = fields.take("headers");
        let encode = fields.take("encode");
        let content_type =
            fields.text("content_type", &mut self.faults).map(|(text, _)| text.to_owned());
        let safe = fields.take("safe");
        let patience = fields.seconds("timeout", &mut self.faults).map(Duration::from_secs);
        let chosen = methods.pop();
        if let (Some((_, node)), false) = (&chosen, methods.is_empty()) {
            let fault = Fault::new(&node.span, "a step makes one call, this names two");
            self.faults.push(fault.hint("give each call a step of its own"));
        }
        if chosen.is_none() && query.is_none() && body.is_none() {
            return Ok(None);
        }
        let known = self.backends.get(index).map(|backend| {
            ((backend.encoding.clone(), backend.in_query), backend.method, backend.style)
        });
        let (base, known_method, style) = known.ok_or(Faulty)?;
        let (method, path) = match chosen {
            Some((method, node)) => (method, self.path(node, names).ok_or(Faulty)?),
            None => (known_method, Vec::new()),
        };
        let (encoding, in_query) = match (encode, content_type) {
            (None, None) => base,
            (None, Some(kind)) => (crate::call::Encoding::Json(Some(kind)), false),
            (encode, kind) => self.encoding(encode, style, kind),
        };
        let safety = self.safety(safe, method, !path.is_empty(), purpose);
        Ok(Some(CallPlan {
            backend: index,
            method,
            path,
            query: query.and_then(|node| self.pairs(node, names)),
            headers: self.headers(headers, names),
            body: body.and_then(|node| self.tree(node, names)),
            encoding,
            in_query,
            safety,
            patience,
        }))
    }

    fn safety(
        &mut self,
        node: Option<&Node>,
        method: Method,
        named: bool,
        purpose: &Purpose,
    ) -> Safety {
        if let Some(node) = node {
            let known = [
                ("read", Safety::Read),
                ("repeatable", Safety::Repeatable),
                ("once", Safety::Once),
            ];
            return self.one_of(node, &known).unwrap_or(Safety::Once);
        }
        // A GET that writes exists; a step of a write operation is no read
        // because of its method alone.
        let reads = matches!(method, Method::Get | Method::Head) && named;
        match (purpose.safety, method) {
            (Safety::Read, _) => Safety::Read,
            (Safety::Once, Method::Put | Method::Delete) => Safety::Repeatable,
            (Safety::Once, _) if reads => Safety::Read,
            (safety, _) => safety,
        }
    }

    fn path(&mut self, node: &Node, names: &Names) -> Option<Vec<Part>> {
        let text = self.words(node, names)?;
        let absolute =
            matches!(text.parts.first(), Some(Part::Written(part)) if part.contains("://"));
        if absolute {
            let fault = Fault::new(&node.span, "a path begins below the backend's base address");
            let hint = "another service is another backend: [backends.name] base = …";
            self.faults.push(fault.hint(hint));
        } else if let Some(Part::Written(part)) = text.parts.first()
            && !part.is_empty()
            && !part.starts_with(['/', '?'])
        {
            let fault = Fault::new(&node.span, "a path begins with a slash");
            self.faults.push(fault.hint(format!("write \"/{part}\" with what follows it")));
        }
        Some(text.parts)
    }

    fn backend_index(&mut self, node: &Node) -> Option<usize> {
        let name = node.text().unwrap_or_default();
        let found = self.backends.iter().position(|backend| &*backend.name == name);
        if found.is_none() {
            let message = format!("there is no backend `{name}`");
            let mut fault = Fault::new(&node.span, message);
            fault.hint = did_you_mean(name, self.backends.iter().map(|backend| &*backend.name));
            self.faults.push(fault);
        }
        found
    }
}

/// The paths into `record` that a call sends: with none of them there, the
/// call has nothing to say.
fn sent_of_record(act: &Act) -> Vec<Expr> {
    let Act::Call(call) = act else { return Vec::new() };
    let mut holes = Vec::new();
    for tree in call.body.iter().chain(&call.query) {
        Compiler::holes(tree, &mut holes);
    }
    Compiler::path_holes(&call.path, &mut holes);
    let mut found = Vec::new();
    for hole in holes {
        hole.paths(&mut |path| {
            if path.root == "record" {
                found.push(Expr::Path(path.clone()));
            }
        });
    }
    found
}
