//! A plan in words: what an admin has to set, what goes where, what is asked of
//! the LMS.

use std::fmt::{self, Write};

use super::field::Field;
use super::plan::{Act, Attribute, CallPlan, KindPlan, Plan, Row, Setting, Steps};
use super::template::{Part, Text, Tree};
use crate::scim::Mutability;

impl Plan {
    /// The plan in words.
    pub fn show(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{}\n\nSettings", self.title)?;
        for setting in &self.settings {
            writeln!(out, "  {:<20} {}", setting.name, says(setting))?;
        }
        for kind in &self.kinds {
            writeln!(out, "\n{} as SCIM {}", kind.name, kind.kind.as_str())?;
            self.kind(kind, out)?;
        }
        Ok(())
    }

    fn kind(&self, kind: &KindPlan, out: &mut String) -> fmt::Result {
        writeln!(out, "  Attributes")?;
        for attribute in &kind.attributes {
            writeln!(out, "    {}", attribute.name)?;
            writeln!(out, "      {}", directions(attribute))?;
        }
        writeln!(out, "  Filters")?;
        for row in &kind.rows {
            writeln!(out, "    {:<40} {}", row.question, self.row(row))?;
        }
        writeln!(out, "  Operations")?;
        let programs =
            [("create", &kind.create), ("update", &kind.update), ("delete", &kind.delete)];
        for (name, steps) in programs {
            self.program(name, steps.as_ref(), kind, out)?;
        }
        let Some(members) = &kind.members else { return Ok(()) };
        let programs = [
            ("members: read", &members.read),
            ("members: add", &members.add),
            ("members: remove", &members.remove),
            ("members: change", &members.change),
            ("members: set", &members.set),
        ];
        for (name, steps) in programs.into_iter().filter(|(_, steps)| steps.is_some()) {
            self.program(name, steps.as_ref(), kind, out)?;
        }
        Ok(())
    }

    fn program(
        &self,
        name: &str,
        steps: Option<&Steps>,
        kind: &KindPlan,
        out: &mut String,
    ) -> fmt::Result {
        writeln!(out, "    {name}")?;
        if let Some((_, says)) = kind.refuse.iter().find(|(word, _)| word == name) {
            return writeln!(out, "      refused: {says}");
        }
        let Some(steps) = steps else { return Ok(()) };
        self.steps(steps, 6, out)
    }

    fn steps(&self, steps: &Steps, indent: usize, out: &mut String) -> fmt::Result {
        for step in steps.iter() {
            let mut notes = Vec::new();
            notes.extend(step.when.is_some().then_some("on a condition"));
            notes.extend(step.each.is_some().then_some(if step.chunk.is_some() {
                "for each batch"
            } else {
                "for each"
            }));
            let notes =
                if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            match &step.act {
                Act::Call(call) => writeln!(out, "{:indent$}{}{notes}", "", self.call(call))?,
                Act::Find(question, _) => writeln!(out, "{:indent$}find {question}{notes}", "")?,
                Act::Load => writeln!(out, "{:indent$}load{notes}", "")?,
                Act::Fail(kind, _) => writeln!(out, "{:indent$}fail as {kind}{notes}", "")?,
                Act::Keep => {}
                Act::Do(inner) => {
                    writeln!(out, "{:indent$}do{notes}", "")?;
                    self.steps(inner, indent + 2, out)?;
                }
            }
        }
        Ok(())
    }

    fn row(&self, row: &Row) -> String {
        let calls: Vec<String> = row.calls.iter().map(|call| self.call(call)).collect();
        let mut text = calls.join(" and ");
        if !row.exact {
            text.push_str(", checked again");
        }
        if row.paging.is_some() {
            text.push_str(", page by page");
        }
        text
    }

    fn call(&self, call: &CallPlan) -> String {
        let backend = self.backends.get(call.backend);
        let path = match backend {
            Some(backend) if call.path.is_empty() => written(&backend.path),
            _ => written(&call.path),
        };
        // Where every call has one address, the body says which function it is.
        let function = call.body.iter().find_map(first_word).unwrap_or_default();
        let place = if function.is_empty() { path } else { function };
        let name = backend.map_or("", |backend| &backend.name);
        let prefix = if call.backend == 0 { String::new() } else { format!("[{name}] ") };
        format!("{prefix}{} {place}", call.method.as_str())
    }
}

fn first_word(tree: &Tree) -> Option<String> {
    let Tree::Table(fields) = tree else { return None };
    let named = |key: &str| key.ends_with("function") || key == "action";
    fields.iter().find_map(|(key, tree)| match tree {
        Tree::Plain(value) if named(key) => value.as_str().map(str::to_owned),
        _ => None,
    })
}

fn written(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Written(text) => text.as_str(),
            Part::Hole(_) => "{…}",
        })
        .collect()
}

fn says(setting: &Setting) -> String {
    let mut text = setting.about.clone();
    if setting.required {
        text.push_str(" (required)");
    }
    if setting.secret {
        text.push_str(" (secret)");
    }
    if let Some(default) = &setting.default {
        let _ = write!(text, " (default {default})");
    }
    text
}

fn directions(attribute: &Attribute) -> String {
    let name = |field: &Option<Field>| field.as_ref().map(|field| field.written.clone());
    let read =
        name(&attribute.read).or_else(|| attribute.from_lms.as_ref().map(|_| "computed".into()));
    let mut parts = Vec::new();
    parts.extend(read.map(|read| format!("reads {read}")));
    let (create, update) = (name(&attribute.create), name(&attribute.update));
    if create == update {
        parts.extend(create.map(|field| format!("writes {field}")));
    } else {
        parts.extend(create.map(|field| format!("creates {field}")));
        parts.extend(update.map(|field| format!("changes {field}")));
    }
    parts.extend(attribute.via.as_ref().map(|via| format!("goes into {via}")));
    parts.extend(attribute.required.then(|| "required".to_owned()));
    parts.extend(attribute.unique.then(|| "unique".to_owned()));
    parts.extend(attribute.lossy.then(|| "loses something".to_owned()));
    parts.extend(attribute.kept.then(|| "the client's own is kept".to_owned()));
    let word = match attribute.mutability {
        Mutability::ReadOnly => Some("read-only"),
        Mutability::WriteOnly => Some("write-only"),
        Mutability::Immutable => Some("cannot be changed later"),
        Mutability::ReadWrite => None,
    };
    parts.extend(word.map(str::to_owned));
    parts.join(", ")
}

/// A text as the file has it, for messages.
impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&written(&self.parts))
    }
}
