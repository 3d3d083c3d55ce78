//! Members of a group: read, added, removed, replaced.

use super::Compiler;
use super::step::Purpose;
use crate::call::Safety;
use crate::mapping::expr::Names;
use crate::mapping::fault::Fault;
use crate::mapping::plan::{IdType, Members, Steps};
use crate::mapping::source::{Fields, Node};

impl Compiler {
    pub(super) fn members(
        &mut self,
        node: &Node,
        names: &Names,
        purpose: &Purpose,
    ) -> Option<Members> {
        let mut fields = Fields::open(node, "`members`", &mut self.faults)?;
        let reading = Purpose { safety: Safety::Read, ..purpose.clone() };
        let mut read_names = names.clone();
        let read = fields.take("read");
        let read = read.map(|node| self.steps(node, &mut read_names, &reading));
        if read.is_some() && !read_names.has("members") {
            let fault = Fault::new(fields.span(), "reading members keeps no `members`");
            self.faults.push(fault.hint("end with keep = { members = \"body | map(item.id)\" }"));
        }
        let truncated = fields.take("truncated");
        let truncated = truncated.and_then(|node| self.expr(node, &read_names));
        let writing = Purpose { safety: Safety::Repeatable, ..purpose.clone() };
        let mut part = |key: &'static str, more: &[&str]| {
            let node = fields.take(key)?;
            let mut names = names.and(more);
            Some(self.steps(node, &mut names, &writing))
        };
        let add: Option<Steps> = part("add", &["added"]);
        let remove = part("remove", &["removed"]);
        let change = part("change", &["added", "removed"]);
        let set = part("set", &["members"]);
        if (add.is_some() || remove.is_some() || change.is_some()) && read.is_none() {
            let fault = Fault::new(fields.span(), "members are changed and never read");
            let hint = "a PUT names all members; to find the difference they have to be read";
            self.faults.push(fault.hint(hint));
        }
        let members = Members {
            read,
            truncated,
            add,
            remove,
            change,
            set,
            id_type: self.id_type(fields.take("type")),
            prefix: fields.text("prefix", &mut self.faults).map_or("", |(text, _)| text).to_owned(),
        };
        fields.close("`members`", &mut self.faults);
        Some(members)
    }

    pub(super) fn id_type(&mut self, node: Option<&Node>) -> IdType {
        let known = [("number", IdType::Number), ("text", IdType::Text)];
        node.and_then(|node| self.one_of(node, &known)).unwrap_or(IdType::Text)
    }
}
