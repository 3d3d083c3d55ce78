//! Cases: a SCIM request, the calls it has to make, the replies they get, and
//! the answer it has to come to. They stand beside a mapping and prove it
//! without an LMS.

mod compare;
mod play;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::fault::{Fault, File, Span};
use super::plan::Plan;
use super::source::{Fields, Node, Shelf, read};

/// A file of cases.
#[derive(Debug)]
pub struct Cases {
    settings: Map<String, Value>,
    now: String,
    list: Vec<Case>,
}

/// One case.
#[derive(Debug)]
struct Case {
    span: Span,
    name: String,
    settings: Map<String, Value>,
    request: String,
    body: Option<Value>,
    known: Option<Value>,
    exchanges: Vec<Exchange>,
    /// The resources, the failure or the session it comes to.
    gives: Option<Value>,
    ids: Option<Value>,
    fails: Option<Value>,
    session: Option<Value>,
    notes: Option<Value>,
    incomplete: bool,
    remembered: bool,
}

/// One call that has to be made, and what comes back.
#[derive(Debug)]
struct Exchange {
    span: Span,
    call: String,
    sends: Option<Value>,
    headers: Option<Value>,
    backend: Option<String>,
    status: u16,
    reply_headers: Map<String, Value>,
    reply: Vec<u8>,
    /// No reply at all.
    lost: bool,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// What was not as it should be; nothing when it passed.
    pub problems: Vec<String>,
    /// How many calls it made.
    pub calls: usize,
}

impl Cases {
    /// Reads a file of cases. `samples` holds recorded replies by name.
    pub fn read(name: &str, text: &str, samples: &dyn Shelf) -> Result<Self, Vec<Fault>> {
        let file = Arc::new(File { name: name.to_owned(), text: text.to_owned() });
        let root = read::read(&file)?;
        let mut faults = Vec::new();
        let cases = Self::of(&root, samples, &mut faults);
        match cases {
            Some(cases) if faults.is_empty() => Ok(cases),
            _ => Err(faults),
        }
    }

    fn of(root: &Node, samples: &dyn Shelf, faults: &mut Vec<Fault>) -> Option<Self> {
        let mut fields = Fields::open(root, "a file of cases", faults)?;
        fields.take("about");
        let settings = object(fields.take("settings"));
        let now = fields.text("now", faults).map_or("2026-11-21T10:00:00Z", |(text, _)| text);
        let now = now.to_owned();
        let call = fields.text("call", faults).map(|(text, _)| text.to_owned());
        let script = Script { samples, call };
        let mut cases = Vec::new();
        for node in fields.many("case") {
            cases.extend(case(node, &script, faults));
        }
        fields.close("a file of cases", faults);
        Some(Self { settings, now, list: cases })
    }

    /// Plays every case against a plan.
    pub fn play(&self, plan: &Arc<Plan>) -> Vec<Outcome> {
        self.list.iter().map(|case| play::play(self, case, plan)).collect()
    }
}

/// What the exchanges of a file share.
struct Script<'a> {
    samples: &'a dyn Shelf,
    /// The call of an exchange that names none.
    call: Option<String>,
}

fn object(node: Option<&Node>) -> Map<String, Value> {
    match node.map(Node::value) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A value written as TOML, or as JSON in a text where TOML has no word.
fn json(node: &Node) -> Value {
    match node.text() {
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        None => node.value(),
    }
}

fn case(node: &Node, script: &Script<'_>, faults: &mut Vec<Fault>) -> Option<Case> {
    let mut fields = Fields::open(node, "a case", faults)?;
    let text = |found: Option<(&str, Span)>| found.map(|(text, _)| text.to_owned());
    let name = text(fields.text("name", faults));
    let request = text(fields.text("request", faults));
    if name.is_none() || request.is_none() {
        let fault = Fault::new(fields.span(), "a case has a `name` and a `request`");
        faults.push(fault.hint("request = \"POST /Users\""));
    }
    let mut exchanges = Vec::new();
    for node in fields.many("exchange") {
        exchanges.extend(exchange(node, script, faults));
    }
    let case = Case {
        span: node.span.clone(),
        name: name.unwrap_or_default(),
        settings: object(fields.take("settings")),
        request: request.unwrap_or_default(),
        body: fields.take("body").map(json),
        known: fields.take("known").map(json),
        exchanges,
        gives: fields.take("gives").map(json),
        ids: fields.take("ids").map(json),
        fails: fields.take("fails").map(json),
        session: fields.take("session").map(json),
        notes: fields.take("notes").map(json),
        incomplete: fields.flag("incomplete", faults),
        remembered: fields.flag("remembered", faults),
    };
    fields.close("a case", faults);
    Some(case)
}

fn exchange(node: &Node, script: &Script<'_>, faults: &mut Vec<Fault>) -> Option<Exchange> {
    let mut fields = Fields::open(node, "an exchange", faults)?;
    let call = fields.text("call", faults).map(|(text, _)| text.to_owned());
    let call = call.or_else(|| script.call.clone());
    if call.is_none() {
        let fault = Fault::new(fields.span(), "an exchange begins with the call that is made");
        faults.push(fault.hint("call = \"GET /users/12\""));
    }
    let mut exchange = Exchange {
        span: node.span.clone(),
        call: call.unwrap_or_default(),
        sends: fields.take("sends").map(json),
        headers: fields.take("headers").map(json),
        backend: fields.text("backend", faults).map(|(text, _)| text.to_owned()),
        status: fields
            .number("status", faults)
            .and_then(|status| status.try_into().ok())
            .unwrap_or(200),
        reply_headers: object(fields.take("reply_headers")),
        reply: fields.take("reply").map(bytes).unwrap_or_default(),
        lost: fields.flag("lost", faults),
    };
    if let Some((name, span)) = fields.text("sample", faults) {
        sample(name, &span, script.samples, &mut exchange, faults);
    }
    fields.close("an exchange", faults);
    Some(exchange)
}

/// What a reply is made of: a text as it is, anything else as JSON.
fn bytes(node: &Node) -> Vec<u8> {
    node.text().map_or_else(|| node.value().to_string(), str::to_owned).into_bytes()
}

/// A recorded reply: `{"response": {"status", "headers", "body"}}`.
fn sample(
    name: &str,
    span: &Span,
    samples: &dyn Shelf,
    exchange: &mut Exchange,
    faults: &mut Vec<Fault>,
) {
    let recorded = samples.text(name).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let Some(response) = recorded.as_ref().and_then(|sample| sample.get("response")) else {
        let mut fault = Fault::new(span, format!("there is no sample `{name}`"));
        let names = samples.names();
        fault.hint = super::fault::did_you_mean(name, names.iter().map(String::as_str))
            .filter(|hint| hint.len() < 200);
        faults.push(fault);
        return;
    };
    let status = response.get("status").and_then(Value::as_u64).unwrap_or(200);
    exchange.status = status.try_into().unwrap_or(200);
    if let Some(Value::Object(headers)) = response.get("headers") {
        exchange.reply_headers.clone_from(headers);
    }
    let raw = response.get("body_raw").and_then(Value::as_str);
    exchange.reply = match (raw, response.get("body")) {
        (Some(raw), _) => raw.to_owned().into_bytes(),
        (None, Some(body)) => body.to_string().into_bytes(),
        (None, None) => Vec::new(),
    };
}
