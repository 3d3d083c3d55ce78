//! Source to plan. Goes through the whole file whatever it meets, so that its
//! author hears of every fault at once.

mod attribute;
mod backend;
mod find;
mod kind;
mod member;
mod rule;
mod session;
mod setting;
mod step;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::expr::Names;
use super::fault::Fault;
use super::plan::{Backend, KindPlan, Plan, Setting};
use super::source::{Fields, Node, Source};
use crate::scim::{Kind, ResourceType};

/// The version of the language this gateway speaks.
const FORMAT: u64 = 1;

impl Source {
    /// Checks the whole mapping and compiles it, or says everything that is
    /// wrong with it.
    pub fn compile(&self) -> Result<Plan, Vec<Fault>> {
        let mut compiler = Compiler::default();
        let plan = compiler.plan(self.root());
        compiler.faults.sort_by_key(|fault| (fault.span.file.name.clone(), fault.span.start));
        compiler.faults.dedup();
        match plan {
            Some(plan) if compiler.faults.is_empty() => Ok(plan),
            _ => Err(compiler.faults),
        }
    }
}

/// What is known while a file is compiled.
#[derive(Default)]
struct Compiler {
    faults: Vec<Fault>,
    settings: Vec<Setting>,
    backends: Vec<Backend>,
    lookups: Vec<String>,
    /// Every attribute of SCIM, made when the first rule names one.
    standard: Option<[ResourceType; 2]>,
}

impl Compiler {
    fn plan(&mut self, root: &Node) -> Option<Plan> {
        let mut fields = Fields::open(root, "a mapping", &mut self.faults)?;
        self.format(&mut fields);
        let title = fields.text("title", &mut self.faults).map_or("", |(text, _)| text).to_owned();
        fields.take("about");
        if let Some(node) = fields.take("settings") {
            self.settings = self.setting_list(node);
        }
        let lookups = fields.take("lookup");
        self.lookups = names_of(lookups);
        let main = fields.take("backend");
        let others = fields.take("backends");
        self.name_backends(main, others, &fields);
        let lookups = lookups.map(|node| self.lookup_list(node)).unwrap_or_default();
        let kinds = self.kinds(&mut fields);
        fields.close("a mapping", &mut self.faults);
        let (settings, backends) =
            (std::mem::take(&mut self.settings), std::mem::take(&mut self.backends));
        Some(Plan { title, settings, backends, lookups, kinds })
    }

    fn format(&mut self, fields: &mut Fields<'_>) {
        let Some(node) = fields.take("format") else {
            let fault = Fault::new(fields.span(), "the mapping does not say its format");
            self.faults.push(fault.hint("write `format = 1` as the first line"));
            return;
        };
        if node.value().as_u64() != Some(FORMAT) {
            let fault = Fault::new(&node.span, "this gateway speaks format 1 of the language");
            self.faults.push(fault.hint("write `format = 1`"));
        }
    }

    fn kinds(&mut self, fields: &mut Fields<'_>) -> Vec<Arc<KindPlan>> {
        let mut kinds = Vec::new();
        if let Some(node) = fields.take("user") {
            kinds.extend(self.kind("user", Kind::User, node));
        }
        if let Some(node) = fields.take("group") {
            kinds.extend(self.kind("group", Kind::Group, node));
        }
        for entry in fields.table("groups", &mut self.faults) {
            kinds.extend(self.kind(&entry.key, Kind::Group, &entry.node));
        }
        if kinds.is_empty() && self.faults.is_empty() {
            let fault = Fault::new(fields.span(), "the mapping maps nothing");
            self.faults.push(fault.hint("add a table [user], and [group] where there are groups"));
        }
        self.distinct_ids(&kinds);
        kinds.into_iter().map(|(plan, _)| Arc::new(plan)).collect()
    }

    /// Several kinds of groups share one id space, so each needs its prefix.
    fn distinct_ids(&mut self, kinds: &[(KindPlan, super::fault::Span)]) {
        for (index, (plan, span)) in kinds.iter().enumerate() {
            let clash = kinds
                .iter()
                .take(index)
                .any(|(other, _)| other.kind == plan.kind && other.id.prefix == plan.id.prefix);
            if clash {
                let message = format!("ids of `{}` cannot be told from those above", plan.name);
                let hint = "give each kind of group a prefix: id = { read = …, prefix = \"c-\" }";
                self.faults.push(Fault::new(span, message).hint(hint));
            }
        }
    }

    /// The names every expression may use.
    fn names(&self) -> Names {
        let mut names = Names::of(&["now"]);
        names
            .add_closed("settings", self.settings.iter().map(|known| known.name.clone()).collect());
        names.add_closed("lookup", self.lookups.clone());
        names
    }
}

fn names_of(node: Option<&Node>) -> Vec<String> {
    let entries = node.and_then(Node::table).unwrap_or_default();
    entries.iter().map(|entry| entry.key.clone()).collect()
}
