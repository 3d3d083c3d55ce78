//! The same change in everybody's own words: bodies of POST, PATCH and PUT.

use serde_json::{Map, Value, json};

use super::directory::{Person, Team};
use super::profile::{Active, LookUp, Manager, Profile, Roles, Update};
use super::target::{ENTERPRISE, MANAGER, Target};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// No server knows this one; Entra lists it all the same.
const AD_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// One attribute that is to become another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) value: Value,
    /// Whether there was nothing yet: `add` instead of `replace`.
    pub(crate) new: bool,
}

impl Change {
    /// A value in place of another.
    pub(crate) fn replace(path: &str, value: impl Into<Value>) -> Self {
        Self { path: path.to_owned(), value: value.into(), new: false }
    }

    /// A value where there was none.
    pub(crate) fn add(path: &str, value: impl Into<Value>) -> Self {
        Self { new: true, ..Self::replace(path, value) }
    }

    fn word(&self) -> &'static str {
        if self.new { "add" } else { "replace" }
    }
}

/// What a person lacks: mapped against returned, text to the byte. Empty
/// source values are not among the wanted.
pub(crate) fn difference(profile: &Profile, person: &Person, resource: &Value) -> Vec<Change> {
    let wanted = person.wanted(profile).into_iter();
    let changes = wanted.filter_map(|(path, value)| {
        let is = Target::parse(path).read(resource);
        let change = Change { path: path.to_owned(), new: is.is_none(), value };
        (is != Some(&change.value)).then_some(change)
    });
    changes.collect()
}

/// The body of a POST.
pub(crate) fn created(profile: &Profile, person: &Person) -> Value {
    let mut body = json!({ "schemas": [USER, ENTERPRISE], ENTERPRISE: {} });
    for (path, value) in person.wanted(profile) {
        Target::parse(path).write(&mut body, value);
    }
    for kind in ["emails", "addresses"] {
        if body[kind].is_array() {
            body[kind][0]["primary"] = json!(kind == "emails");
        }
    }
    if profile.created_with_text {
        body["active"] = json!(if person.is_active() { "True" } else { "False" });
    }
    match profile.look_up {
        LookUp::Before if profile.pages => {
            body["groups"] = json!([]);
            body["password"] = json!("Vorlesung-2026!x");
            body["locale"] = json!("de-CH");
        }
        // Nulls are absent, `meta` is not the client's to say.
        LookUp::Before => {
            body["meta"] = json!({ "resourceType": "User" });
            body["nickName"] = Value::Null;
            body["roles"] = created_roles(profile, person);
        }
        LookUp::AfterConflict | LookUp::Never => {}
    }
    body
}

fn created_roles(profile: &Profile, person: &Person) -> Value {
    let single = profile.roles == Some(Roles::Single);
    let mut roles = match profile.roles {
        Some(_) => person.roles.clone(),
        None => Vec::new(),
    };
    roles.truncate(if single { 1 } else { roles.len() });
    let primary = if profile.primary_as_text && single { json!("True") } else { json!(single) };
    let role = |(value, display): &(&str, &str)| {
        json!({ "primary": primary, "type": "WindowsAzureActiveDirectoryRole",
                "value": value, "display": display })
    };
    roles.iter().map(role).collect()
}

/// A PATCH with these operations.
pub(crate) fn patch(operations: &Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

/// A body as it is written, in the order of its members that this client has.
pub(crate) fn written(profile: &Profile, body: &Value) -> String {
    let Some(members) = body.as_object() else { return body.to_string() };
    let first = if profile.operations_first { "Operations" } else { "schemas" };
    let (ahead, behind): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| *name == first);
    let pair = |(name, value): (&String, &Value)| format!("{}:{value}", json!(name));
    let pairs: Vec<_> = ahead.into_iter().chain(behind).map(pair).collect();
    format!("{{{}}}", pairs.join(","))
}

/// One operation in the client's case.
pub(crate) fn operation(profile: &Profile, word: &'static str, path: &str, value: &Value) -> Value {
    json!({ "op": profile.word(word), "path": path, "value": value })
}

/// The operations of a PATCH that makes these changes.
pub(crate) fn operations(profile: &Profile, changes: &[Change]) -> Value {
    let each = |change: &Change| match (change.path.as_str(), &change.value) {
        ("active", Value::Bool(active)) => activation(profile, *active),
        _ => operation(profile, change.word(), &change.path, &change.value),
    };
    if profile.update != Update::Flat {
        return changes.iter().map(each).collect();
    }
    let (filtered, plain): (Vec<&Change>, Vec<_>) =
        changes.iter().partition(|change| Target::parse(&change.path).is_filtered());
    let flat: Map<_, _> = plain.iter().map(|it| (it.path.clone(), it.value.clone())).collect();
    let mut operations: Vec<Value> = filtered.into_iter().map(each).collect();
    if !flat.is_empty() {
        operations.push(json!({ "op": "replace", "value": flat }));
    }
    Value::Array(operations)
}

/// The operation that enables or disables.
pub(crate) fn activation(profile: &Profile, active: bool) -> Value {
    let op = profile.word("replace");
    match profile.active {
        Active::Text => {
            json!({ "op": op, "path": "active", "value": if active { "True" } else { "False" } })
        }
        Active::LowerText => json!({ "op": op, "path": "active", "value": active.to_string() }),
        Active::Bool => json!({ "op": op, "path": "active", "value": active }),
        Active::NoPath => json!({ "op": op, "value": { "active": active } }),
    }
}

/// The operation that names a manager, or ends having one.
pub(crate) fn managed(profile: &Profile, id: &str, new: bool) -> Value {
    let word = profile.word(if new { "add" } else { "replace" });
    match profile.manager {
        Manager::FlatKey => json!({ "op": "replace", "value": { MANAGER: id } }),
        Manager::Object => json!({ "op": word, "path": MANAGER, "value": { "value": id } }),
        Manager::List => json!({ "op": word, "path": "manager",
            "value": [{ "$ref": format!("../Users/{id}"), "value": id }] }),
        Manager::Text | Manager::Put | Manager::None => {
            json!({ "op": word, "path": MANAGER, "value": id })
        }
    }
}

/// The operation that brings somebody the roles that are missing.
pub(crate) fn roles(profile: &Profile, person: &Person, resource: &Value) -> Option<Value> {
    let has: Vec<_> = resource["roles"].as_array().into_iter().flatten().collect();
    let held = |value: &str| has.iter().any(|role| role["value"] == value);
    let lacks: Vec<_> = person.roles.iter().filter(|(value, _)| !held(value)).collect();
    let object = |(value, display): &(&str, &str)| json!({ "value": value, "display": display });
    match profile.roles? {
        // The mapping has a path of its own for it.
        Roles::Single => None,
        Roles::Complex if lacks.is_empty() => None,
        Roles::Complex => {
            let elements = lacks.into_iter().map(|role| {
                let text = json!({ "id": "0b6f8c6a", "value": role.0, "displayName": role.1 });
                // The old dialect writes JSON into a string.
                if profile.capital { json!({ "value": text.to_string() }) } else { object(role) }
            });
            Some(operation(profile, "add", "roles", &elements.collect()))
        }
        Roles::Assertive if lacks.is_empty() && has.len() == person.roles.len() => None,
        Roles::Assertive => {
            let all = person.roles.iter().map(object).collect();
            Some(operation(profile, "replace", "roles", &all))
        }
    }
}

/// The body of a POST of a group.
pub(crate) fn founded(profile: &Profile, team: &Team) -> Value {
    let mut body = json!({
        "schemas": [GROUP, AD_GROUP],
        "externalId": team.key,
        "displayName": team.name,
        "meta": { "resourceType": "Group" },
    });
    if profile.pages {
        body = json!({ "schemas": [GROUP], "displayName": team.name, "members": [] });
    } else if profile.look_up != LookUp::Before {
        body = json!({ "schemas": [GROUP], "externalId": team.key, "displayName": team.name });
    }
    body
}

/// The operation that gives a group its name.
pub(crate) fn renamed(profile: &Profile, id: &str, team: &Team) -> Value {
    let op = profile.word("replace");
    if profile.pages {
        // Read-only `id` within the value: equal, so no reason to refuse.
        return json!({ "op": op, "value": { "id": id, "displayName": team.name } });
    }
    match profile.update {
        Update::OneEach => json!({ "op": op, "path": "displayName", "value": team.name }),
        Update::Flat => json!({ "op": op, "value": { "displayName": team.name } }),
        // authentik sends the whole group.
        _ => json!({ "op": op, "value": {
            "schemas": [GROUP], "id": id, "externalId": team.key, "displayName": team.name } }),
    }
}
