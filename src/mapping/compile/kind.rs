//! A kind of resource, put together from its parts.

use std::collections::BTreeMap;

use super::Compiler;
use super::attribute::Around;
use super::find::BY_ID;
use super::step::Purpose;
use crate::call::Safety;
use crate::mapping::expr::Names;
use crate::mapping::fault::{Fault, Span};
use crate::mapping::plan::{
    Act, Attribute, Codec, Derived, IdType, Join, KindPlan, Look, Policy, Row, Step, Steps,
};
use crate::mapping::sheet::Sheet;
use crate::mapping::source::{Entry, Fields, Node, wrong};
use crate::scim::{Kind, Mutability, Offer, ResourceType, Schema, Uniqueness};

/// What a kind's table holds that the rest of it refers to.
struct Ground {
    resource_type: ResourceType,
    attributes: Vec<Attribute>,
    derived: Vec<Derived>,
    joins: Vec<Join>,
    rows: Vec<Row>,
}

impl Compiler {
    pub(super) fn kind(&mut self, name: &str, kind: Kind, node: &Node) -> Option<(KindPlan, Span)> {
        let what = format!("[{name}]");
        let mut fields = Fields::open(node, &what, &mut self.faults)?;
        let Ground { resource_type, attributes, derived, joins, rows } =
            self.ground(kind, &mut fields);
        let questions: Vec<String> = rows.iter().map(|row| row.question.clone()).collect();
        let purpose = Purpose { backend: 0, safety: Safety::Repeatable, questions, resource: true };
        let names = self.kind_names(&attributes, &derived);
        let id = self.codec(&mut fields, &names);
        let mut program = |compiler: &mut Self, key: &'static str, safety, more: &[&str]| {
            let node = fields.take(key)?;
            let mut names = names.and(more);
            Some(compiler.steps(node, &mut names, &Purpose { safety, ..purpose.clone() }))
        };
        let create = program(self, "create", Safety::Once, &[]);
        let update = program(self, "update", Safety::Repeatable, &["id", "whole", "merged"]);
        let delete = program(self, "delete", Safety::Repeatable, &["id"]);
        let members = fields.take("members");
        let member_names = names.and(&["id"]);
        let members = members.and_then(|node| self.members(node, &member_names, &purpose));
        let over = self.names().and(&["lms"]);
        let (gone, protected) = (fields.take("gone"), fields.take("protected"));
        let homes = homes(&attributes);
        let plan = KindPlan {
            name: name.to_owned(),
            kind,
            id,
            create,
            update,
            delete,
            members,
            rules: self.rules(fields.many("errors"), &names),
            gone: gone.and_then(|node| self.expr(node, &over)),
            protected: protected.and_then(|node| self.expr(node, &over)),
            look: self.look(fields.take("look")),
            refuse: self.refusals(&mut fields),
            remembered: fields.flag("remembered", &mut self.faults),
            scan: fields.flag("scan", &mut self.faults),
            resource_type: self.offered(resource_type, &attributes, &rows, node),
            sheet: Sheet::of(&attributes, &homes),
            homes,
            attributes,
            derived,
            joins,
            rows,
        };
        fields.close(&what, &mut self.faults);
        self.judge_kind(&plan, node);
        Some((plan, node.span.clone()))
    }

    fn ground(&mut self, kind: Kind, fields: &mut Fields<'_>) -> Ground {
        let bare = if kind == Kind::User { ResourceType::user() } else { ResourceType::group() };
        let resource_type = self.extended(bare, fields);
        let absent = self.policy(fields.take("absent"), &Policy::Omit);
        let cleared = self.policy(fields.take("cleared"), &Policy::Empty);
        let joins = fields.table("join", &mut self.faults);
        let joins: Vec<Join> = joins.iter().filter_map(|entry| self.join(entry)).collect();
        let join_names: Vec<String> = joins.iter().map(|join| join.name.clone()).collect();
        let around = Around { resource_type: &resource_type, joins: &join_names, absent, cleared };
        let table = fields.table("attributes", &mut self.faults);
        let attributes = self.attributes(table, &around);
        let table = fields.table("derived", &mut self.faults);
        let derived: Vec<_> =
            table.iter().filter_map(|entry| self.derived(entry, &attributes)).collect();
        let table = fields.table("find", &mut self.faults);
        let rows = self.rows(table, &resource_type);
        Ground { resource_type, attributes, derived, joins, rows }
    }

    /// Schemas of the author's own.
    fn extended(
        &mut self,
        mut resource_type: ResourceType,
        fields: &mut Fields<'_>,
    ) -> ResourceType {
        for node in fields.many("extension") {
            let schema = match serde_json::from_value::<Schema>(node.value()) {
                Ok(schema) => schema,
                Err(error) => {
                    let message = format!("this is no schema: {error}");
                    let hint = "a schema has id, name and attributes = [{ name = …, type = … }]";
                    self.faults.push(Fault::new(&node.span, message).hint(hint));
                    continue;
                }
            };
            match resource_type.clone().with_extension(schema, false) {
                Ok(extended) => resource_type = extended,
                Err(faults) => {
                    self.faults.extend(faults.into_iter().map(|text| Fault::new(&node.span, text)));
                }
            }
        }
        resource_type
    }

    fn kind_names(&self, attributes: &[Attribute], derived: &[Derived]) -> Names {
        let mut names = self.names().and(&["user", "changed"]);
        let fields = attributes.iter().flat_map(|attribute| [&attribute.create, &attribute.update]);
        let fields = fields.flatten().chain(derived.iter().map(|derived| &derived.field));
        let heads: Option<Vec<String>> =
            fields.map(|field| field.head().map(str::to_owned)).collect();
        match heads {
            Some(heads) => names.add_closed("record", heads),
            None => names.add("record"),
        }
        names
    }

    fn codec(&mut self, fields: &mut Fields<'_>, names: &Names) -> Codec {
        let mut codec = Codec {
            prefix: String::new(),
            parts: Vec::new(),
            separator: ":".to_owned(),
            id_type: IdType::Text,
        };
        let Some(node) = fields.take("id") else {
            let fault = Fault::new(fields.span(), "the kind does not say where its id is");
            self.faults.push(fault.hint("add id = \"lms.id\""));
            return codec;
        };
        let names = names.and(&["lms"]);
        if node.text().is_some() {
            codec.parts.extend(self.expr(node, &names).map(|expr| ("id".to_owned(), expr)));
            return codec;
        }
        let Some(mut fields) = Fields::open(node, "`id`", &mut self.faults) else { return codec };
        let text = |found: Option<(&str, Span)>| found.map(|(text, _)| text.to_owned());
        codec.prefix = text(fields.text("prefix", &mut self.faults)).unwrap_or_default();
        if let Some(separator) = text(fields.text("separator", &mut self.faults)) {
            codec.separator = separator;
        }
        codec.id_type = self.id_type(fields.take("type"));
        if let Some(node) = fields.take("read") {
            codec.parts.extend(self.expr(node, &names).map(|expr| ("id".to_owned(), expr)));
        }
        for entry in fields.table("parts", &mut self.faults) {
            let expr = self.expr(&entry.node, &names);
            codec.parts.extend(expr.map(|expr| (entry.key.clone(), expr)));
        }
        if codec.parts.is_empty() {
            let fault = Fault::new(fields.span(), "`id` does not say where it is");
            self.faults.push(fault.hint("add read = \"lms.id\", or parts = { … }"));
        }
        fields.close("`id`", &mut self.faults);
        codec
    }

    fn join(&mut self, entry: &Entry) -> Option<Join> {
        let what = format!("join `{}`", entry.key);
        let mut names = self.names().and(&["lms", "id"]);
        let purpose = Purpose { resource: true, ..Purpose::read(0) };
        let steps: Steps = self.steps(&entry.node, &mut names, &purpose);
        if !names.has("result") {
            let fault = Fault::new(&entry.span, format!("{what} keeps no `result`"));
            self.faults.push(fault.hint("add keep = { result = \"body\" }"));
            return None;
        }
        Some(Join { name: entry.key.clone(), steps })
    }

    fn look(&mut self, node: Option<&Node>) -> Look {
        let known = [("before", Look::Before), ("after", Look::After)];
        node.and_then(|node| self.one_of(node, &known)).unwrap_or(Look::After)
    }

    fn refusals(&mut self, fields: &mut Fields<'_>) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fields.table("refuse", &mut self.faults) {
            let known = [("create", ()), ("update", ()), ("delete", ()), ("read", ())];
            let name = Node {
                span: entry.span.clone(),
                kind: crate::mapping::source::Kind::Text(entry.key.clone()),
            };
            if entry.node.text().is_none() {
                self.faults.push(wrong(&entry.key, "a text", &entry.node));
            }
            if self.one_of(&name, &known).is_some() {
                found.push((entry.key.clone(), entry.node.text().unwrap_or_default().to_owned()));
            }
        }
        found
    }

    /// The resource type with exactly what this mapping can do.
    fn offered(
        &mut self,
        resource_type: ResourceType,
        attributes: &[Attribute],
        rows: &[Row],
        node: &Node,
    ) -> ResourceType {
        // Where everything can be read, or is remembered, anything can be asked.
        let remembered = node.get("remembered").and_then(Node::truth) == Some(true);
        let scan = node.get("scan").and_then(Node::truth) == Some(true);
        let everything =
            remembered || (scan && rows.iter().any(|row| row.question == super::find::ALL));
        let asked = |name: &str| {
            let question =
                |row: &Row| row.question.rsplit_once(' ').map(|(path, _)| path.to_owned());
            rows.iter().filter_map(question).any(|path| path.eq_ignore_ascii_case(name))
        };
        let mut offers: Vec<Offer> = attributes
            .iter()
            .map(|attribute| Offer {
                required: attribute.required,
                elsewhere: attribute.may_come_otherwise(),
                // To search by a secret would be to guess at it.
                filterable: !attribute.secret && (everything || asked(&attribute.name)),
                mutability: Some(attribute.mutability)
                    .filter(|word| *word != Mutability::ReadWrite),
                uniqueness: attribute.unique.then_some(Uniqueness::Server),
                case_exact: attribute.exact,
                ..Offer::plain(attribute.slot.place.to_path())
            })
            .collect();
        let members = node.get("members").is_some();
        let slot = members.then(|| self.slot("members.value", &node.span, &resource_type));
        if let Some(slot) = slot.flatten() {
            offers.push(Offer {
                // Beside an id, which is how clients ask, it costs one call more.
                filterable: everything || asked("members") || asked("members.value"),
                ..Offer::plain(slot.place.to_path())
            });
        }
        match resource_type.clone().offering(&offers) {
            Ok(offered) => offered,
            Err(errors) => {
                let faults = errors.iter().map(|error| Fault::new(&node.span, error.detail()));
                self.faults.extend(faults);
                resource_type
            }
        }
    }

    fn judge_kind(&mut self, plan: &KindPlan, node: &Node) {
        let refused = |word: &str| plan.refuse.iter().any(|(known, _)| known == word);
        let readable = plan.row(BY_ID).is_some() || plan.remembered || refused("read");
        if !readable {
            let message = format!("[{}] cannot be read: `find` has no row \"id eq\"", plan.name);
            let hint = "add \"id eq\" = { get = \"/users/{value}\", objects = \"body\" }";
            self.faults.push(Fault::new(&node.span, message).hint(hint));
        }
        let programs =
            [("create", &plan.create), ("update", &plan.update), ("delete", &plan.delete)];
        for (word, program) in programs {
            // A change may be one of members alone.
            let idle = program.as_ref().is_none_or(|it| word != "update" && it.is_empty());
            if idle && !refused(word) {
                let message = format!("[{}] says nothing about `{word}`", plan.name);
                let hint = format!("add [[{}.{word}]], or refuse.{word} = \"why\"", plan.name);
                self.faults.push(Fault::new(&node.span, message).hint(hint));
            }
        }
        if plan.create.as_ref().is_some_and(|steps| !steps.is_empty() && !names_it(steps)) {
            let message = format!("[{}] creates and does not keep the `id` of it", plan.name);
            let hint = "add keep = { id = \"body.id\" }, or a `find` step that keeps it";
            self.faults.push(Fault::new(&node.span, message).hint(hint));
        }
        for attribute in &plan.attributes {
            let known = |name: &String| plan.derived.iter().any(|derived| derived.name == *name);
            if let Some(name) = attribute.via.as_ref().filter(|name| !known(name)) {
                let message =
                    format!("`{}` goes via `{name}`, which is not derived", attribute.name);
                let hint = format!("add [{}.derived.{name}]", plan.name);
                self.faults.push(Fault::new(&node.span, message).hint(hint));
            }
        }
        if plan.look == Look::Before && !plan.attributes.iter().any(|attribute| attribute.unique) {
            let message = format!("[{}] looks before it creates, and nothing is unique", plan.name);
            let fault = Fault::new(&node.span, message);
            self.faults.push(fault.hint("mark the attributes that must be unique: unique = true"));
        }
    }
}

/// Whether some step keeps what tells who was created.
fn names_it(steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let inner = match &step.act {
            Act::Do(inner) => names_it(inner),
            Act::Call(_) | Act::Find(..) | Act::Load | Act::Fail(..) | Act::Keep => false,
        };
        inner || step.keep.iter().any(|(name, _)| name == "id" || name == "object")
    })
}

/// The keys of a resource that attributes stand under, in order.
fn homes(attributes: &[Attribute]) -> Vec<(String, Vec<usize>)> {
    let mut homes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, attribute) in attributes.iter().enumerate() {
        homes.entry(attribute.slot.home().to_owned()).or_default().push(index);
    }
    homes.into_iter().collect()
}
