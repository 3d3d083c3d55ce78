//! Attributes: both directions, policies, value tables, checks.

use serde_json::Value;

use super::Compiler;
use crate::mapping::expr::{Names, Pattern};
use crate::mapping::fault::{Fault, Span, did_you_mean};
use crate::mapping::field::Field;
use crate::mapping::plan::{Attribute, Check, Derived, Policy, Slot, Values};
use crate::mapping::source::{Entry, Fields, Kind, Node};
use crate::scim::{self, Mutability, Path, ResourceType, Type};

/// What attributes of one kind share.
pub(super) struct Around<'a> {
    pub(super) resource_type: &'a ResourceType,
    pub(super) joins: &'a [String],
    pub(super) absent: Policy,
    pub(super) cleared: Policy,
}

/// What every resource shows and no mapping says.
const OURS: [&str; 4] = ["groups", "id", "meta", "schemas"];

impl Compiler {
    /// A SCIM path held against the schemas.
    pub(super) fn slot(&mut self, text: &str, span: &Span, around: &ResourceType) -> Option<Slot> {
        let path = match Path::parse(text, around.urns()) {
            Ok(path) => path,
            Err(error) => {
                let span = span.within(error.at, 1);
                let fault = Fault::new(&span, format!("this is no SCIM path: {}", error.problem));
                self.faults.push(fault);
                return None;
            }
        };
        let place = match around.place(&path) {
            Ok(place) => place,
            Err(error) => {
                let mut fault = Fault::new(span, error.detail()).label("no such attribute");
                fault.hint = did_you_mean(text, attribute_names(around).iter().map(String::as_str));
                self.faults.push(fault);
                return None;
            }
        };
        let label = place.slot();
        if place.element.is_some() && label.is_none() {
            let fault = Fault::new(span, "only an equality can tell an element here");
            self.faults.push(fault.hint("write emails[type eq \"work\"].value"));
            return None;
        }
        let label = label.unwrap_or_default();
        let label = label.into_iter().map(|(name, value)| (name.as_str().to_owned(), value));
        Some(Slot { place, label: label.collect() })
    }

    /// A table of attributes: each of them once, and none that says what the gateway
    /// says itself.
    pub(super) fn attributes(&mut self, table: &[Entry], around: &Around<'_>) -> Vec<Attribute> {
        let mut known: Vec<Attribute> = Vec::with_capacity(table.len());
        for entry in table {
            let Some(attribute) = self.attribute(entry, around) else { continue };
            let same = |other: &&Attribute| other.name.eq_ignore_ascii_case(&attribute.name);
            if let Some(other) = known.iter().find(same) {
                let message = format!("`{}` and another key are both `{}`", entry.key, other.name);
                let fault = Fault::new(&entry.span, message).label("mapped twice");
                self.faults.push(fault.hint("leave one of them; case does not tell them apart"));
            } else if OURS.contains(&attribute.slot.home()) {
                let message = format!("`{}` is not the mapping's to say", entry.key);
                let fault = Fault::new(&entry.span, message);
                self.faults.push(fault.hint("take it out: the gateway makes it of what it knows"));
            }
            known.push(attribute);
        }
        known
    }

    fn attribute(&mut self, entry: &Entry, around: &Around<'_>) -> Option<Attribute> {
        let slot = self.slot(&entry.key, &entry.span, around.resource_type);
        let what = format!("attribute `{}`", entry.key);
        let Some(slot) = slot else {
            // What else is wrong with it is told in the same breath.
            let stand_in = self.slot("id", &entry.span, around.resource_type)?;
            let mut fields = Fields::open(&entry.node, &what, &mut Vec::new())?;
            self.attribute_of(&mut fields, stand_in, around);
            fields.close(&what, &mut self.faults);
            return None;
        };
        if let Kind::Text(_) = &entry.node.kind {
            let names = self.names();
            let field = self.field(&entry.node, &names)?;
            return Some(plain(slot, field, around));
        }
        let mut fields = Fields::open(&entry.node, &what, &mut self.faults)?;
        let attribute = self.attribute_of(&mut fields, slot, around);
        fields.close(&what, &mut self.faults);
        self.judge_attribute(&attribute, entry);
        Some(attribute)
    }

    fn attribute_of(
        &mut self,
        fields: &mut Fields<'_>,
        slot: Slot,
        around: &Around<'_>,
    ) -> Attribute {
        let names = self.names();
        let both = self.direction(fields.take("lms"), &names);
        let write = self.direction(fields.take("write"), &names).or(both.clone());
        let read = self.direction(fields.take("read"), &names).or(both).flatten();
        let create = self.direction(fields.take("create"), &names).or(write.clone()).flatten();
        let update = self.direction(fields.take("update"), &names).or(write).flatten();
        let inward = names.and(&["value", "lms", "joins"]);
        let outward = names.and(&["value", "user"]);
        let from_lms = fields.take("from_lms").and_then(|node| self.expr(node, &inward));
        let to_lms = fields.take("to_lms").and_then(|node| self.expr(node, &outward));
        let mut joins = Vec::new();
        if let Some(expr) = &from_lms {
            expr.paths(&mut |path| {
                if let ("joins", Some(crate::mapping::expr::Pick::Key(key))) =
                    (path.root.as_str(), path.picks.first())
                {
                    joins.extend(around.joins.iter().position(|known| known == key));
                }
            });
        }
        let boolean = slot.place.leaf().kind == Type::Boolean;
        let or = fields.many("or").iter();
        let or: Vec<_> = or
            .filter_map(|node| {
                self.slot(node.text().unwrap_or_default(), &node.span, around.resource_type)
            })
            .collect();
        let kept = fields.flag("kept", &mut self.faults);
        let via = fields.text("via", &mut self.faults).map(|(text, _)| text.to_owned());
        Attribute {
            name: slot.place.to_string(),
            or,
            values: fields.take("values").and_then(|node| self.values(node, boolean)),
            check: fields.take("check").and_then(|node| self.check(node)),
            when: fields.take("when").and_then(|node| self.expr(node, &names.and(&["user"]))),
            absent: self.policy(fields.take("absent"), &around.absent),
            cleared: self.policy(fields.take("cleared"), &around.cleared),
            missing: fields.take("missing").map(Node::value),
            required: fields.flag("required", &mut self.faults),
            unique: fields.flag("unique", &mut self.faults),
            secret: fields.flag("secret", &mut self.faults),
            lossy: fields.flag("lossy", &mut self.faults),
            kept,
            exact: fields.take("exact").and_then(Node::truth),
            mutability: mutability(
                read.is_some() || from_lms.is_some(),
                create.is_some() || via.is_some() || kept,
                update.is_some() || via.is_some() || kept,
            ),
            slot,
            read,
            create,
            update,
            to_lms,
            from_lms,
            via,
            joins,
        }
    }

    /// A field, or `false` for "not in this direction".
    #[expect(clippy::option_option, reason = "not said, said to be nowhere, said where")]
    fn direction(&mut self, node: Option<&Node>, names: &Names) -> Option<Option<Field>> {
        let node = node?;
        if node.truth() == Some(false) {
            return Some(None);
        }
        self.field(node, names).map(Some)
    }

    pub(super) fn policy(&mut self, node: Option<&Node>, default: &Policy) -> Policy {
        let Some(node) = node else { return default.clone() };
        if let Some(value) = node.get("send") {
            return Policy::Send(value.value());
        }
        let known = [("omit", 0_u8), ("null", 1), ("empty", 2), ("refuse", 3), ("invent", 4)];
        match self.one_of(node, &known) {
            Some(1) => Policy::Null,
            Some(2) => Policy::Empty,
            Some(3) => Policy::Refuse,
            Some(4) => Policy::Invent,
            Some(_) | None => Policy::Omit,
        }
    }

    fn values(&mut self, node: &Node, boolean: bool) -> Option<Values> {
        let mut fields = Fields::open(node, "`values`", &mut self.faults)?;
        let otherwise = fields.take("otherwise").map(Node::value);
        let drop = fields.take("unknown").is_some_and(|node| {
            let known = [("drop", true), ("refuse", false)];
            self.one_of(node, &known).unwrap_or(false)
        });
        let mut pairs: Vec<(Value, Vec<Value>)> = Vec::new();
        for entry in fields.rest() {
            let scim = match (boolean, entry.key.as_str()) {
                (true, "true") => Value::Bool(true),
                (true, "false") => Value::Bool(false),
                (_, key) => Value::String(key.to_owned()),
            };
            let value = entry.node.value();
            let many = value.as_array().cloned().unwrap_or_else(|| vec![value]);
            for value in &many {
                if pairs.iter().any(|(_, known)| known.contains(value)) {
                    let message = format!("the LMS value {value} stands for two SCIM values");
                    self.faults.push(Fault::new(&entry.node.span, message));
                }
            }
            pairs.push((scim, many));
        }
        Some(Values { pairs, otherwise, drop })
    }

    fn check(&mut self, node: &Node) -> Option<Check> {
        let mut fields = Fields::open(node, "`check`", &mut self.faults)?;
        let pattern = fields.text("pattern", &mut self.faults);
        let pattern = pattern.and_then(|(text, span)| match Pattern::new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.faults.push(Fault::new(&span, format!("this is no pattern: {error}")));
                None
            }
        });
        let check = Check {
            pattern,
            most: fields.number("most", &mut self.faults),
            least: fields.number("least", &mut self.faults),
            says: fields.text("says", &mut self.faults).map(|(text, _)| text.to_owned()),
            drop: fields.flag("drop", &mut self.faults),
        };
        fields.close("`check`", &mut self.faults);
        Some(check)
    }

    fn judge_attribute(&mut self, attribute: &Attribute, entry: &Entry) {
        let read = attribute.read.is_some() || attribute.from_lms.is_some();
        let written =
            attribute.create.is_some() || attribute.update.is_some() || attribute.via.is_some();
        if !read && !written {
            let message = format!("attribute `{}` is neither read nor written", entry.key);
            let fault = Fault::new(&entry.span, message);
            self.faults.push(fault.hint("say where the LMS keeps it: lms = \"field\""));
        }
        if attribute.kept && written {
            let message = format!("`{}` is written to the LMS and kept beside it", entry.key);
            let fault = Fault::new(&entry.span, message);
            self.faults.push(fault.hint("leave `kept` to attributes that are only read"));
        }
        let invented = attribute.absent == Policy::Invent;
        if invented && !(attribute.secret && attribute.name == "password") {
            let message = format!("a value for `{}` cannot be invented", entry.key);
            let fault = Fault::new(&entry.span, message);
            self.faults
                .push(fault.hint("`absent = \"invent\"` is for `password`, with secret = true"));
        }
        if attribute.cleared == Policy::Invent {
            let message = format!("`{}` cannot be cleared by a new password", entry.key);
            self.faults.push(Fault::new(&entry.span, message));
        }
        if attribute.required && attribute.absent == Policy::Omit && !written {
            let message = format!("`{}` is required and never written", entry.key);
            self.faults.push(Fault::new(&entry.span, message));
        }
    }

    pub(super) fn derived(&mut self, entry: &Entry, attributes: &[Attribute]) -> Option<Derived> {
        let what = format!("derived field `{}`", entry.key);
        let mut fields = Fields::open(&entry.node, &what, &mut self.faults)?;
        let names = self.names();
        let field = fields.take("lms").and_then(|node| self.field(node, &names));
        let mut from = Vec::new();
        for node in fields.many("from") {
            let text = node.text().unwrap_or_default();
            let known = attributes.iter().find(|known| known.name.eq_ignore_ascii_case(text));
            if let Some(known) = known {
                from.push(known.name.clone());
            } else {
                let mut fault = Fault::new(&node.span, format!("`{text}` is not mapped"));
                fault.hint = did_you_mean(text, attributes.iter().map(|known| known.name.as_str()));
                self.faults.push(fault);
            }
        }
        let value = fields.take("value").and_then(|node| self.expr(node, &names.and(&["user"])));
        if field.is_none() || value.is_none() || from.is_empty() {
            let fault = Fault::new(fields.span(), format!("{what} says `lms`, `from` and `value`"));
            self.faults.push(fault);
        }
        fields.close(&what, &mut self.faults);
        Some(Derived { name: entry.key.clone(), field: field?, from, value: value? })
    }
}

fn plain(slot: Slot, field: Field, around: &Around<'_>) -> Attribute {
    Attribute {
        name: slot.place.to_string(),
        slot,
        or: Vec::new(),
        read: Some(field.clone()),
        create: Some(field.clone()),
        update: Some(field),
        to_lms: None,
        from_lms: None,
        values: None,
        check: None,
        when: None,
        absent: around.absent.clone(),
        cleared: around.cleared.clone(),
        missing: None,
        via: None,
        required: false,
        unique: false,
        secret: false,
        lossy: false,
        kept: false,
        exact: None,
        mutability: Mutability::ReadWrite,
        joins: Vec::new(),
    }
}

/// What a client may do follows from where the value goes.
fn mutability(read: bool, create: bool, update: bool) -> Mutability {
    match (read, create, update) {
        (_, false, false) => Mutability::ReadOnly,
        (false, ..) => Mutability::WriteOnly,
        (true, true, false) => Mutability::Immutable,
        (true, _, true) => Mutability::ReadWrite,
    }
}

fn attribute_names(resource_type: &ResourceType) -> Vec<String> {
    let mut names = vec!["externalId".to_owned()];
    for attribute in &resource_type.core().attributes {
        names.push(attribute.name.to_string());
        for sub in &attribute.sub_attributes {
            names.push(scim_name(attribute, sub));
        }
    }
    names
}

fn scim_name(attribute: &scim::Attribute, sub: &scim::Attribute) -> String {
    if attribute.multi_valued {
        format!("{}[type eq \"work\"].{}", attribute.name, sub.name)
    } else {
        format!("{}.{}", attribute.name, sub.name)
    }
}
