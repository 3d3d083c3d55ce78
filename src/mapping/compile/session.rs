//! Logins, and the lists that are fetched and kept.

use super::Compiler;
use super::step::Purpose;
use crate::mapping::fault::{Fault, did_you_mean};
use crate::mapping::plan::{Login, Lookup};
use crate::mapping::source::{Entry, Fields, Node, table_of};

impl Compiler {
    pub(super) fn login(&mut self, node: &Node, index: usize) -> Option<Login> {
        let mut fields = Fields::open(node, "`login`", &mut self.faults)?;
        let mut names = self.names().and(&["session"]);
        let steps = fields.take("steps");
        let steps = steps.map(|node| self.steps(node, &mut names, &Purpose::login(index)));
        if steps.is_none() {
            let fault = Fault::new(fields.span(), "`login` has no steps");
            self.faults.push(fault.hint("add [[backend.login.steps]] with `post` and `keep`"));
        }
        let steps = steps.unwrap_or_default();
        let keeps: Vec<String> =
            steps.iter().flat_map(|step| &step.keep).map(|(name, _)| name.clone()).collect();
        let mut shown = self.names();
        shown.add_closed("session", keeps.clone());
        let headers = fields.take("headers");
        let (query, body, life) = (fields.take("query"), fields.take("body"), fields.take("life"));
        let login = Login {
            headers: self.headers(headers, &shown),
            query: query.and_then(|node| self.pairs(node, &shown)),
            body: body.and_then(|node| self.tree(node, &shown)),
            life: life.and_then(|node| self.expr(node, &shown)),
            margin: fields.seconds("margin", &mut self.faults).unwrap_or(60),
            idle: fields.flag("idle", &mut self.faults),
            durable: self.durable(fields.many("durable"), &keeps),
            exclusive: fields.flag("exclusive", &mut self.faults),
            steps,
            keeps,
        };
        fields.close("`login`", &mut self.faults);
        Some(login)
    }

    fn durable(&mut self, nodes: &[Node], keeps: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        for node in nodes {
            let name = node.text().unwrap_or_default();
            if keeps.iter().any(|known| known == name) {
                found.push(name.to_owned());
            } else {
                let message = format!("the login keeps no `{name}`");
                let mut fault = Fault::new(&node.span, message);
                fault.hint = did_you_mean(name, keeps.iter().map(String::as_str));
                self.faults.push(fault);
            }
        }
        found
    }

    pub(super) fn lookup_list(&mut self, node: &Node) -> Vec<Lookup> {
        let entries = table_of("lookup", node, &mut self.faults);
        entries.iter().filter_map(|entry| self.lookup(entry)).collect()
    }

    fn lookup(&mut self, entry: &Entry) -> Option<Lookup> {
        let what = format!("lookup `{}`", entry.key);
        let mut fields = Fields::open(&entry.node, &what, &mut self.faults)?;
        let mut names = self.names();
        let steps = fields.take("steps");
        let steps = steps.map(|node| self.steps(node, &mut names, &Purpose::read(0)));
        if !names.has("entries") {
            let fault = Fault::new(fields.span(), format!("{what} keeps no `entries`"));
            self.faults.push(fault.hint("end with a step that has keep = { entries = \"body\" }"));
        }
        let names = self.names().and(&["item"]);
        let (key, value) = (fields.take("key"), fields.take("value"));
        let life = fields.seconds("life", &mut self.faults).unwrap_or(3600);
        if key.is_none() || value.is_none() {
            let fault = Fault::new(fields.span(), format!("{what} does not say what it maps"));
            self.faults.push(fault.hint("add key = \"item.name\" and value = \"item.id\""));
        }
        fields.close(&what, &mut self.faults);
        Some(Lookup {
            name: entry.key.clone(),
            steps: steps?,
            key: self.expr(key?, &names)?,
            value: self.expr(value?, &names)?,
            life,
        })
    }
}
