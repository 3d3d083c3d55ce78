//! Members apart: those who can be told already, and those who have to wait.

use super::edit::{Act, Edit, Edits};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is known of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be told.
    There,
    /// It will be there.
    Waits,
    /// It will never be.
    Nobody,
}

impl Edits {
    /// The same edits for those who are there, and what is left to do for those who
    /// will be: to add them. Whoever is taken out again before has never been in.
    pub fn members_apart(&self, standing: impl Fn(&str) -> Standing) -> (Self, Self) {
        let of = |member: &Value| standing(named(member));
        let mut now = Self { list: Vec::new(), ..*self };
        let mut later = Self::default();
        for edit in &self.list {
            if !edit.place.attr.name.is("members") || edit.place.element.is_some() {
                now.list.push(edit.clone());
                continue;
            }
            let (act, waiting) = match &edit.act {
                Act::Add(members) => (Act::Add(those(members, of, Standing::There)), Some(members)),
                Act::Set(Value::Array(members)) => {
                    later.list.clear();
                    (Act::Set(those(members, of, Standing::There).into()), Some(members))
                }
                Act::Drop(members) => {
                    later.take_back(members);
                    (Act::Drop(those(members, of, Standing::There)), None)
                }
                Act::Set(_) | Act::Clear => {
                    later.list.clear();
                    (edit.act.clone(), None)
                }
                Act::Expect(_) => (edit.act.clone(), None),
            };
            let empty = matches!(&act, Act::Add(list) | Act::Drop(list) if list.is_empty());
            if !empty {
                now.list.push(Edit { place: edit.place.clone(), act });
            }
            let waiting = waiting.map(|members| those(members, of, Standing::Waits));
            if let Some(waiting) = waiting.filter(|waiting| !waiting.is_empty()) {
                later.push(Edit { place: edit.place.clone(), act: Act::Add(waiting) });
            }
        }
        (now, later)
    }

    /// Nobody of these is added.
    fn take_back(&mut self, members: &[Value]) {
        let dropped: BTreeSet<&str> = members.iter().map(named).collect();
        for edit in &mut self.list {
            if let Act::Add(added) = &mut edit.act {
                added.retain(|member| !dropped.contains(named(member)));
            }
        }
        self.list.retain(|edit| !matches!(&edit.act, Act::Add(added) if added.is_empty()));
    }

    /// How many elements are told.
    pub fn weight(&self) -> usize {
        let weight = |edit: &Edit| match &edit.act {
            Act::Add(elements) | Act::Drop(elements) | Act::Set(Value::Array(elements)) => {
                elements.len()
            }
            Act::Set(_) | Act::Clear | Act::Expect(_) => 1,
        };
        self.list.iter().map(weight).sum()
    }
}

fn named(member: &Value) -> &str {
    member.get("value").unwrap_or(member).as_str().unwrap_or_default()
}

fn those(members: &[Value], of: impl Fn(&Value) -> Standing, wanted: Standing) -> Vec<Value> {
    members.iter().filter(|member| of(member) == wanted).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{PATCH_OP, ResourceType, Rules};
    use serde_json::json;

    #[test]
    fn whoever_waits_is_added_later_and_nobody_never() {
        let group = ResourceType::group();
        let members = json!([{ "value": "1" }, { "value": "new-2" }, { "value": "lost" }]);
        let body = json!({ "schemas": [PATCH_OP], "Operations": [
            { "op": "replace", "path": "displayName", "value": "Math" },
            { "op": "add", "path": "members", "value": members },
            { "op": "remove", "path": "members", "value": [{ "value": "new-9" }] },
        ] });
        let edits = group.patch(body, None, Rules::default()).unwrap();
        let standing = |id: &str| match id {
            "lost" => Standing::Nobody,
            id if id.starts_with("new") => Standing::Waits,
            _ => Standing::There,
        };
        let (now, later) = edits.members_apart(standing);
        assert_eq!((now.iter().count(), now.weight()), (2, 2));
        let [only] = later.list.as_slice() else { panic!("{later:?}") };
        assert_eq!(only.act, Act::Add(vec![json!({ "value": "new-2" })]));
    }

    #[test]
    fn whoever_is_taken_out_before_is_not_added_later() {
        let group = ResourceType::group();
        let (eva, otto) = (json!([{ "value": "eva" }]), json!([{ "value": "otto" }]));
        let add = json!({ "op": "add", "path": "members", "value": eva });
        let left = |edits: Value| {
            let body = json!({ "schemas": [PATCH_OP], "Operations": [add, edits] });
            let edits = group.patch(body, None, Rules::default()).unwrap();
            edits.members_apart(|_| Standing::Waits).1
        };
        let drop = json!({ "op": "remove", "path": "members", "value": eva });
        assert!(left(drop).is_empty());
        assert!(left(json!({ "op": "remove", "path": "members" })).is_empty());
        let replaced = left(json!({ "op": "replace", "path": "members", "value": otto }));
        let [only] = replaced.list.as_slice() else { panic!("{replaced:?}") };
        assert_eq!(only.act, Act::Add(vec![json!({ "value": "otto" })]));
        let another = left(json!({ "op": "remove", "path": "members", "value": otto }));
        assert_eq!(another.list.len(), 1);
    }
}
