//! The rules of tenants: what each decides about what, and what no rule lets
//! through, whatever happens.

mod decisions;
mod properties;

use std::time::Duration;

use matricula::policy::{Facts, Guard, Mode, Protect, Rules};
use matricula::scim::{
    Edits, Filter, Kind, Matcher, Operation, PATCH_OP, Resource, ResourceId, ResourceType,
    Rules as Reading,
};
use serde_json::{Value, json};

pub(super) fn rules() -> Rules {
    Rules { mode: Mode::Sync, guard: None, ..Rules::default() }
}

pub(super) fn guard(removals: usize) -> Guard {
    Guard { removals, within: Duration::from_mins(40) }
}

pub(super) fn protect(filter: &str) -> Protect {
    let user = ResourceType::user();
    let filter = Filter::parse(filter, user.urns()).unwrap();
    Protect::new(vec![Matcher::bind(&filter, &user).unwrap()])
}

pub(super) fn account(attributes: Value) -> Resource {
    ResourceType::user().create(attributes, Reading::default()).unwrap()
}

pub(super) fn id() -> ResourceId {
    ResourceId::parse("7").unwrap()
}

pub(super) fn edits(operations: &Value) -> Edits {
    let body = json!({ "schemas": [PATCH_OP], "Operations": operations });
    ResourceType::user().patch(body, None, Reading::default()).unwrap()
}

pub(super) fn change(value: &Value) -> Operation {
    let edits = edits(&json!([{ "op": "replace", "value": value }]));
    Operation::Change { kind: Kind::User, id: id(), edits }
}

pub(super) fn delete(kind: Kind) -> Operation {
    Operation::Delete { kind, id: id() }
}

pub(super) fn facts(account: &ResourceType) -> Facts<'_> {
    Facts { account: Some(account), ..Facts::default() }
}

/// Every kind of write there is.
pub(super) fn operations() -> Vec<Operation> {
    let group = ResourceType::group();
    let group = group.create(json!({ "displayName": "Math 1A" }), Reading::default()).unwrap();
    vec![
        Operation::Create(account(json!({ "userName": "eva" }))),
        Operation::Create(account(json!({ "userName": "eva", "active": false }))),
        Operation::Create(group),
        change(&json!({ "title": "Dean" })),
        change(&json!({ "active": false })),
        change(&json!({ "active": true, "title": "Dean" })),
        delete(Kind::User),
        delete(Kind::Group),
    ]
}
